/* Which products of a tile pass, and their way to the waiting pairs: a part of sweep_body.h. */
#include "engine/cpu/simd.h"
#include "engine/cpu/sweep_side.h"

enum { VECTORS = 2 };   /* of a tile's row */

/* Bit l: x[] >= y[] in lane l of the two vectors. */
INLINE void at_least(uint32_t *bits, const vec x[VECTORS], const vec y[VECTORS])
{
#if VL == 16
    _store_mask32(bits, _mm512_kunpackw(_mm512_cmp_ps_mask(x[1], y[1], _CMP_GE_OQ), _mm512_cmp_ps_mask(x[0], y[0], _CMP_GE_OQ)));
#elif VL == 8
    *bits = (uint32_t)(_mm256_movemask_ps(_mm256_cmp_ps(x[0], y[0], _CMP_GE_OQ)) | _mm256_movemask_ps(_mm256_cmp_ps(x[1], y[1], _CMP_GE_OQ)) << VL);
#else
    *bits = (uint32_t)(_mm_movemask_ps((__m128)(x[0] >= y[0])) | _mm_movemask_ps((__m128)(x[1] >= y[1])) << VL);
#endif
}

/* Bit r: mask[r] is not 0; behind the last of the rows all are. */
INLINE uint32_t not_empty(const uint32_t mask[FD_SWEEP_ROWS], int rows_of_tile)
{
#if VL == 16
    (void)rows_of_tile;
    const __m512i low = _mm512_load_si512(mask), high = _mm512_load_si512(mask + VL);
    return _mm512_kunpackw(_mm512_test_epi32_mask(high, high), _mm512_test_epi32_mask(low, low));
#else
    uint32_t rows = 0;
    for (int r = 0; r < FD_SWEEP_ROWS && r < rows_of_tile; r++)
        rows |= (uint32_t)(mask[r] != 0) << r;
    return rows;
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
    fd_sweep_row *row = &x->row[i];
    if (x->block->base.metric == FD_INNER && test > x->farthest)
        test = x->farthest - row->spread;
    const float was = row->list_test, now = test > x->half[i] - x->farthest && test > was ? test : was;
    row->list_test = now;
    x->test[i] = now < row->reach_test ? now : row->reach_test;
}

INLINE bool wait_in(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t other, float product)
{
    fd_sweep_row *row = &x->row[i];
    const int32_t waits = row->waits;
    const float half = y->half[other];
    if (waits < 0 || waits == x->room || half == FD_ALWAYS || x->half[i] == FD_ALWAYS)
        return false;
    const float score = product - half, p = x->block->base.metric == FD_INNER ? score : score - y->row[other].spread;
    x->waiting[i * x->room + waits] = (fd_waiting){score, (int32_t)other};
    row->waits = waits + 1;
    float *list = x->sure + i * x->pitch + FD_SURE - 1;
    if (x->list.k <= VL || p > list[x->list.k]) {   /* short lists without a branch */
        keep(list, x->list.k, p);
        raise(x, i, list[x->list.k] - row->spread);
    }
    return true;
}

static bool wait(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t other, float product)
{
    return wait_in(x, i, y, other, product);
}

/* mask[r]: the columns whose products pass in row r. */
INLINE void passing(const fd_sweep_tile *t, const float *dot, uint32_t mask[FD_SWEEP_ROWS])
{
    const float *test_a = t->a->test + t->i, *half_a = t->a->half + t->i;
    vec test_b[VECTORS], half_b[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        test_b[v] = vec_load(t->b->test + t->j + v * VL);
        half_b[v] = vec_load(t->b->half + t->j + v * VL);
    }
    for (int r = 0; r < t->rows; r++, dot += VECTORS * VL) {
        const vec test = vec_set(test_a[r]), half = vec_set(half_a[r]), product[] = {vec_load(dot), vec_load(dot + VL)};
        const vec limit[] = {vec_min(test + half_b[0], half + test_b[0]), vec_min(test + half_b[1], half + test_b[1])};
        at_least(&mask[r], product, limit);
    }
}

/* Without branches but on what is rare: they could not be foretold, and are the cost of all this. */
static void collect(const fd_sweep_tile *t, const float *dot, fd_sweep_batch *batch)
{
    uint32_t mask[FD_SWEEP_ROWS] __attribute__((aligned(64))) = {0};
    fd_passed *to = batch->pair + batch->n;
    passing(t, dot, mask);
    for (uint32_t rows = not_empty(mask, t->rows); rows; rows &= rows - 1) {
        const int r = __builtin_ctz(rows);
        const int64_t i = t->i + r, behind = i + 1 - t->j;   /* the first column that counts, where the blocks are the same */
        uint32_t bits = mask[r];
        if (t->a == t->b && behind > 0)
            bits &= behind > 31 ? 0 : ~0U << behind;
        for (; bits; bits &= bits - 1) {
            const int column = __builtin_ctz(bits);
            *to++ = (fd_passed){dot[r * VECTORS * VL + column], (int32_t)i, (int32_t)(t->j + column)};
        }
    }
    batch->n = (int)(to - batch->pair);
}

/* Of a batch's pairs those that still pass for side x wait there; the others of the batch, of which it could not do this, are named in rest[], behind the
 * `rests` that are. */
INLINE int deal_to(fd_sweep_side *x, const fd_sweep_side *y, bool turned, const fd_sweep_batch *batch, uint16_t *rest, int rests)
{
    uint16_t some[FD_SWEEP_BATCH + FD_SWEEP_TILE];
    int m = 0;
    for (int h = 0; h < batch->n; h++) {
        const fd_passed p = batch->pair[h];
        some[m] = (uint16_t)h;
        m += p.product >= x->row[turned ? p.j : p.i].list_test + y->half[turned ? p.i : p.j];
    }
    for (int h = 0; h < m; h++) {
        const int64_t i = turned ? batch->pair[some[h]].j : batch->pair[some[h]].i;
        __builtin_prefetch(x->sure + i * x->pitch + FD_SURE, 1);
        __builtin_prefetch(x->row + i, 1);
    }
    for (int h = 0; h < m; h++) {
        const fd_passed p = batch->pair[some[h]];
        if (!wait_in(x, turned ? p.j : p.i, y, turned ? p.i : p.j, p.product))
            rest[rests++] = (uint16_t)((turned ? FD_REST_B : FD_REST_A) | some[h]);
    }
    return rests;
}

static int deal(fd_sweep_side *a, fd_sweep_side *b, bool radius, const fd_sweep_batch *batch, uint16_t *rest)
{
    int rests = deal_to(b, a, true, batch, rest, deal_to(a, b, false, batch, rest, 0));
    for (int h = 0; h < batch->n && radius; h++) {
        const fd_passed p = batch->pair[h];
        if (p.product >= a->row[p.i].reach_test + b->half[p.j])
            rest[rests++] = (uint16_t)(FD_REST_RADIUS | h);
    }
    return rests;
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
        const vec spread = vec_set(inner ? 0 : a->row[i].spread);
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
                raise(b, j, kth[l] - b->row[j].spread);
        }
    }
}
