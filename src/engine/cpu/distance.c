#include "engine/cpu/distance.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
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
    float *packed;           /* b: [ceil(n / width)][dim][width], zeros behind the last row */
    float *factor[2];        /* of a and of b, padded like packed */
} tile;

static int64_t width_of(const tile *t)
{
    return t->kernel->gemm->width;
}

static int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

static void pack(const tile *t)
{
    int64_t width = width_of(t);
    for (int64_t first = 0; first < t->b->n; first += width) {
        float *to = t->packed + first * t->dim;
        for (int64_t j = 0; j < width; j++)
            for (int64_t k = 0; k < t->dim; k++)
                to[k * width + j] = first + j < t->b->n ? t->b->row[(first + j) * t->dim + k] : 0;
    }
    for (int side = 0; side < 2; side++) {
        const fd_rows *rows = side ? t->b : t->a;
        for (int64_t i = 0; i < round_up(rows->n, width); i++)
            t->factor[side][i] = i < rows->n ? fd_distance_factor(t->metric, rows->norm[i]) : 1;
    }
}

/* Row i, columns first.. of the tile from their products. */
static void finish_row(const tile *t, const float *dot, int64_t i, int64_t first)
{
    int64_t n = t->b->n - first < width_of(t) ? t->b->n - first : width_of(t);
    float *out = t->out + i * t->pitch + first, a = t->factor[0][i];
    const float *b = t->factor[1] + first;
    bool near = t->kernel->finish(t->metric, dot, a, b, n, out);
    for (int64_t j = 0; near && j < n; j++)
        if (fd_distance_is_near(t->metric, dot[j], a, b[j]) && t->a->valid[i] && t->b->valid[first + j])
            out[j] = t->kernel->near(t->metric, t->a->row + i * t->dim, t->b->row + (first + j) * t->dim, t->dim);
    for (int64_t j = 0; j < n; j++)
        if (!t->a->valid[i] || !t->b->valid[first + j])
            out[j] = NAN;
}

/* Rows first_row .. last_row - 1 against one packed block of columns. Missing rows of the last kernel call repeat the last row. */
static void run_block(const tile *t, int64_t first_row, int64_t last_row, int64_t column)
{
    _Alignas(FD_ALIGN) float dot[FD_GEMM_ROWS * FD_GEMM_WIDTH];
    const float *x[FD_GEMM_ROWS];
    int64_t rows = t->kernel->gemm->rows;
    for (int64_t i = first_row; i < last_row; i += rows) {
        for (int64_t r = 0; r < rows; r++)
            x[r] = t->a->row + (i + r < last_row ? i + r : last_row - 1) * t->dim;
        t->kernel->gemm->tile(x, t->dim, t->packed + column * t->dim, dot);
        for (int64_t r = 0; r < rows && i + r < last_row; r++)
            finish_row(t, dot + r * width_of(t), i + r, column);
    }
}

/* Strips of rows that stay in the second-level cache outside, blocks of columns inside. Of a block with itself the upper triangle. */
static void run_tile(const tile *t)
{
    int64_t strip = (1 << 18) / (t->dim * (int64_t)sizeof(float)) + 1, width = width_of(t);
    strip = round_up(strip, t->kernel->gemm->rows);
    for (int64_t first = 0; first < t->a->n; first += strip) {
        int64_t last = first + strip < t->a->n ? first + strip : t->a->n;
        for (int64_t column = 0; column < t->b->n; column += width) {
            int64_t end = t->same && column + width < last ? column + width : last;
            if (first < end)
                run_block(t, first, end, column);
        }
    }
}

/* Lower triangle from the upper one, by squares that stay in the first-level cache; then the diagonal of distances. */
static void mirror(const tile *t)
{
    enum { SQUARE = 32 };
    int64_t n = t->a->n;
    for (int64_t top = 0; top < n; top += SQUARE)
        for (int64_t left = 0; left <= top; left += SQUARE)
            for (int64_t i = top; i < n && i < top + SQUARE; i++)
                for (int64_t j = left; j < i && j < left + SQUARE; j++)
                    t->out[i * t->pitch + j] = t->out[j * t->pitch + i];
    for (int64_t i = 0; i < n && t->metric != FD_INNER; i++)
        t->out[i * t->pitch + i] = t->a->valid[i] ? 0 : NAN;
}

static fd_error *cpu_tile(fd_lane *lane, fd_metric metric, const fd_rows *a, const fd_rows *b, int64_t dim, int same, float *out, int64_t pitch)
{
    static const fd_distance_kernel *const kernels[FD_ISA_COUNT] = {
        [FD_ISA_SSE41] = &fd_distance_base, [FD_ISA_AVX2] = &fd_distance_avx2, [FD_ISA_AVX512] = &fd_distance_avx512};
    fd_error *err = NULL;
    void *scratch;
    tile t = {kernels[fd_cpu(lane->engine)->isa], metric, a, b, dim, same, out, pitch, NULL, {NULL, NULL}};
    int64_t padded_a = round_up(a->n, width_of(&t)), padded_b = round_up(b->n, width_of(&t));
    FD_TRY(fd_host_lane_scratch(lane, (size_t)(padded_a + padded_b * (dim + 1)) * sizeof(float), &scratch));
    t.packed = scratch;
    t.factor[0] = t.packed + padded_b * dim;
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
