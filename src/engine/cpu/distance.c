#include "engine/cpu/distance.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/transpose.h"
#include "engine/cpu/cpu.h"
#include "engine/cpu/sweep.h"
#include "engine/ref/ref.h"

float fd_distance_factor(fd_metric metric, float squared_norm)
{
    if (!(squared_norm >= 1e-30f && squared_norm <= 1e37f))
        return NAN;
    return metric == FD_COSINE ? (float)(1 / sqrt((double)squared_norm)) : squared_norm;
}

/* A tile in work. */
typedef struct tile {
    const fd_distance_kernel *kernel;
    fd_metric metric;
    const fd_rows *a, *b;
    int64_t dim;
    int same;
    float *out;
    int64_t pitch;
    bool all_valid;
    float *left, *right;     /* a and b in panels of the product's rows and columns */
    float *factor[2];        /* of a and of b, padded like the panels */
} tile;

static int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

static void pack(tile *t)
{
    const int64_t side[] = {t->kernel->gemm->rows, t->kernel->gemm->width};
    t->all_valid = true;
    for (int k = 0; k < 2; k++) {
        const fd_rows *rows = k ? t->b : t->a;
        fd_gemm_pack(rows->row, rows->n, t->dim, t->dim, side[k], k ? t->right : t->left);
        for (int64_t i = 0; i < round_up(rows->n, side[k]); i++)
            t->factor[k][i] = i < rows->n ? fd_distance_factor(t->metric, rows->norm[i]) : 1;
        t->all_valid = t->all_valid && (rows->n == 0 || !memchr(rows->valid, 0, (size_t)rows->n));
    }
}

/* Pairs of rows i.. and columns j.. that the formula does not give: near ones by differences, those of rows that are not valid. */
static void mend(const tile *t, int64_t i, int64_t j, const fd_distance_tile *f, const float *dot)
{
    for (int64_t r = 0; r < f->rows; r++)
        for (int64_t c = 0; c < f->n; c++) {
            float *out = t->out + (i + r) * t->pitch + j + c;
            if (!t->a->valid[i + r] || !t->b->valid[j + c])
                *out = NAN;
            else if (fd_distance_is_near(t->metric, dot[r * t->kernel->gemm->width + c], f->a[r], f->b[c]))
                *out = t->kernel->near(t->metric, t->a->row + (i + r) * t->dim, t->b->row + (j + c) * t->dim, t->dim);
        }
}

/* Rows first.. last - 1, whole panels of them but for the last, against the panel of columns at j. */
static void run_panel(const tile *t, int64_t first, int64_t last, int64_t j)
{
    _Alignas(FD_ALIGN) float dot[FD_GEMM_ROWS * FD_GEMM_WIDTH];
    const fd_gemm_kernel *gemm = t->kernel->gemm;
    for (int64_t i = first; i < last; i += gemm->rows) {
        const int64_t rows = last - i < gemm->rows ? last - i : gemm->rows, n = t->b->n - j < gemm->width ? t->b->n - j : gemm->width;
        const fd_distance_tile f = {t->metric, rows, n, t->pitch, t->factor[0] + i, t->factor[1] + j};
        gemm->packed(t->left + i * t->dim, t->dim, t->right + j * t->dim, dot);
        if (t->kernel->finish(&f, dot, t->out + i * t->pitch + j) || !t->all_valid)
            mend(t, i, j, &f, dot);
    }
}

/* Strips of rows that stay in the second-level cache outside, panels of columns inside. Of a block with itself the upper triangle. */
static void run_tile(const tile *t)
{
    const int64_t width = t->kernel->gemm->width, rows = t->kernel->gemm->rows;
    const int64_t strip = round_up((1 << 18) / (t->dim * (int64_t)sizeof(float)) + 1, rows);
    for (int64_t first = 0; first < t->a->n; first += strip) {
        const int64_t last = first + strip < t->a->n ? first + strip : t->a->n;
        for (int64_t j = 0; j < t->b->n; j += width) {
            const int64_t end = t->same && j + width < last ? j + width : last;
            if (first < end)
                run_panel(t, first, end, j);
        }
    }
}

/* Lower triangle from the upper one, by squares that stay in the first-level cache; then the diagonal of distances. */
static void mirror(const tile *t)
{
    enum { SQUARE = 32 };
    const int64_t n = t->a->n;
    for (int64_t top = 0; top < n; top += SQUARE) {
        const int64_t rows = n - top < SQUARE ? n - top : SQUARE;
        for (int64_t left = 0; left < top; left += SQUARE)
            fd_transpose(t->out + left * t->pitch + top, SQUARE, rows, t->pitch, t->out + top * t->pitch + left, t->pitch);
        for (int64_t i = top; i < top + rows; i++)
            for (int64_t j = top; j < i; j++)
                t->out[i * t->pitch + j] = t->out[j * t->pitch + i];
    }
    for (int64_t i = 0; i < n && t->metric != FD_INNER; i++)
        t->out[i * t->pitch + i] = t->a->valid[i] ? 0 : NAN;
}

static fd_error *cpu_tile(fd_lane *lane, fd_metric metric, const fd_rows *a, const fd_rows *b, int64_t dim, int same, float *out, int64_t pitch)
{
    static const fd_distance_kernel *const kernels[FD_ISA_COUNT] = {
        [FD_ISA_SSE41] = &fd_distance_base, [FD_ISA_AVX2] = &fd_distance_avx2, [FD_ISA_AVX512] = &fd_distance_avx512};
    fd_error *err = NULL;
    void *scratch;
    tile t = {.kernel = kernels[fd_cpu(lane->engine)->isa], .metric = metric, .a = a, .b = b, .dim = dim, .same = same, .out = out, .pitch = pitch};
    const int64_t padded_a = round_up(a->n, t.kernel->gemm->rows), padded_b = round_up(b->n, t.kernel->gemm->width);
    const int64_t left = round_up(padded_a * dim, 16), right = round_up(padded_b * dim, 16);   /* whole cache lines */
    FD_TRY(fd_host_lane_scratch(lane, (size_t)(left + right + padded_a + padded_b) * sizeof(float), &scratch));
    t.left = scratch;
    t.right = t.left + left;
    t.factor[0] = t.right + right;
    t.factor[1] = t.factor[0] + padded_a;
    pack(&t);
    run_tile(&t);
    if (same)
        mirror(&t);
done:
    return err;
}

static fd_error *cpu_norms(fd_lane *lane, const float *rows, int64_t n, int64_t dim, float *norm)
{
    return fd_ref_distance.norms(lane, rows, n, dim, norm);
}

const fd_distance_table fd_cpu_distance = {.norms = cpu_norms,
                                           .tile = cpu_tile,
                                           .block_bytes = fd_cpu_block_bytes,
                                           .block_open = fd_cpu_block_open,
                                           .block_close = fd_cpu_block_close,
                                           .sweep_bytes = fd_cpu_sweep_bytes,
                                           .sweep = fd_cpu_sweep};
