/* The ladder of matrix products against sums in double: whole numbers exactly, others within the bounds of their roundings; and the loop of
 * multiply-adds. */
#include "device.h"

#include <math.h>
#include <stdbool.h>

#include "kernels/math/half.h"
#include "kernels/matmul.h"
#include "kernels/peak.h"

typedef struct rung {
    int (*run)(fd_matmul m, fd_stream stream);
    bool half; /* its factors are rounded to 16 bits */
} rung;
static const rung rungs[] = {{fd_matmul_naive, false}, {fd_matmul_tiled, false}, {fd_matmul_vectorised, false}, {fd_matmul_tensor, true}};

enum { MOST = 300 * 300 };
static float a[MOST], b[MOST], c[MOST];

/* Shapes beside, below and above the tiles; of even and odd rows. `shift`: factors that begin so many floats behind an address of 16 bytes. */
static const struct {
    int64_t rows, depth, columns, shift;
} shapes[] = {{1, 1, 1, 0},      {3, 5, 7, 0},      {16, 8, 8, 0},   {17, 1, 33, 1},   {32, 16, 64, 0},
              {128, 20, 128, 0}, {129, 33, 131, 0}, {260, 36, 4, 2}, {5, 257, 130, 0}, {140, 40, 260, 0}};

static void multiply(const rung *r, int k)
{
    const int64_t na = shapes[k].rows * shapes[k].depth, nb = shapes[k].depth * shapes[k].columns, nc = shapes[k].rows * shapes[k].columns,
                  shift = shapes[k].shift;
    float *on_a = on_device(NULL, (size_t)(na + shift) * sizeof *a), *on_b = on_device(NULL, (size_t)(nb + shift) * sizeof *b),
          *on_c = on_device(NULL, (size_t)nc * sizeof *c);
    assert_cuda(cudaMemcpy(on_a + shift, a, (size_t)na * sizeof *a, cudaMemcpyHostToDevice));
    assert_cuda(cudaMemcpy(on_b + shift, b, (size_t)nb * sizeof *b, cudaMemcpyHostToDevice));
    assert_cuda(r->run((fd_matmul){shapes[k].rows, shapes[k].depth, shapes[k].columns, on_a + shift, on_b + shift, on_c}, stream));
    from_device(c, on_c, (size_t)nc * sizeof *c);
    (void)free_arrays(NULL);
}

/* Element (i, j): its sum in double, and that of the sizes of its terms. */
static double sum_of(int k, int64_t i, int64_t j, double *size)
{
    double sum = 0;
    *size = 0;
    for (int64_t d = 0; d < shapes[k].depth; d++) {
        const double term = (double)a[i * shapes[k].depth + d] * (double)b[d * shapes[k].columns + j];
        sum += term;
        *size += fabs(term);
    }
    return sum;
}

/* Whole numbers up to 8: exact in halves, and their sums in float32, in whatever order. */
static void test_whole_numbers(void **state)
{
    uint32_t seed = 1;
    (void)state;
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        for (size_t r = 0; r < sizeof rungs / sizeof *rungs; r++) {
            double size;
            for (int64_t i = 0; i < MOST; i++) {
                a[i] = (float)(draw(&seed) % 17) - 8;
                b[i] = (float)(draw(&seed) % 17) - 8;
            }
            multiply(&rungs[r], (int)k);
            for (int64_t i = 0; i < shapes[k].rows * shapes[k].columns; i++)
                if ((double)c[i] != sum_of((int)k, i / shapes[k].columns, i % shapes[k].columns, &size))
                    fail_msg("rung %zu, shape %zu: number %lld is wrong", r + 1, k, (long long)i);
        }
}

/* A sum of n terms, in any order, is off by at most n roundings of the sum of their sizes; a half is off by 2^-11, a product of two by twice
 * that and a bit. */
static void test_bounds(void **state)
{
    uint32_t seed = 2;
    (void)state;
    draw_floats(a, MOST, &seed);
    draw_floats(b, MOST, &seed);
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        for (size_t r = 0; r < sizeof rungs / sizeof *rungs; r++) {
            multiply(&rungs[r], (int)k);
            for (int64_t i = 0; i < shapes[k].rows * shapes[k].columns; i++) {
                double size;
                const double wanted = sum_of((int)k, i / shapes[k].columns, i % shapes[k].columns, &size);
                const double least =
                    rungs[r].half ? 0x1p-24 * (double)shapes[k].depth : 0; /* of factors below 2^-14, which a half holds to 2^-25 */
                const double bound = size * ((double)shapes[k].depth * 0x1p-23 + (rungs[r].half ? 0x1.01p-10 : 0)) + least;
                if (!(fabs((double)c[i] - wanted) <= bound))
                    fail_msg("rung %zu, shape %zu, number %lld: %g, not %g", r + 1, k, (long long)i, (double)c[i], wanted);
            }
        }
}

static void test_peak(void **state)
{
    enum { BLOCKS = 3, N = BLOCKS * FD_PEAK_THREADS };
    static float got[N];
    (void)state;
    for (int64_t rounds = 0; rounds <= 3; rounds++) {
        float wanted = 0, *out = on_device(NULL, sizeof got);
        for (int k = 0; k < FD_PEAK_CHAINS; k++)
            wanted += (float)(2 + ldexp(k - 2, (int)-rounds)); /* exact */
        assert_cuda(fd_peak(rounds, BLOCKS, out, stream));
        from_device(got, out, sizeof got);
        for (int i = 0; i < N; i++)
            assert_true(got[i] == wanted);
    }
}

DEVICE_TESTS(device_test(test_whole_numbers), device_test(test_bounds), device_test(test_peak))
