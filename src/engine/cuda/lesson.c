/* What the benchmark measures of a GPU: the kernels that are there to learn from, and the library's products in double precision. */
#include "engine/cuda/wide.h"
#include "kernels/matmul.h"
#include "kernels/peak.h"

static fd_error *rung(fd_lane *base, int which, int64_t n, const float *a, const float *b, float *c)
{
    static int (*const rungs[FD_LESSON_RUNGS])(fd_matmul, fd_stream) = {fd_matmul_naive, fd_matmul_tiled, fd_matmul_vectorised,
                                                                        fd_matmul_tensor};
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    FD_CUDA(fd_cuda_of(lane), rungs[which]((fd_matmul){n, n, n, a, b, c}, fd_cuda_stream(lane)));
done:
    return err;
}

static fd_error *chains(fd_lane *base, int64_t rounds, double *operations)
{
    enum { BLOCKS = 8 }; /* of FD_PEAK_THREADS on a multiprocessor: as many threads as one holds */
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    int processors = 0;
    void *out = NULL;
    FD_CUDA(fd_cuda_of(lane), cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, fd_cuda_of(lane)->device));
    const uint32_t blocks = (uint32_t)processors * BLOCKS;
    FD_TRY(fd_cuda_lane_scratch(base, (size_t)blocks * FD_PEAK_THREADS * sizeof(float), &out));
    FD_CUDA(fd_cuda_of(lane), fd_peak(rounds, blocks, out, fd_cuda_stream(lane)));
    *operations = 2.0 * (double)rounds * FD_PEAK_CHAINS * FD_PEAK_THREADS * blocks;
done:
    return err;
}

const fd_lesson_table fd_cuda_lesson_table = {rung, fd_cuda_wide_open, fd_cuda_wide_run, fd_cuda_wide_close, chains};
