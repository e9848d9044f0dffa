/* What the tests of kernels share: device memory, a stream. The same tests run on a GPU and on the emulator (tests/emu). */
#ifndef TESTS_GPU_DEVICE_H
#define TESTS_GPU_DEVICE_H

#include <cuda_runtime_api.h>

#include "check.h"
#include "kernels/kernel.h"

#define assert_cuda(call)                                                                       \
    do {                                                                                        \
        const int check_cuda_ = (int)(call);                                                    \
        if (check_cuda_)                                                                        \
            fail_msg("%s: %s", #call, cudaGetErrorString((cudaError_t)check_cuda_));            \
    } while (0)

enum { MOST_ARRAYS = 64 };
static fd_stream stream;
static void *arrays[MOST_ARRAYS];
static int n_arrays;

/* Device memory until the test ends; a copy of `from`, or, where it is null, bytes of 0xff: NaN. */
static inline void *on_device(const void *from, size_t bytes)
{
    void *p;
    assert_true(n_arrays < MOST_ARRAYS);
    assert_cuda(cudaMalloc(&p, bytes ? bytes : 1));
    arrays[n_arrays++] = p;
    if (from)
        assert_cuda(cudaMemcpy(p, from, bytes, cudaMemcpyHostToDevice));
    else
        assert_cuda(cudaMemset(p, 0xff, bytes));
    return p;
}

/* Everything queued so far is done, then this is copied. */
static inline void from_device(void *to, const void *from, size_t bytes)
{
    assert_cuda(cudaStreamSynchronize(stream));
    assert_cuda(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost));
}

static inline int open_stream(void **state)
{
    (void)state;
    assert_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return 0;
}

static inline int close_stream(void **state)
{
    (void)state;
    assert_cuda(cudaStreamDestroy(stream));
    return 0;
}

static inline int free_arrays(void **state)
{
    (void)state;
    while (n_arrays > 0)
        cudaFree(arrays[--n_arrays]);
    return 0;
}

/* Pseudo-random numbers of a test: the same on every machine. */
static inline uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* -1 .. 1 */
static inline float draw_float(uint32_t *seed)
{
    return (float)draw(seed) / 8388608.0f - 1.0f;
}

static inline float *draw_floats(float *to, int64_t n, uint32_t *seed)
{
    for (int64_t k = 0; k < n; k++)
        to[k] = draw_float(seed);
    return to;
}

/* Exit code 77, a visible skip, where there is no device. */
static inline int run_on_device(int (*run)(void))
{
    int devices = 0;
    if (cudaGetDeviceCount(&devices) || devices == 0) {
        printf("SKIP: no CUDA device\n");
        return 77;
    }
    return run();
}

#define device_test(f) cmocka_unit_test_teardown(f, free_arrays)
#define DEVICE_TESTS(...)                                                      \
    static int run_all(void)                                                   \
    {                                                                          \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                       \
        return cmocka_run_group_tests(tests, open_stream, close_stream);       \
    }                                                                          \
    int main(void)                                                             \
    {                                                                          \
        return run_on_device(run_all);                                       \
    }

#endif
