/* Rasters, compiled once per instruction set; VL and CODE are defined by the file that includes this one. */
#include <immintrin.h>
#include <math.h>

#include "engine/cpu/raster.h"
#include "engine/cpu/simd.h"
#include "kernels/math/motion.h"

/* --- invert -------------------------------------------------------------------------------------------------------------------------- */

/* A step is three cache lines: whole vectors, and whole patterns. Large pictures go in four streams, each in a page of its own, so that four of the
 * processor's prefetchers run ahead. */
enum { WIDE = VL * 4, STEP = 192, STREAMS = 4, APART = 22 * STEP };
typedef uint8_t bytes_vec __attribute__((vector_size(WIDE)));

INLINE void put_past(uint8_t *to, bytes_vec x)   /* to is aligned */
{
#if VL == 16
    _mm512_stream_si512((__m512i *)(void *)to, (__m512i)x);
#elif VL == 8
    _mm256_stream_si256((__m256i *)(void *)to, (__m256i)x);
#else
    _mm_stream_si128((__m128i *)(void *)to, (__m128i)x);
#endif
}

INLINE void flip(const uint8_t *from, uint8_t *to, const bytes_vec *pattern, bool past)
{
    for (int k = 0; k < STEP / WIDE; k++) {
        bytes_vec x;
        memcpy(&x, from + k * WIDE, WIDE);
        x ^= pattern[k % 3];
        if (past)
            put_past(to + k * WIDE, x);
        else
            memcpy(to + k * WIDE, &x, WIDE);
    }
}

/* As many whole steps as there are; gives how many bytes. */
static int64_t flip_all(const uint8_t *from, uint8_t *to, int64_t bytes, const bytes_vec *pattern, bool past)
{
    int64_t i = 0;
    for (; past && i + STREAMS * APART <= bytes; i += STREAMS * APART)
        for (int64_t j = i; j < i + APART; j += STEP)
            for (int k = 0; k < STREAMS; k++)
                flip(from + j + k * APART, to + j + k * APART, pattern, true);
    for (; i + STEP <= bytes; i += STEP)
        flip(from + i, to + i, pattern, false);
    if (past)
        _mm_sfence();
    return i;
}

static void invert(const uint8_t *from, uint8_t *to, int64_t bytes, const uint8_t pattern[24], bool past)
{
    uint8_t turned[3 * WIDE];
    bytes_vec vector[3];
    int64_t i = 0;
    for (; i < bytes && (uintptr_t)(to + i) % 64; i++)
        to[i] = from[i] ^ pattern[i % 24];
    for (int k = 0; k < 3 * WIDE; k++)
        turned[k] = pattern[(i + k) % 24];
    memcpy(vector, turned, sizeof vector);
    for (i += flip_all(from + i, to + i, bytes - i, vector, past); i < bytes; i++)
        to[i] = from[i] ^ pattern[i % 24];
}

/* --- motion -------------------------------------------------------------------------------------------------------------------------- */

#if VL >= 8
/* Gray of 8 pixels from p, which may be read to its 28th byte: products of 16 bits, (R, G) and (B, 1) added in pairs. */
INLINE __m256i gray_of_8(const uint8_t *p)
{
    const __m256i red_green = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
    const __m256i blue = _mm256_broadcastsi128_si256(_mm_setr_epi8(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
    __m256i x = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)p)),
                                        _mm_loadu_si128((const __m128i *)(const void *)(p + 12)), 1);
    __m256i rg = _mm256_madd_epi16(_mm256_shuffle_epi8(x, red_green), _mm256_set1_epi32(9617 << 16 | 4899));
    __m256i b1 = _mm256_madd_epi16(_mm256_or_si256(_mm256_shuffle_epi8(x, blue), _mm256_set1_epi32(1 << 16)), _mm256_set1_epi32(8192 << 16 | 1868));
    return _mm256_srli_epi32(_mm256_add_epi32(rg, b1), 14);
}

INLINE __m256i gray_of_32(const uint8_t *p)
{
    __m256i low = _mm256_packs_epi32(gray_of_8(p), gray_of_8(p + 24)), high = _mm256_packs_epi32(gray_of_8(p + 48), gray_of_8(p + 72));
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));   /* packs work in halves */
}

/* 32 pixels at a time, as long as what is read lies within n; gives how many pixels were done. */
INLINE int64_t moved_wide(const uint8_t *rgb, int64_t n, int threshold, const uint8_t *earlier, uint8_t *gray, uint8_t *moved, bool *any)
{
    const __m256i zero = _mm256_setzero_si256(), limit = _mm256_set1_epi8((char)threshold);
    __m256i all = zero;
    int64_t i = 0;
    for (; i + 34 <= n; i += 32) {
        __m256i now = gray_of_32(rgb + 3 * i), before = _mm256_loadu_si256((const __m256i *)(const void *)(earlier + i));
        __m256i change = _mm256_or_si256(_mm256_subs_epu8(now, before), _mm256_subs_epu8(before, now));
        __m256i still = _mm256_cmpeq_epi8(_mm256_subs_epu8(change, limit), zero), moves = _mm256_xor_si256(still, _mm256_set1_epi8(-1));
        _mm256_storeu_si256((__m256i *)(void *)(gray + i), now);
        _mm256_storeu_si256((__m256i *)(void *)(moved + i), moves);
        all = _mm256_or_si256(all, moves);
    }
    *any = !_mm256_testz_si256(all, all);
    return i;
}

/* Red of 16 pixels, 255 where the mask is. */
INLINE int64_t paint_wide(const uint8_t *rgb, const uint8_t *mask, int64_t n, uint8_t *out)
{
    const __m128i place[3] = {_mm_setr_epi8(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5),
                              _mm_setr_epi8(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1),
                              _mm_setr_epi8(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1)};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m128i m = _mm_loadu_si128((const __m128i *)(const void *)(mask + i));
        for (int k = 0; k < 3; k++) {
            const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(rgb + 3 * i + 16 * k));
            _mm_storeu_si128((__m128i *)(void *)(out + 3 * i + 16 * k), _mm_or_si128(x, _mm_shuffle_epi8(m, place[k])));
        }
    }
    return i;
}
#else
INLINE int64_t moved_wide(const uint8_t *rgb, int64_t n, int threshold, const uint8_t *earlier, uint8_t *gray, uint8_t *moved, bool *any)
{
    (void)rgb, (void)n, (void)threshold, (void)earlier, (void)gray, (void)moved;
    *any = false;
    return 0;
}
INLINE int64_t paint_wide(const uint8_t *rgb, const uint8_t *mask, int64_t n, uint8_t *out)
{
    (void)rgb, (void)mask, (void)n, (void)out;
    return 0;
}
#endif

static bool moved(const uint8_t *rgb, int64_t n, int threshold, const uint8_t *before, uint8_t *gray, uint8_t *moves)
{
    bool any;
    for (int64_t i = moved_wide(rgb, n, threshold, before, gray, moves, &any); i < n; i++) {
        const int32_t now = fd_gray(rgb + 3 * i);
        moves[i] = fd_moves(now, before[i], threshold);
        gray[i] = (uint8_t)now;
        any |= moves[i] != 0;
    }
    return any;
}

static void gray(const uint8_t *rgb, int64_t n, uint8_t *out)
{
    int64_t i = 0;
#if VL >= 8
    for (; i + 34 <= n; i += 32)
        _mm256_storeu_si256((__m256i *)(void *)(out + i), gray_of_32(rgb + 3 * i));
#endif
    for (; i < n; i++)
        out[i] = (uint8_t)fd_gray(rgb + 3 * i);
}

static void compare(const uint8_t *restrict now, const uint8_t *restrict before, int64_t n, int threshold, uint8_t *restrict moves)
{
    for (int64_t i = 0; i < n; i++)
        moves[i] = fd_moves(now[i], before[i], threshold);
}

static bool erode(const uint8_t *const row[3], int64_t n, uint8_t *restrict room, uint8_t *restrict mask)
{
    const uint8_t *restrict above = row[0] - 1, *restrict at = row[1] - 1, *restrict below = row[2] - 1;
    uint8_t any = 0;
    for (int64_t i = 0; i < n + 2; i++)
        room[i] = above[i] & at[i] & below[i];
    for (int64_t i = 0; i < n; i++) {
        mask[i] = room[i] & room[i + 1] & room[i + 2];
        any |= mask[i];
    }
    return any;
}

static void paint(const uint8_t *rgb, const uint8_t *mask, int64_t n, uint8_t *out)
{
    for (int64_t i = paint_wide(rgb, mask, n, out); i < n; i++) {
        out[3 * i] = rgb[3 * i] | mask[i];   /* of 0 or 255: the larger one */
        out[3 * i + 1] = rgb[3 * i + 1];
        out[3 * i + 2] = rgb[3 * i + 2];
    }
}

/* --- convolve ------------------------------------------------------------------------------------------------------------------------ */

enum { UNROLL = VL == 4 ? 1 : 8 };

#if VL >= 8
/* `count` vectors from column j on. */
INLINE void sum_vectors(const fd_taps *t, int64_t j, int count, float *out)
{
    vec s[UNROLL];
    for (int u = 0; u < count; u++)
        s[u] = vec_set(0);
    for (int32_t i = 0; i < t->rows; i++)
        for (int32_t k = 0; k < t->columns; k++) {
            const vec tap = vec_set(t->taps[i * t->columns + k]);
            const float *from = t->row[i] + j + k * t->step;
            for (int u = 0; u < count; u++)
                s[u] = vec_fma(tap, vec_load(from + u * VL), s[u]);
        }
    for (int u = 0; u < count; u++)
        vec_store(out + j + u * VL, s[u]);
}
#endif

static void sum(const fd_taps *t, int64_t n, float *out)
{
    int64_t j = 0;
#if VL >= 8
    for (; j + UNROLL * VL <= n; j += UNROLL * VL)
        sum_vectors(t, j, UNROLL, out);
    for (; j + VL <= n; j += VL)
        sum_vectors(t, j, 1, out);
#endif
    for (; j < n; j++) {
        float s = 0;
        for (int32_t i = 0; i < t->rows; i++)
            for (int32_t k = 0; k < t->columns; k++)
                s = fmaf(t->taps[i * t->columns + k], t->row[i][j + k * t->step], s);
        out[j] = s;
    }
}

static void widen(const void *from, fd_sample_type type, int64_t n, float *restrict to)
{
    const uint8_t *restrict bytes = from;
    const uint16_t *restrict words = from;
    if (type == FD_SAMPLE_F32)
        memcpy(to, from, (size_t)n * sizeof *to);
    else if (type == FD_SAMPLE_U8)
        for (int64_t i = 0; i < n; i++)
            to[i] = bytes[i];
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = words[i];
}

INLINE float kept(float value, float most)
{
    return rintf(value > 0 ? (value < most ? value : most) : 0);
}

static void narrow(const float *restrict from, fd_sample_type type, int64_t n, void *to)
{
    uint8_t *restrict bytes = to;
    uint16_t *restrict words = to;
    if (type == FD_SAMPLE_F32)
        memcpy(to, from, (size_t)n * sizeof *from);
    else if (type == FD_SAMPLE_U8)
        for (int64_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(int32_t)kept(from[i], 255);
    else
        for (int64_t i = 0; i < n; i++)
            words[i] = (uint16_t)(int32_t)kept(from[i], 65535);
}

const fd_raster_code CODE = {invert, moved, gray, compare, erode, paint, sum, widen, narrow};
