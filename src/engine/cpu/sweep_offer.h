/* Which products of a tile pass, and their way to the waiting pairs: a part of sweep_body.h. */
#include "engine/cpu/simd.h"
#include "engine/cpu/sweep.h"

/* Bit l: x >= y in lane l. */
INLINE uint32_t at_least(vec x, vec y)
{
#if VL == 16
    return _mm512_cmp_ps_mask(x, y, _CMP_GE_OQ);
#elif VL == 8
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(x, y, _CMP_GE_OQ));
#else
    return (uint32_t)_mm_movemask_ps((__m128)(x >= y));
#endif
}

/* list[1 .. k rounded up to 16] descending, list[0] = +inf: puts p where it belongs, the last falls out. Each place looks at the one before. */
INLINE void keep(float *list, int64_t k, float p)
{
    const vec score = vec_set(p);
#if VL == 16
    if (k <= VL) {   /* in a register: what was stored last may be read again at once */
        const vec old = vec_load(list + 1);
        const __m512i top = _mm512_castps_si512(vec_set(__builtin_inff()));
        const vec before = _mm512_castsi512_ps(_mm512_alignr_epi32(_mm512_castps_si512(old), top, VL - 1));
        vec_store(list + 1, vec_max(old, vec_min(before, score)));
        return;
    }
#endif
    for (int64_t m = (k - 1) / VL * VL + 1; m > 0; m -= VL)   /* from the end */
        vec_store(list + m, vec_max(vec_load(list + m), vec_min(vec_load(list + m - 1), score)));
}

/* Pairs tie that float32 cannot tell apart, and the lower index wins: no test may part them. Within its range that is in the error bound
 * already; `grain` (in the spread) is for what is below it, `farthest` for what is beyond. */
INLINE void raise(fd_sweep_side *x, int64_t i, float test)
{
    if (x->block->base.metric == FD_INNER && test > x->farthest)
        test = x->farthest - x->spread[i];
    if (!(test > x->half[i] - x->farthest && test > x->list_test[i]))
        return;
    x->list_test[i] = test;
    x->test[i] = test < x->reach_test[i] ? test : x->reach_test[i];
}

INLINE bool wait_in(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t other, float product)
{
    const int32_t waits = x->waits[i];
    const float half = y->half[other];
    if (waits < 0 || waits == x->room || half == FD_ALWAYS || x->half[i] == FD_ALWAYS)
        return false;
    x->waiting[i * x->room + waits] = (fd_waiting){product, (int32_t)other};
    x->waits[i] = waits + 1;
    float *list = x->sure + i * x->pitch + FD_SURE - 1;
    const float score = product - half, p = x->block->base.metric == FD_INNER ? score : score - y->spread[other];
    if (p > list[x->list.k]) {
        keep(list, x->list.k, p);
        raise(x, i, list[x->list.k] - x->spread[i]);
    }
    return true;
}

static bool wait(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t other, float product)
{
    return wait_in(x, i, y, other, product);
}

/* The columns of `mask` in one row; tests rise meanwhile, so each pair is tested again. */
static __attribute__((noinline)) int offer_row(const fd_sweep_tile *t, int r, uint32_t mask, const float *dot, uint16_t *rest, int n)
{
    fd_sweep_side *a = t->a, *b = t->b;
    const int64_t i = t->i + r, behind = i + 1 - t->j;   /* the first column that counts, where the blocks are the same */
    if (a == b && behind > 0)
        mask &= behind > 31 ? 0 : ~0U << behind;
    for (; mask; mask &= mask - 1) {
        const int column = __builtin_ctz(mask);
        const int64_t j = t->j + column;
        const float product = dot[column];
        int left = product >= a->reach_test[i] + b->half[j] ? FD_REST_RADIUS : 0;
        if (product >= a->list_test[i] + b->half[j] && !wait_in(a, i, b, j, product))
            left |= FD_REST_A;
        if (product >= b->list_test[j] + a->half[i] && !wait_in(b, j, a, i, product))
            left |= FD_REST_B;
        if (left)
            rest[n++] = (uint16_t)(left | (r * t->width + column));
    }
    return n;
}

/* The width is a constant where this is inlined: tests of the columns stay in registers. */
INLINE int offer_in(int width, const fd_sweep_tile *t, const float *dot, uint16_t *rest)
{
    const float *test_b = t->b->test + t->j, *half_b = t->b->half + t->j;
    int n = 0;
    for (int r = 0; r < t->rows; r++, dot += width) {
        vec test = vec_set(t->a->test[t->i + r]), half = vec_set(t->a->half[t->i + r]);
        uint32_t mask = 0;
        for (int j = 0; j < width; j += VL) {
            vec limit = vec_min(test + vec_load(half_b + j), half + vec_load(test_b + j));
            mask |= at_least(vec_load(dot + j), limit) << j;
        }
        if (__builtin_expect(mask != 0, 0))
            n = offer_row(t, r, mask, dot, rest, n);
    }
    return n;
}

static int offer(const fd_sweep_tile *t, const float *dot, uint16_t *rest)
{
    return t->width == 2 * VL ? offer_in(2 * VL, t, dot, rest) : offer_in(t->width, t, dot, rest);
}
