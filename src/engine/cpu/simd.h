/* One vector of VL floats, for bodies that are compiled once per instruction set: VL is 16 (AVX-512), 8 (AVX2 with FMA) or 4 (anything with
 * GCC's vector extension). Include it after defining VL.
 *
 * A fused multiply-add is always asked for by name, because the project is built without contraction: the same source gives the same
 * operations on every compiler. Broadcasts are intrinsics or literals: `(vec){0} + s` would stay a real addition (0 + -0 is not -0) and
 * cost a multiply-add port. The operators + - * / work on vectors as they are. Loads and stores take any address that is aligned to float. */
#ifndef FD_ENGINE_CPU_SIMD_H
#define FD_ENGINE_CPU_SIMD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

#if VL == 16
#include <immintrin.h>
typedef __m512 vec;
INLINE vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
INLINE void vec_store(float *p, vec x)
{
    _mm512_storeu_ps(p, x);
}
INLINE vec vec_set(float s)
{
    return _mm512_set1_ps(s);
}
INLINE vec vec_fma(vec a, vec b, vec c)   /* a * b + c, rounded once */
{
    return _mm512_fmadd_ps(a, b, c);
}
INLINE vec vec_max(vec a, vec b)   /* a > b ? a : b; b when either is NaN */
{
    return _mm512_max_ps(a, b);
}
INLINE vec vec_min(vec a, vec b)   /* a < b ? a : b; b when either is NaN */
{
    return _mm512_min_ps(a, b);
}
INLINE vec vec_prelu(vec x, vec slope)   /* x < 0 ? x * slope : x */
{
    return _mm512_mask_mul_ps(x, _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), x, slope);
}
/* 2 VL floats from p: the even ones and the odd ones. */
INLINE void vec_load_pairs(const float *p, vec *even, vec *odd)
{
    const __m512i e = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    vec a = vec_load(p), b = vec_load(p + VL);
    *even = _mm512_permutex2var_ps(a, e, b);
    *odd = _mm512_permutex2var_ps(a, _mm512_add_epi32(e, _mm512_set1_epi32(1)), b);
}
#elif VL == 8
#include <immintrin.h>
typedef __m256 vec;
INLINE vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
INLINE void vec_store(float *p, vec x)
{
    _mm256_storeu_ps(p, x);
}
INLINE vec vec_set(float s)
{
    return _mm256_set1_ps(s);
}
INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}
INLINE vec vec_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}
INLINE vec vec_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}
INLINE vec vec_prelu(vec x, vec slope)
{
    return _mm256_blendv_ps(x, _mm256_mul_ps(x, slope), _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
}
INLINE void vec_load_pairs(const float *p, vec *even, vec *odd)
{
    vec a = vec_load(p), b = vec_load(p + VL);
    __m256d e = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0x88)), o = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0xdd));
    *even = _mm256_castpd_ps(_mm256_permute4x64_pd(e, 0xd8));   /* the halves of a and b were interleaved */
    *odd = _mm256_castpd_ps(_mm256_permute4x64_pd(o, 0xd8));
}
#elif VL == 4
typedef float vec __attribute__((vector_size(16)));
typedef int32_t vec_mask __attribute__((vector_size(16)));
INLINE vec vec_load(const float *p)
{
    vec x;
    memcpy(&x, p, sizeof x);
    return x;
}
INLINE void vec_store(float *p, vec x)
{
    memcpy(p, &x, sizeof x);
}
INLINE vec vec_set(float s)
{
    return (vec){s, s, s, s};
}
INLINE vec vec_fma(vec a, vec b, vec c)   /* rounded twice: this instruction set has no fused one */
{
    return a * b + c;
}
INLINE vec vec_select(vec_mask mask, vec a, vec b)
{
    return (vec)((mask & (vec_mask)a) | (~mask & (vec_mask)b));
}
INLINE vec vec_max(vec a, vec b)
{
    return vec_select(a > b, a, b);
}
INLINE vec vec_min(vec a, vec b)
{
    return vec_select(a < b, a, b);
}
INLINE vec vec_prelu(vec x, vec slope)
{
    return vec_select(x < (vec){0}, x * slope, x);
}
INLINE void vec_load_pairs(const float *p, vec *even, vec *odd)
{
    vec a = vec_load(p), b = vec_load(p + VL);
    *even = (vec){a[0], a[2], b[0], b[2]};
    *odd = (vec){a[1], a[3], b[1], b[3]};
}
#else
#error "VL must be 4, 8 or 16"
#endif

#endif
