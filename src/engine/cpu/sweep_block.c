/* Blocks of rows: what sweeps of the cpu engine read. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/cpu.h"
#include "engine/cpu/sweep.h"
#include "engine/cpu/sweep_amx.h"
#include "engine/ref/ref.h"
#include "kernels/math/pair.h"

const fd_sweep_kernel *fd_sweep_kernel_of(const fd_engine *e)
{
    static const fd_sweep_kernel *const kernels[FD_ISA_COUNT] = {
        [FD_ISA_SSE41] = &fd_sweep_base, [FD_ISA_AVX2] = &fd_sweep_avx2, [FD_ISA_AVX512] = &fd_sweep_avx512};
    return kernels[fd_cpu(e)->isa];
}

static size_t round_up(int64_t n, int64_t to)
{
    return (size_t)((n + to - 1) / to * to);
}

/* Sizes of the parts of a block, in bytes. */
typedef struct sizes {
    bool matrix_unit;
    size_t row, left, right;
} sizes;

static sizes sizes_of(const fd_engine *e, const fd_block_desc *d)
{
    sizes s = {.matrix_unit = d->precision == FD_PRECISION_AUTO && fd_cpu(e)->isa == FD_ISA_AVX512 && fd_amx_usable()};
    s.row = (size_t)d->n * round_up(d->dim, FD_PAIR_LANES) * sizeof(float);
    if (s.matrix_unit)
        s.left = s.right = round_up(d->n, FD_SWEEP_PANEL) * round_up(d->dim, FD_AMX_DEPTH) * sizeof(uint16_t);
    else {
        const fd_gemm_kernel *gemm = fd_sweep_kernel_of(e)->gemm;
        s.left = ((size_t)d->n + (size_t)gemm->rows) * round_up(d->dim, FD_PAIR_LANES) * sizeof(float);
        s.right = round_up(d->n, gemm->width) * (size_t)d->dim * sizeof(float);
    }
    return s;
}

size_t fd_cpu_block_bytes(const fd_engine *e, const fd_block_desc *d)
{
    sizes s = sizes_of(e, d);
    return sizeof(fd_cpu_block) + s.row + s.left + s.right + (size_t)d->n * 2 * sizeof(double) + 5 * FD_ALIGN;
}

void fd_cpu_block_close(fd_block *block)
{
    fd_cpu_block *b = (fd_cpu_block *)block;
    if (!b)
        return;
    if (b->left != b->row)
        free(b->left);
    free(b->tail);
    free(b->row);
    free(b->factor);
    free(b->square);
    free(b->right);
    free(b);
}

static void take_rows(const fd_sweep_kernel *kernel, fd_cpu_block *b, const fd_block_desc *d)
{
    float largest = 0;
    for (int64_t i = 0; i < d->n; i++) {
        float *row = b->row + i * b->pitch;
        if (row != d->row + i * d->dim)
            memcpy(row, d->row + i * d->dim, (size_t)d->dim * sizeof *row);
        memset(row + d->dim, 0, (size_t)(b->pitch - d->dim) * sizeof *row);
        b->factor[i] = d->valid && !d->valid[i] ? NAN : fd_ref_factor(d->metric, 1 / sqrt(kernel->dot(row, row, b->pitch)));
        if (isnan(b->factor[i]))
            memset(row, 0, (size_t)d->dim * sizeof *row); /* infinity would pass any test */
        const float size = kernel->largest(row, b->pitch);
        largest = size > largest ? size : largest;
    }
    bool tame = largest > 0x1p-8F && largest < 0x1p8F;
    b->exponent = largest == 0 || tame || d->metric == FD_COSINE ? 0 : ilogbf(largest);
}

/* --- operands ------------------------------------------------------------------------------------------------------------------------ */

enum { SHELF = 96 };   /* rows that are made operands at a time: whole panels of every size there is */

/* Rows i.. of u[SHELF][pitch], FD_SWEEP_PANEL of them, as bfloat16: pairs of values, in words, row by row on the left and pair by pair on the right. */
static void put_halves(const fd_cpu_block *b, int64_t i, const float *u, int64_t pitch)
{
    enum { PAIRS = FD_AMX_DEPTH / 2, TILES = FD_SWEEP_PANEL * PAIRS }; /* words: of a tile's row; of a panel's tiles at one depth */
    const int64_t depth = (int64_t)round_up(b->base.dim, FD_AMX_DEPTH);
    uint32_t *left = (uint32_t *)b->left + i * depth / 2, *right = (uint32_t *)b->right + i * depth / 2;
    for (int64_t k = 0; k < depth; k += FD_AMX_DEPTH, left += TILES, right += TILES)
        for (int64_t r = 0; r < FD_SWEEP_PANEL; r++)
            for (int64_t p = 0; p < PAIRS; p++) {
                uint32_t bits[2];
                memcpy(bits, u + r * pitch + k + 2 * p, sizeof bits);
                left[r * PAIRS + p] = right[r / 16 * 16 * PAIRS + p * 16 + r % 16] = bits[0] >> 16 | (bits[1] & 0xffff0000u);
            }
}

/* u = row i as an operand, and what the error bound needs of it. */
static void take_operand(const fd_sweep_kernel *kernel, fd_cpu_block *b, int64_t i, float *u)
{
    double error, f = b->base.metric == FD_COSINE ? b->factor[i] : ldexp(1, -b->exponent);
    kernel->operand(b->row + i * b->pitch, f, b->matrix_unit, b->pitch, u, &b->square[i], &error);
    if (b->square[i] > 0 && b->square[i] < 0x1p-80)
        b->square[i] = -1;
    if (b->square[i] > 0) {
        b->rho = fmax(b->rho, sqrt(error / b->square[i]) * (1 + 1e-6));
        b->longest = fmax(b->longest, sqrt(b->square[i]) * (1 + 1e-6));
    }
}

/* Rows that are not usable, and those behind the last one, are zero. u: [SHELF][pitch], zeroed. */
static void take_operands(const fd_sweep_kernel *kernel, fd_cpu_block *b, float *u, int64_t pitch)
{
    const int64_t n = b->base.n, dim = b->base.dim;
    for (int64_t first = 0; first < n; first += SHELF) {
        for (int64_t i = first; i < first + SHELF; i++)
            if (i < n && !isnan(b->factor[i]))
                take_operand(kernel, b, i, u + (i - first) * pitch);
            else
                memset(u + (i - first) * pitch, 0, (size_t)pitch * sizeof *u);
        const int64_t end = first + SHELF < n ? first + SHELF : n;
        for (int64_t i = first; i < end && b->matrix_unit; i += FD_SWEEP_PANEL)
            put_halves(b, i, u + (i - first) * pitch, pitch);
        if (b->matrix_unit)
            continue;
        for (int64_t i = first; i < end && b->left != b->row; i++)
            memcpy((float *)b->left + i * b->pitch, u + (i - first) * pitch, (size_t)b->pitch * sizeof *u);
        fd_gemm_pack(u, end - first, pitch, dim, kernel->gemm->width, (float *)b->right + first * dim);
    }
}

/* The rows, copied but where they are ours to keep. */
static fd_error *open_rows(const fd_sweep_kernel *kernel, fd_cpu_block *b, const fd_block_desc *d)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&b->factor, (size_t)d->n, sizeof(double)));
    FD_TRY(fd_alloc(&b->square, (size_t)d->n, sizeof(double)));
    if (d->given && b->pitch == d->dim) {
        b->row = *d->given;
        *d->given = NULL;
    } else
        FD_TRY(fd_alloc_aligned(&b->row, (size_t)(d->n * b->pitch), sizeof(float)));
    take_rows(kernel, b, d);
done:
    return err;
}

static fd_error *open_left(const fd_sweep_kernel *kernel, fd_cpu_block *b)
{
    fd_error *err = NULL;
    if (!b->matrix_unit)
        FD_TRY(fd_alloc_aligned(&b->tail, (size_t)(kernel->gemm->rows * b->pitch), sizeof(float)));
    if (b->matrix_unit)
        FD_TRY(fd_alloc_aligned(&b->left, round_up(b->base.n, FD_SWEEP_PANEL) * round_up(b->base.dim, FD_AMX_DEPTH), sizeof(uint16_t)));
    else if (b->exponent == 0 && b->base.metric != FD_COSINE)
        b->left = b->row;
    else
        FD_TRY(fd_alloc_aligned(&b->left, (size_t)(b->base.n * b->pitch), sizeof(float)));
done:
    return err;
}

static void fill_tail(const fd_sweep_kernel *kernel, fd_cpu_block *b)
{
    const int64_t whole = b->base.n / kernel->gemm->rows * kernel->gemm->rows, rest = b->base.n - whole;
    memcpy(b->tail, (float *)b->left + whole * b->pitch, (size_t)(rest * b->pitch) * sizeof(float));
    memset(b->tail + rest * b->pitch, 0, (size_t)((kernel->gemm->rows - rest) * b->pitch) * sizeof(float));
}

fd_error *fd_cpu_block_open(fd_lane *lane, const fd_block_desc *d, fd_block **out)
{
    fd_error *err = NULL;
    fd_cpu_block *b = NULL;
    void *u;
    const sizes s = sizes_of(lane->engine, d);
    const fd_sweep_kernel *kernel = fd_sweep_kernel_of(lane->engine);
    assert(d->n >= 0 && d->n <= INT32_MAX && d->dim > 0);
    FD_TRY(fd_alloc(&b, 1, sizeof *b));
    b->base = (fd_block){d->metric, d->n, d->dim};
    b->matrix_unit = s.matrix_unit;
    b->pitch = (int64_t)round_up(d->dim, FD_PAIR_LANES);
    FD_TRY(open_rows(kernel, b, d));
    FD_TRY(open_left(kernel, b));
    FD_TRY(fd_alloc_aligned(&b->right, 1, s.right));
    const int64_t pitch = (int64_t)round_up(b->pitch, FD_AMX_DEPTH);
    FD_TRY(fd_host_lane_scratch(lane, (size_t)(SHELF * pitch) * sizeof(float), &u));
    memset(u, 0, (size_t)(SHELF * pitch) * sizeof(float));
    take_operands(kernel, b, u, pitch);
    if (!b->matrix_unit)
        fill_tail(kernel, b);
    *out = &b->base;
    b = NULL;
done:
    fd_cpu_block_close((fd_block *)b);
    return err;
}
