/* What follows the products of a sweep, compiled once per instruction set; VL, KERNEL and GEMM are defined by the file that includes this one.
 * Sums in double have FD_PAIR_LANES lanes on every instruction set, so they agree between them and with kernels/math/pair.h. */
#include <immintrin.h>
#include <math.h>

#include "engine/cpu/simd.h"
#include "engine/cpu/sweep.h"
#include "engine/cpu/sweep_offer.h"
#include "kernels/math/pair.h"

/* --- the values of pairs ------------------------------------------------------------------------------------------------------------- */

enum { HALF = VL / 2, PARTS = FD_PAIR_LANES / HALF };
typedef float floats __attribute__((vector_size(HALF * sizeof(float))));
typedef double doubles __attribute__((vector_size(HALF * sizeof(double))));

/* By pointer: such vectors are passed differently between instruction sets. By intrinsics: compilers convert generic vectors in pieces. */
INLINE void widen(doubles *out, const floats *x)
{
#if VL == 16
    *out = (doubles)_mm512_cvtps_pd((__m256)*x);
#elif VL == 8
    *out = (doubles)_mm256_cvtps_pd((__m128)*x);
#else
    *out = __builtin_convertvector(*x, doubles);
#endif
}

INLINE void narrow(floats *out, const doubles *x)
{
#if VL == 16
    *out = (floats)_mm512_cvtpd_ps((__m512d)*x);
#elif VL == 8
    *out = (floats)_mm256_cvtpd_ps((__m256d)*x);
#else
    *out = __builtin_convertvector(*x, floats);
#endif
}

INLINE void load(doubles *out, const float *from)
{
    floats x;
    memcpy(&x, from, sizeof x);
    widen(out, &x);
}

#define UNROLL _Pragma("GCC unroll 8")

/* fd_pair_fold: whole vectors first. */
INLINE double fold(doubles sum[PARTS])
{
    double lane[HALF];
    UNROLL for (int half = PARTS / 2; half > 0; half /= 2)
        UNROLL for (int p = 0; p < half; p++)
            sum[p] += sum[p + half];
    memcpy(lane, &sum[0], sizeof lane);
    UNROLL for (int half = HALF / 2; half > 0; half /= 2)
        UNROLL for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

#define EACH_PART UNROLL for (int p = 0; p < PARTS; p++)

static double squares(const float *x, const float *y, int64_t pitch)
{
    doubles sum[PARTS] = {{0}}, a, b;
    for (int64_t k = 0; k < pitch; k += FD_PAIR_LANES)
        EACH_PART
        {
            load(&a, x + k + p * HALF);
            load(&b, y + k + p * HALF);
            a -= b;
            sum[p] += a * a;
        }
    return fold(sum);
}

static double turned(const float *x, double f, const float *y, double g, int64_t pitch)
{
    doubles sum[PARTS] = {{0}}, a, b;
    for (int64_t k = 0; k < pitch; k += FD_PAIR_LANES)
        EACH_PART
        {
            load(&a, x + k + p * HALF);
            load(&b, y + k + p * HALF);
            a = a * f - b * g;
            sum[p] += a * a;
        }
    return fold(sum);
}

static double product(const float *x, const float *y, int64_t pitch)
{
    doubles sum[PARTS] = {{0}}, a, b;
    for (int64_t k = 0; k < pitch; k += FD_PAIR_LANES)
        EACH_PART
        {
            load(&a, x + k + p * HALF);
            load(&b, y + k + p * HALF);
            sum[p] += a * b;
        }
    return fold(sum);
}

/* --- operands ------------------------------------------------------------------------------------------------------------------------ */

static float largest(const float *x, int64_t pitch)
{
    vec most = vec_set(0);
    float lane[VL], size = 0;
    for (int64_t k = 0; k < pitch; k += VL)
        most = vec_max(vec_max(vec_load(x + k), vec_set(0) - vec_load(x + k)), most);
    vec_store(lane, most);
    for (int l = 0; l < VL; l++)
        size = lane[l] > size ? lane[l] : size;
    return size;
}

typedef uint32_t words __attribute__((vector_size(HALF * sizeof(uint32_t))));

/* To the nearest bfloat16, ties to even; finite values below 2^9 in size. */
INLINE void round_half(floats *x)
{
    words w = (words)*x;
    w += 0x7fff + ((w >> 16) & 1);
    *x = (floats)(w & 0xffff0000u);
}

static void operand(const float *x, double f, bool half, int64_t pitch, float *u, double *square, double *error)
{
    doubles sum[PARTS] = {{0}}, off[PARTS] = {{0}}, a;
    for (int64_t k = 0; k < pitch; k += FD_PAIR_LANES)
        EACH_PART
        {
            load(&a, x + k + p * HALF);
            a *= f;
            floats r;
            narrow(&r, &a);
            if (half)
                round_half(&r);
            memcpy(u + k + p * HALF, &r, sizeof r);
            doubles d;
            widen(&d, &r);
            d = a - d;
            sum[p] += a * a;
            off[p] += d * d;
        }
    *square = fold(sum);
    *error = fold(off);
}

/* --- bins ---------------------------------------------------------------------------------------------------------------------------- */

/* The bin that a value belongs to, as a place in count[]; `sign` moves it down or up by what float32 may be off. (No floorf: it would keep
 * the compiler from making vectors of the loop.) */
INLINE int32_t place(const fd_sweep_bins *h, float value, float sign)
{
    float at = (value - h->low) * h->scale;
    at += sign * 0x1p-20f * ((fabsf(value) + fabsf(h->low)) * h->scale + 1);
    at = at < -1 ? -1 : at > h->bins ? h->bins : at;
    return (int32_t)(at + 1);
}

INLINE void bins_of(int root, int inner, const fd_sweep_bins *by, const float *dot, float square_a, const float *square_b, int64_t n,
                    int32_t *low, int32_t *high)
{
    const fd_sweep_bins h = *by;
    for (int64_t j = 0; j < n; j++) {
        float sum = square_a + square_b[j], error = h.kappa * sum, value = inner ? dot[j] : sum - 2 * dot[j];
        float below = (value - error) * h.unit, above = (value + error) * h.unit;
        if (root) {
            below = sqrtf(below > 0 ? below : 0);
            above = sqrtf(above > 0 ? above : 0);
        }
        int32_t to = place(&h, above, 1);
        low[j] = place(&h, below, -1);
        high[j] = square_b[j] < 0 ? -1 : to;
    }
}

static void places(const fd_sweep_bins *h, const float *dot, float square_a, const float *square_b, int64_t n, int32_t *low, int32_t *high)
{
    if (h->metric == FD_EUCLIDEAN)
        bins_of(1, 0, h, dot, square_a, square_b, n, low, high);
    else
        bins_of(0, h->metric == FD_INNER, h, dot, square_a, square_b, n, low, high);
}

const fd_sweep_kernel KERNEL = {&GEMM, collect, deal, wait, sift, best, seed, squares, turned, product, largest, operand, places};
