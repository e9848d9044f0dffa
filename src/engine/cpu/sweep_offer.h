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
    const float was = x->list_test[i], now = test > x->half[i] - x->farthest && test > was ? test : was;
    x->list_test[i] = now;
    x->test[i] = now < x->reach_test[i] ? now : x->reach_test[i];
}

INLINE bool wait_in(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t other, float product)
{
    const int32_t waits = x->waits[i];
    const float half = y->half[other];
    if (waits < 0 || waits == x->room || half == FD_ALWAYS || x->half[i] == FD_ALWAYS)
        return false;
    const float score = product - half, p = x->block->base.metric == FD_INNER ? score : score - y->spread[other];
    x->waiting[i * x->room + waits] = (fd_waiting){score, (int32_t)other};
    x->waits[i] = waits + 1;
    float *list = x->sure + i * x->pitch + FD_SURE - 1;
    if (x->list.k <= VL || p > list[x->list.k]) {   /* short lists without a branch */
        keep(list, x->list.k, p);
        raise(x, i, list[x->list.k] - x->spread[i]);
    }
    return true;
}

static bool wait(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t other, float product)
{
    return wait_in(x, i, y, other, product);
}

INLINE float lowest(vec x)
{
#if VL == 16
    return _mm512_reduce_min_ps(x);
#else
    float lane[VL];
    vec_store(lane, x);
    for (int l = 1; l < VL; l++)
        lane[0] = lane[l] < lane[0] ? lane[l] : lane[0];
    return lane[0];
#endif
}

/* limit[r]: what a product of row r must reach to pass in any of the columns. */
INLINE void limits_of(int width, const fd_sweep_tile *t, float *limit)
{
    const float *test_a = t->a->test + t->i, *half_a = t->a->half + t->i, *test_b = t->b->test + t->j, *half_b = t->b->half + t->j;
    vec test = vec_load(test_b), half = vec_load(half_b);
    for (int j = VL; j < width; j += VL) {
        test = vec_min(test, vec_load(test_b + j));
        half = vec_min(half, vec_load(half_b + j));
    }
    const vec low_test = vec_set(lowest(test)), low_half = vec_set(lowest(half));
    for (int r = 0; r < t->rows; r += VL)
        vec_store(limit + r, vec_min(vec_load(test_a + r) + low_half, vec_load(half_a + r) + low_test));
}

/* The columns that pass in row r. */
INLINE uint32_t passing(int width, const fd_sweep_tile *t, int r, const float *dot)
{
    const vec test = vec_set(t->a->test[t->i + r]), half = vec_set(t->a->half[t->i + r]);
    uint32_t mask = 0;
    for (int j = 0; j < width; j += VL) {
        const vec limit = vec_min(test + vec_load(t->b->half + t->j + j), half + vec_load(t->b->test + t->j + j));
        mask |= at_least(vec_load(dot + j), limit) << j;
    }
    return mask;
}

/* Bit r: some product of row r may pass, by the largest against the lowest limit. */
INLINE uint32_t rows_of(int width, const fd_sweep_tile *t, const float *dot)
{
    float limit[FD_SWEEP_ROWS] __attribute__((aligned(64)));
    uint32_t rows = 0;
#if VL == 16
    uint16_t bits[FD_SWEEP_ROWS] __attribute__((aligned(64)));
    _mm512_store_si512(bits, _mm512_setzero_si512());
#endif
    limits_of(width, t, limit);
    for (int r = 0; r < t->rows; r++, dot += width) {
        vec most = vec_load(dot);
        for (int j = VL; j < width; j += VL)
            most = vec_max(vec_load(dot + j), most);
#if VL == 16
        bits[r] = (uint16_t)at_least(most, vec_set(limit[r]));
#else
        rows |= (uint32_t)(at_least(most, vec_set(limit[r])) != 0) << r;
#endif
    }
#if VL == 16
    const __m512i all = _mm512_load_si512(bits);
    rows = _mm512_test_epi16_mask(all, all);
#endif
    return rows;
}

/* Places of the products that pass. Without branches but on what is rare: they could not be foretold, and are the cost of all this. */
INLINE int places_of(int width, const fd_sweep_tile *t, const float *dot, uint16_t *place)
{
    int n = 0;
    for (uint32_t rows = rows_of(width, t, dot); rows; rows &= rows - 1) {
        const int r = __builtin_ctz(rows);
        const int64_t behind = t->i + r + 1 - t->j;   /* the first column that counts, where the blocks are the same */
        uint32_t mask = passing(width, t, r, dot + r * width);
        if (t->a == t->b && behind > 0)
            mask &= behind > 31 ? 0 : ~0U << behind;
        place[n] = (uint16_t)(r * width + __builtin_ctz(mask | 1U << 31));
        n += mask != 0;
        for (mask &= mask - 1; __builtin_expect(mask != 0, 0); mask &= mask - 1)
            place[n++] = (uint16_t)(r * width + __builtin_ctz(mask));
    }
    return n;
}

/* Tests rise while the pairs of a tile are dealt with: those of side b are tested again after side a's. */
INLINE int offer_in(int width, const fd_sweep_tile *t, const float *dot, uint16_t *rest)
{
    fd_sweep_side *a = t->a, *b = t->b;
    uint16_t place[FD_SWEEP_TILE + 1], some[FD_SWEEP_TILE + 1];
    const int n = places_of(width, t, dot, place);
    int m = 0, rests = 0;
    for (int h = 0; h < n; h++) {
        const int64_t i = t->i + place[h] / width, j = t->j + place[h] % width;
        some[m] = place[h];
        m += dot[place[h]] >= a->list_test[i] + b->half[j];
    }
    for (int h = 0; h < m; h++)
        if (!wait_in(a, t->i + some[h] / width, b, t->j + some[h] % width, dot[some[h]]))
            rest[rests++] = (uint16_t)(FD_REST_A | some[h]);
    m = 0;
    for (int h = 0; h < n; h++) {
        const int64_t i = t->i + place[h] / width, j = t->j + place[h] % width;
        some[m] = place[h];
        m += dot[place[h]] >= b->list_test[j] + a->half[i];
    }
    for (int h = 0; h < m; h++)
        if (!wait_in(b, t->j + some[h] % width, a, t->i + some[h] / width, dot[some[h]]))
            rest[rests++] = (uint16_t)(FD_REST_B | some[h]);
    for (int h = 0; h < n && t->radius; h++)
        if (dot[place[h]] >= a->reach_test[t->i + place[h] / width] + b->half[t->j + place[h] % width])
            rest[rests++] = (uint16_t)(FD_REST_RADIUS | place[h]);
    return rests;
}

static int offer(const fd_sweep_tile *t, const float *dot, uint16_t *rest)
{
    return t->width == 2 * VL ? offer_in(2 * VL, t, dot, rest) : offer_in(t->width, t, dot, rest);
}

static int32_t sift(fd_waiting *waiting, int32_t n, float test)
{
    int32_t left = 0;
    for (int32_t m = 0; m < n; m++) {
        const fd_waiting w = waiting[m];
        waiting[left] = w;
        left += w.score >= test;
    }
    return left;
}

/* --- seeds --------------------------------------------------------------------------------------------------------------------------- */

static void best(const fd_sweep_tile *t, const float *dot, float *so_far)
{
    const fd_sweep_side *a = t->a;
    const bool inner = a->block->base.metric == FD_INNER;
    for (int r = 0; r < t->rows; r++, dot += t->width, so_far += t->width) {
        const int64_t i = t->i + r;
        const vec half = vec_set(a->half[i] == FD_ALWAYS ? FD_NEVER : a->half[i]);   /* never the best where the product says nothing */
        const vec spread = vec_set(inner ? 0 : a->spread[i]);
        for (int j = 0; j < t->width; j += VL)
            vec_store(so_far + j, vec_max(vec_load(dot + j) - half - spread, vec_load(so_far + j)));
    }
}

/* The k largest of so_far[classes][width] for VL columns, sorted as they come; the last of them to kth[VL]. */
INLINE void kth_of(const float *so_far, int classes, int width, int64_t k, float *kth)
{
    vec list[FD_SEED_MOST];
    for (int m = 0; m < k; m++)
        list[m] = vec_set(FD_ALWAYS);
    for (int c = 0; c < classes; c++) {
        vec falling = vec_load(so_far + c * width);
        for (int m = 0; m < k; m++) {
            const vec stays = vec_max(list[m], falling);
            falling = vec_min(list[m], falling);
            list[m] = stays;
        }
    }
    vec_store(kth, list[k - 1]);
}

static void seed(const fd_sweep_tile *t, int classes, const float *so_far)
{
    fd_sweep_side *b = t->b;
    for (int first = 0; first < t->width; first += VL) {
        float kth[VL];
        kth_of(so_far + first, classes, t->width, b->list.k, kth);
        for (int l = 0; l < VL; l++) {
            const int64_t j = t->j + first + l;
            if (j < b->block->base.n && b->half[j] != FD_ALWAYS)
                raise(b, j, kth[l] - b->spread[j]);
        }
    }
}
