/* Blocks of rows: what sweeps of the cpu engine read. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/cpu.h"
#include "engine/cpu/sweep.h"
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
        s.left = s.row;
        s.right = round_up(d->n, fd_sweep_kernel_of(e)->gemm->width) * (size_t)d->dim * sizeof(float);
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
    free(b->row);
    free(b->factor);
    free(b->square);
    free(b->right);
    free(b);
}

static void take_rows(fd_cpu_block *b, const fd_block_desc *d)
{
    float largest = 0;
    for (int64_t i = 0; i < d->n; i++) {
        float *row = b->row + i * b->pitch;
        memcpy(row, d->row + i * d->dim, (size_t)d->dim * sizeof *row);
        memset(row + d->dim, 0, (size_t)(b->pitch - d->dim) * sizeof *row);
        b->factor[i] = d->valid && !d->valid[i] ? NAN : fd_ref_row_factor(d->metric, row, d->dim);
        if (isnan(b->factor[i]))
            memset(row, 0, (size_t)d->dim * sizeof *row); /* infinity would pass any test */
        for (int64_t k = 0; k < d->dim; k++)
            largest = fabsf(row[k]) > largest ? fabsf(row[k]) : largest;
    }
    bool tame = largest > 0x1p-8F && largest < 0x1p8F;
    b->exponent = largest == 0 || tame || d->metric == FD_COSINE ? 0 : ilogbf(largest);
}

/* Row i as an operand on either side of a product: pairs of values, in words. */
static void put_half(const fd_cpu_block *b, int64_t i, const float *u)
{
    enum { PAIRS = FD_AMX_DEPTH / 2, TILES = FD_SWEEP_PANEL * PAIRS }; /* words: of a tile's row; of a panel's tiles at one depth */
    int64_t panel = i / FD_SWEEP_PANEL * (int64_t)round_up(b->base.dim, FD_AMX_DEPTH) / FD_AMX_DEPTH * TILES, in = i % FD_SWEEP_PANEL;
    uint32_t *left = (uint32_t *)b->left + panel + in * PAIRS, *right = (uint32_t *)b->right + panel + in / 16 * 16 * PAIRS + in % 16;
    for (int64_t k = 0; k < (int64_t)round_up(b->base.dim, FD_AMX_DEPTH); k += 2) {
        uint32_t bits[2];
        memcpy(bits, u + k, sizeof bits);
        int64_t tile = k / FD_AMX_DEPTH * TILES, at = k % FD_AMX_DEPTH / 2;
        left[tile + at] = right[tile + at * 16] = bits[0] >> 16 | (bits[1] & 0xffff0000u);
    }
}

static void put_float(const fd_cpu_block *b, int64_t width, int64_t i, const float *u)
{
    if (b->left != b->row && i < b->base.n)
        memcpy((float *)b->left + i * b->pitch, u, (size_t)b->pitch * sizeof *u);
    float *right = (float *)b->right + i / width * width * b->base.dim + i % width;
    for (int64_t k = 0; k < b->base.dim; k++)
        right[k * width] = u[k];
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

/* Rows that are not usable, and those behind the last one, are zero. */
static void take_operands(const fd_sweep_kernel *kernel, fd_cpu_block *b, float *u)
{
    const int64_t width = kernel->gemm->width, padded = (int64_t)round_up(b->base.n, b->matrix_unit ? FD_SWEEP_PANEL : width);
    const size_t bytes = round_up(b->pitch, FD_AMX_DEPTH) * sizeof *u;
    memset(u, 0, bytes);
    for (int64_t i = 0; i < padded; i++) {
        if (i < b->base.n && !isnan(b->factor[i]))
            take_operand(kernel, b, i, u);
        else
            memset(u, 0, bytes);
        if (b->matrix_unit)
            put_half(b, i, u);
        else
            put_float(b, width, i, u);
    }
}

fd_error *fd_cpu_block_open(fd_lane *lane, const fd_block_desc *d, fd_block **out)
{
    fd_error *err = NULL;
    fd_cpu_block *b = NULL;
    void *u;
    sizes s = sizes_of(lane->engine, d);
    assert(d->n >= 0 && d->n <= INT32_MAX && d->dim > 0);
    FD_TRY(fd_alloc(&b, 1, sizeof *b));
    b->base = (fd_block){d->metric, d->n, d->dim};
    b->matrix_unit = s.matrix_unit;
    b->pitch = (int64_t)round_up(d->dim, FD_PAIR_LANES);
    FD_TRY(fd_alloc_aligned(&b->row, 1, s.row));
    FD_TRY(fd_alloc(&b->factor, (size_t)d->n, sizeof(double)));
    FD_TRY(fd_alloc(&b->square, (size_t)d->n, sizeof(double)));
    take_rows(b, d);
    b->left = b->row;
    if (b->matrix_unit || b->exponent || d->metric == FD_COSINE) {
        b->left = NULL;
        FD_TRY(fd_alloc_aligned(&b->left, 1, s.left));
    }
    FD_TRY(fd_alloc_aligned(&b->right, 1, s.right));
    FD_TRY(fd_host_lane_scratch(lane, round_up(b->pitch, FD_AMX_DEPTH) * sizeof(float), &u));
    take_operands(fd_sweep_kernel_of(lane->engine), b, u);
    *out = &b->base;
    b = NULL;
done:
    fd_cpu_block_close((fd_block *)b);
    return err;
}
