/* The vector code of operators on pixels: VL floats to a vector (16: AVX-512, 8: AVX2, 4: anything), the table is called CODE.
 * Compiled once per instruction set by the files that define the two. */
#if VL > 4
#include <immintrin.h>
#endif
#include <string.h>

#include "engine/cpu/image.h"
#include "kernels/math/area.h"
#include "kernels/math/pil.h"

#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(4 * VL)));
typedef int32_t vi __attribute__((vector_size(4 * VL)));
typedef uint16_t vh __attribute__((vector_size(4 * VL))); /* 2 VL half words */
typedef uint8_t vb __attribute__((vector_size(2 * VL)));  /* 2 VL bytes */
enum { HALVES = 2 * VL };

/* One pixel and the first element of the next. */
typedef uint8_t b4 __attribute__((vector_size(4)));
typedef uint32_t u4 __attribute__((vector_size(16)));
typedef int32_t i4 __attribute__((vector_size(16)));
typedef float f4 __attribute__((vector_size(16)));
typedef double d4 __attribute__((vector_size(32)));

#define LOAD(type, address)                      \
    ({                                           \
        type load_;                              \
        memcpy(&load_, (address), sizeof load_); \
        load_;                                   \
    })
#define STORE(address, value)                      \
    do {                                           \
        __typeof__(value) store_ = (value);        \
        memcpy((address), &store_, sizeof store_); \
    } while (0)

/* Conversions by intrinsic: gcc 12 makes four instructions of a __builtin_convertvector that widens bytes. */
#if VL == 16
#define HALVES_OF(address) ((vh)_mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(address))))
#define WORDS_OF(address) ((vi)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(address))))
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif VL == 8
#define HALVES_OF(address) ((vh)_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(address))))
#define WORDS_OF(address) ((vi)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(address))))
#else
#define HALVES_OF(address) __builtin_convertvector(LOAD(vb, address), vh)
#define WORDS_OF(address) __builtin_convertvector(LOAD(b4, address), vi)
#define EVENS 0, 2, 4, 6
#define ODDS 1, 3, 5, 7
#endif
#if VL > 4
typedef uint16_t hp __attribute__((vector_size(16))); /* half words of a pixel; the upper four are not used */
#define HALF_PIXEL(address) ((hp)_mm_loadl_epi64((const __m128i *)(address)))
#define PIXEL_OF(address) ((i4)_mm_cvtepu8_epi32(_mm_cvtsi32_si128(LOAD(int32_t, address))))
#define WIDEN(h) ((u4)_mm_cvtepu16_epi32((__m128i)(h)))
#define DOUBLES(i) ((d4)_mm256_cvtepi32_pd((__m128i)(i)))
#define FLOATS(d) ((f4)_mm256_cvtpd_ps((__m256d)(d)))
#else
typedef uint16_t hp __attribute__((vector_size(8)));
#define HALF_PIXEL(address) LOAD(hp, address)
#define PIXEL_OF(address) __builtin_convertvector(LOAD(b4, address), i4)
#define WIDEN(h) __builtin_convertvector(h, u4)
#define DOUBLES(i) __builtin_convertvector(i, d4)
#define FLOATS(d) __builtin_convertvector(d, f4)
#endif

/* [VL][4] to 3 planes of VL. */
#if VL == 8
INLINE __m256 two_pixels(const float *p) /* p[0..3] and, four pixels on, p[16..19] */
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + 16), 1);
}

INLINE void planes(const void *pixels, vi out[3])
{
    const float *p = pixels;
    const __m256 a = two_pixels(p), b = two_pixels(p + 4), c = two_pixels(p + 8), d = two_pixels(p + 12);
    const __m256 low1 = _mm256_unpacklo_ps(a, b), low2 = _mm256_unpacklo_ps(c, d);
    out[0] = (vi)_mm256_shuffle_ps(low1, low2, 0x44);
    out[1] = (vi)_mm256_shuffle_ps(low1, low2, 0xee);
    out[2] = (vi)_mm256_shuffle_ps(_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d), 0x44);
}
#else
INLINE void planes(const void *pixels, vi out[3])
{
    const int32_t *p = pixels;
    const vi a = LOAD(vi, p), b = LOAD(vi, p + VL), c = LOAD(vi, p + 2 * VL), d = LOAD(vi, p + 3 * VL);
    const vi even1 = __builtin_shufflevector(a, b, EVENS), even2 = __builtin_shufflevector(c, d, EVENS);
    const vi odd1 = __builtin_shufflevector(a, b, ODDS), odd2 = __builtin_shufflevector(c, d, ODDS);
    out[0] = __builtin_shufflevector(even1, even2, EVENS);
    out[1] = __builtin_shufflevector(odd1, odd2, EVENS);
    out[2] = __builtin_shufflevector(even1, even2, ODDS);
}
#endif

/* The last vector of a row stores only what is the row's: n > 0 elements. */
INLINE void store_some(float *out, vf v, int64_t n)
{
    if (n >= VL) {
        STORE(out, v);
        return;
    }
#if VL == 16
    _mm512_mask_storeu_ps(out, (__mmask16)((1u << n) - 1u), (__m512)v);
#else
    const vf tail = v; /* its address is taken: v itself stays in a register */
    memcpy(out, &tail, (size_t)n * sizeof *out);
#endif
}

/* One vector's worth of sum[k] = sum of byte k of the rows; at most 257 of them fit. */
INLINE void sum_vector(const uint8_t *rgb, int64_t pitch, int64_t rows, uint16_t *sum)
{
    vh a = {0};
    for (int64_t r = 0; r < rows; r++)
        a += HALVES_OF(rgb + r * pitch);
    STORE(sum, a);
}

static void sum_rows(const uint8_t *rgb, int64_t pitch, int64_t rows, int64_t n, uint16_t *sum)
{
    int64_t k = 0;
    for (; k + 4 * HALVES <= n; k += 4 * HALVES) {
        vh a = {0}, b = a, c = a, d = a;
        const uint8_t *p = rgb + k;
        for (int64_t r = 0; r < rows; r++, p += pitch) {
            a += HALVES_OF(p);
            b += HALVES_OF(p + HALVES);
            c += HALVES_OF(p + 2 * HALVES);
            d += HALVES_OF(p + 3 * HALVES);
        }
        STORE(sum + k, a);
        STORE(sum + k + HALVES, b);
        STORE(sum + k + 2 * HALVES, c);
        STORE(sum + k + 3 * HALVES, d);
    }
    for (; k + HALVES <= n; k += HALVES)
        sum_vector(rgb + k, pitch, rows, sum + k);
    if (k < n && n >= HALVES) { /* again some that are done: nothing is read beyond the row */
        sum_vector(rgb + n - HALVES, pitch, rows, sum + n - HALVES);
        k = n;
    }
    for (; k < n; k++) {
        sum[k] = 0;
        for (int64_t r = 0; r < rows; r++)
            sum[k] = (uint16_t)(sum[k] + rgb[r * pitch + k]);
    }
}

/* The same for any number of rows; part: room for 16-bit sums. */
static void sum_many_rows(const uint8_t *rgb, int64_t pitch, int64_t rows, int64_t n, uint16_t *part, uint32_t *sum)
{
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int64_t r = 0; r < rows; r += 257) {
        sum_rows(rgb + r * pitch, pitch, rows - r < 257 ? rows - r : 257, n, part);
        for (int64_t k = 0; k < n; k++)
            sum[k] += part[k];
    }
}

/* Sums of a window's columns, of three kinds: in 16 bits, from 16 into 32, in 32. `taps` is a constant where few make it worth the copies. */
INLINE void windows_16(const fd_area *a, int32_t taps, const uint16_t *restrict v, uint32_t (*restrict sum)[4])
{
    const int32_t *restrict begin = a->begin, *restrict extra = a->extra;
    for (int32_t j = 0, n = a->out_width; j < n; j++) {
        const uint16_t *at = v + begin[j];
        hp s = HALF_PIXEL(v + extra[j]);
#pragma GCC unroll 4
        for (int32_t t = 0; t < taps; t++)
            s += HALF_PIXEL(at + 3 * t);
        STORE(sum[j], WIDEN(s));
    }
}

static void windows_16_32(const fd_area *a, const uint16_t *restrict v, uint32_t (*restrict sum)[4])
{
    const int32_t *restrict begin = a->begin, *restrict extra = a->extra;
    for (int32_t j = 0, n = a->out_width, taps = a->taps; j < n; j++) {
        const uint16_t *at = v + begin[j];
        u4 s = WIDEN(HALF_PIXEL(v + extra[j]));
#pragma GCC unroll 4
        for (int32_t t = 0; t < taps; t++)
            s += WIDEN(HALF_PIXEL(at + 3 * t));
        STORE(sum[j], s);
    }
}

static void windows_32(const fd_area *a, const uint32_t *restrict v, uint32_t (*restrict sum)[4])
{
    for (int32_t j = 0, n = a->out_width, taps = a->taps; j < n; j++) {
        const uint32_t *at = v + a->begin[j];
        u4 s = LOAD(u4, v + a->extra[j]);
        for (int32_t t = 0; t < taps; t++)
            s += LOAD(u4, at + 3 * t);
        STORE(sum[j], s);
    }
}

static void windows_few(const fd_area *a, const uint16_t *v, uint32_t (*sum)[4])
{
    switch (a->taps) {
    case 1:
        windows_16(a, 1, v, sum);
        break;
    case 2:
        windows_16(a, 2, v, sum);
        break;
    case 3:
        windows_16(a, 3, v, sum);
        break;
    case 4:
        windows_16(a, 4, v, sum);
        break;
    case 5:
        windows_16(a, 5, v, sum);
        break;
    case 6:
        windows_16(a, 6, v, sum);
        break;
    default:
        windows_16(a, a->taps, v, sum);
    }
}

static void finish_row(const fd_area *a, const uint32_t (*sum)[4], int64_t rows, float *out)
{
    for (int32_t j = 0; j < a->out_width; j += VL) {
        const vf columns = LOAD(vf, a->count + j);
        vi v[3];
        planes(sum + j, v);
        for (int c = 0; c < 3; c++) {
            const vf mean = __builtin_convertvector(v[c], vf) / (float)rows / columns;
            store_some(out + c * a->plane_pitch + j, (mean - a->shift) * a->factor, a->out_width - j);
        }
    }
}

static void area(fd_area *a, const fd_area_space *space, int64_t limit)
{
    for (; a->next < a->out_height; a->next++) {
        const int64_t y = a->y + a->next, begin = fd_area_begin(y, a->height, a->rows), end = fd_area_end(y, a->height, a->rows);
        if (end > limit)
            return;
        const uint8_t *rgb = a->rgb + begin * a->pitch + (int64_t)a->first * 3;
        if (end - begin <= 257)
            sum_rows(rgb, a->pitch, end - begin, (int64_t)a->span * 3, space->narrow + 3);
        else
            sum_many_rows(rgb, a->pitch, end - begin, (int64_t)a->span * 3, space->narrow + 3, space->wide + 3);
        if (end - begin > 257)
            windows_32(a, space->wide, space->sum);
        else if (a->largest > 257)
            windows_16_32(a, space->narrow, space->sum);
        else
            windows_few(a, space->narrow, space->sum);
        finish_row(a, (const uint32_t(*)[4])space->sum, end - begin, a->out + a->next * a->row_pitch);
    }
}

/* Four bytes may be read at each of the four neighbours, and all are inside. */
INLINE bool is_inside(const fd_pixels *p, const fd_sample *s)
{
    return s->x >= 0 && s->y >= 0 && s->x + 2 < p->width && s->y + 1 < p->height;
}

static void sample(const fd_pixels *p, const fd_sample *s, int32_t n, float (*pixels)[4], float *out, int64_t plane_pitch)
{
    for (int32_t j = 0; j < n; j++, s++) {
        if (!is_inside(p, s)) {
            for (int c = 0; c < 3; c++)
                pixels[j][c] = fd_pixel_between(p, s, c);
            continue;
        }
        const uint8_t *above = p->rgb + s->y * p->pitch + (int64_t)s->x * 3, *below = above + p->pitch;
        const double left = 1.0 - s->fx, up = 1.0 - s->fy;
        const d4 a = DOUBLES(PIXEL_OF(above)) * left + DOUBLES(PIXEL_OF(above + 3)) * s->fx;
        const d4 b = DOUBLES(PIXEL_OF(below)) * left + DOUBLES(PIXEL_OF(below + 3)) * s->fx;
        STORE(pixels[j], FLOATS(a * up + b * s->fy));
    }
    for (int32_t j = 0; j < n; j += VL) {
        vi v[3];
        planes(pixels + j, v);
        for (int c = 0; c < 3; c++)
            store_some(out + c * plane_pitch + j, (vf)v[c], n - j);
    }
}

static void pil_row(const uint8_t *row, const fd_pil_plan *p, uint8_t *out)
{
    const int32_t *weight = p->weight;
    for (int32_t j = 0; j < p->outputs; j++, weight += p->taps, out += 3) {
        const uint8_t *at = row + (int64_t)p->first[j] * 3;
        i4 sum = {0};
        for (int32_t k = 0; k < p->count[j]; k++)
            sum += PIXEL_OF(at + 3 * k) * weight[k];
        for (int c = 0; c < 3; c++)
            out[c] = fd_pil_pixel(sum[c]);
    }
}

static void pil_column(const uint8_t *rows, int64_t pitch, const int32_t *weight, int32_t count, int32_t n, float *out)
{
    int32_t k = 0;
    for (; k + VL <= n; k += VL) {
        vi sum = {0};
        for (int32_t r = 0; r < count; r++)
            sum += WORDS_OF(rows + r * pitch + k) * weight[r];
        sum = (sum + (1 << (FD_PIL_BITS - 1))) >> FD_PIL_BITS;
        sum &= sum > 0;
        sum = (sum & (sum < 255)) | ((sum >= 255) & 255);
        STORE(out + k, __builtin_convertvector(sum, vf));
    }
    for (; k < n; k++) {
        int32_t sum = 0;
        for (int32_t r = 0; r < count; r++)
            sum += weight[r] * rows[r * pitch + k];
        out[k] = (float)fd_pil_pixel(sum);
    }
}

static void format(const float *v, int64_t n, float mean, float std, float *out)
{
    for (int64_t k = 0; k < n; k++)
        out[k] = (v[k] - mean) / std;
}

static bool any(const float *p, int64_t n, float threshold)
{
    int found = 0;
    for (int64_t k = 0; k < n; k++)
        found |= p[k] >= threshold;
    return found;
}

const fd_image_code CODE = {area, sample, pil_row, pil_column, format, any};
