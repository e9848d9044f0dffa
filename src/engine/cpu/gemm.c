/* GEMM, and MATMUL by a constant matrix, on PLAIN arrays. */
#include "engine/cpu/gemm.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/transpose.h"
#include "engine/cpu/operators.h"
#include "engine/ref/ref.h"

typedef struct gemm_op {
    fd_op base;
    const fd_gemm_kernel *kernel;
    int64_t rows, depth, columns;
    float *weights;               /* [ceil(columns / width)][depth][width], zeros behind the last column */
    float *bias, *slopes;         /* NULL: none */
    fd_op_desc how;               /* activation only; its slopes are ours */
    int residual;                 /* which input; -1: none */
} gemm_op;

/* Asks for rows: short ones end before the processor foresees what follows them. */
static void fetch_rows(const float *rows, int64_t n, int64_t pitch, int64_t dim)
{
    enum { LINE = FD_ALIGN / sizeof(float) };
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < dim; k += LINE)
            __builtin_prefetch(rows + i * pitch + k, 0, 2);   /* to the second-level cache: a panel of long rows is more than the first holds */
}

void fd_gemm_pack(const float *rows, int64_t n, int64_t pitch, int64_t dim, int64_t width, float *panels)
{
    for (int64_t first = 0; first < n; first += width, panels += dim * width) {
        const int64_t count = n - first < width ? n - first : width, rest = n - first - count;
        fetch_rows(rows + (first + count) * pitch, rest < width ? rest : width, pitch, dim);
        if (count < width)
            memset(panels, 0, (size_t)(dim * width) * sizeof *panels);
        fd_transpose(rows + first * pitch, count, dim, pitch, panels, width);
    }
}

/* A finished tile becomes outputs (row, column)... of the operator. */
static void store(const gemm_op *op, const float *sum, int64_t row, int64_t column, const float *residual, float *out)
{
    int64_t rows = op->rows - row < op->kernel->rows ? op->rows - row : op->kernel->rows;
    int64_t columns = op->columns - column < op->kernel->width ? op->columns - column : op->kernel->width;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            int64_t at = (row + i) * op->columns + column + j;
            float y = sum[i * op->kernel->width + j] + (op->bias ? op->bias[column + j] : 0) + (residual ? residual[at] : 0);
            out[at] = fd_ref_activation(&op->how, y, column + j);
        }
}

/* Columns outside: their weights are read once for all rows that fit the cache. Missing rows repeat the last one. */
static fd_error *gemm_run(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const gemm_op *op = (const gemm_op *)base;
    const float *in = inputs[0], *residual = op->residual < 0 ? NULL : inputs[op->residual], *x[FD_GEMM_ROWS];
    _Alignas(FD_ALIGN) float sum[FD_GEMM_ROWS * FD_GEMM_WIDTH];
    for (int64_t column = 0; column < op->columns; column += op->kernel->width)
        for (int64_t row = 0; row < op->rows; row += op->kernel->rows) {
            for (int64_t i = 0; i < op->kernel->rows; i++)
                x[i] = in + (row + i < op->rows ? row + i : op->rows - 1) * op->depth;
            op->kernel->tile(x, op->depth, op->weights + column * op->depth, sum);
            store(op, sum, row, column, residual, output);
        }
    return NULL;
}

/* --- many samples -------------------------------------------------------------------------------------------------------------------- */

/* Panels of samples that are packed at a time: with a part of the depth they stay in the second-level cache (AVX-512: 192 x 512 floats, 384 KB) while all
 * the weights of that part pass by. The sums are those of gemm_run, to the bit: parts in the same order. */
enum { BLOCK_PANELS = 16 };

/* Rows first..first+rows-1 and terms from k on, against all weights. */
static void add_block(const gemm_op *op, const float *panels, int64_t first, int64_t rows, int64_t k, int64_t depth, float *out)
{
    const int64_t height = op->kernel->rows, width = op->kernel->width;
    _Alignas(FD_ALIGN) float edge[FD_GEMM_ROWS * FD_GEMM_WIDTH];
    for (int64_t column = 0; column < op->columns; column += width)
        for (int64_t row = 0; row < rows; row += height) {
            const float *x = panels + row * depth, *weight = op->weights + column * op->depth + k * width;
            const int64_t high = rows - row < height ? rows - row : height, wide = op->columns - column < width ? op->columns - column : width;
            float *to = out + (first + row) * op->columns + column;
            if (high == height && wide == width) {
                op->kernel->onto(x, depth, weight, k == 0, to, op->columns);
                continue;
            }
            op->kernel->onto(x, depth, weight, 1, edge, width);
            for (int64_t i = 0; i < high; i++)
                for (int64_t j = 0; j < wide; j++)
                    to[i * op->columns + j] = (k == 0 ? 0 : to[i * op->columns + j]) + edge[i * width + j];
        }
}

/* What comes after the sums. */
static void finish(const gemm_op *op, const float *residual, float *out)
{
    if (!op->bias && !residual && op->how.activation == FD_ACT_NONE)
        return;
    for (int64_t i = 0; i < op->rows; i++)
        for (int64_t j = 0; j < op->columns; j++) {
            const int64_t at = i * op->columns + j;
            const float y = out[at] + (op->bias ? op->bias[j] : 0) + (residual ? residual[at] : 0);
            out[at] = fd_ref_activation(&op->how, y, j);
        }
}

static fd_error *gemm_run_many(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    const gemm_op *op = (const gemm_op *)base;
    const float *in = inputs[0];
    const int64_t height = op->kernel->rows, step = height * BLOCK_PANELS;
    for (int64_t k = 0; k < op->depth; k += FD_GEMM_PART) {
        const int64_t depth = op->depth - k < FD_GEMM_PART ? op->depth - k : FD_GEMM_PART;
        for (int64_t row = 0; row < op->rows; row += step) {
            const int64_t rows = op->rows - row < step ? op->rows - row : step;
            fd_gemm_pack(in + row * op->depth + k, rows, op->depth, depth, height, scratch);
            add_block(op, scratch, row, rows, k, depth, output);
        }
    }
    finish(op, op->residual < 0 ? NULL : inputs[op->residual], output);
    return NULL;
}

/* --- preparing ----------------------------------------------------------------------------------------------------------------------- */

static void gemm_release(fd_op *base)
{
    gemm_op *op = (gemm_op *)base;
    free(op->weights);
    free(op->bias);
    free(op->slopes);
    free(op);
}

/* Terms first..first+rows-1 of weights [depth][columns] into all panels: so few rows at a time that their pages stay known to the processor. */
static void pack_rows(gemm_op *op, const float *from, int64_t first, int64_t rows)
{
    const int64_t width = op->kernel->width;
    for (int64_t column = 0; column < op->columns; column += width)
        for (int64_t k = first; k < first + rows; k++) {
            const int64_t count = op->columns - column < width ? op->columns - column : width;
            float *to = op->weights + column * op->depth + k * width;
            memcpy(to, from + k * op->columns + column, (size_t)count * sizeof *to);
            memset(to + count, 0, (size_t)(width - count) * sizeof *to);
        }
}

/* Weights as [columns][depth], or [depth][columns] when `turned`, into panels. */
static fd_error *pack(gemm_op *op, const float *from, bool turned)
{
    enum { CHUNK = 64 };
    const int64_t width = op->kernel->width, blocks = (op->columns + width - 1) / width;
    fd_error *err = fd_alloc_aligned(&op->weights, (size_t)(blocks * width * op->depth), sizeof(float));
    if (err)
        return err;
    if (!turned)
        fd_gemm_pack(from, op->columns, op->depth, op->depth, width, op->weights);
    for (int64_t k = 0; turned && k < op->depth; k += CHUNK)
        pack_rows(op, from, k, op->depth - k < CHUNK ? op->depth - k : CHUNK);
    return NULL;
}

static fd_error *copy_of(const float *from, int64_t n, float **out)
{
    fd_error *err = fd_alloc_aligned(out, (size_t)n, sizeof **out);
    if (!err)
        memcpy(*out, from, (size_t)n * sizeof **out);
    return err;
}

static fd_error *gemm_new(const fd_engine *e, int64_t rows, int64_t depth, int64_t columns, gemm_op **out)
{
    static const fd_gemm_kernel *const kernels[FD_ISA_COUNT] = {
        [FD_ISA_SSE41] = &fd_gemm_base, [FD_ISA_AVX2] = &fd_gemm_avx2, [FD_ISA_AVX512] = &fd_gemm_avx512};
    gemm_op *op;
    fd_error *err = fd_alloc(&op, 1, sizeof *op);
    *out = op;
    if (err)
        return err;
    op->base = (fd_op){.run = gemm_run, .release = gemm_release};
    op->kernel = kernels[fd_cpu(e)->isa];
    op->rows = rows;
    op->depth = depth;
    op->columns = columns;
    op->residual = -1;
    if (depth > 0 && rows >= 4 * op->kernel->rows) {   /* fewer are not worth packing */
        op->base.run = gemm_run_many;
        op->base.scratch = (size_t)(op->kernel->rows * BLOCK_PANELS * FD_GEMM_PART) * sizeof(float);
    }
    return NULL;
}

fd_error *fd_cpu_prepare_gemm(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    gemm_op *op;
    int64_t rows = d->input[0].dim[0], depth = fd_tensor_count(&d->input[0]) / rows;
    FD_TRY(gemm_new(e, rows, depth, d->output.dim[1], &op));
    FD_TRY(pack(op, d->weight, false));
    op->residual = d->residual ? d->inputs - 1 : -1;
    op->how = (fd_op_desc){.activation = d->activation, .low = d->low, .high = d->high, .slope = d->slope};
    if (d->bias)
        FD_TRY(copy_of(d->bias, op->columns, &op->bias));
    if (d->activation == FD_ACT_PRELU)
        FD_TRY(copy_of(d->slopes, d->n_slopes, &op->slopes));
    op->how.slopes = op->slopes;
    *out = &op->base;
    return NULL;
done:
    if (op)
        gemm_release(&op->base);
    return err;
}

bool fd_cpu_matmul_is_gemm(const fd_op_desc *d)
{
    return d->constant[1] && !d->constant[0] && d->constant_shape.rank == 2 && d->input[0].rank >= 2;
}

fd_error *fd_cpu_prepare_matmul(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    gemm_op *op;
    int64_t depth = d->constant_shape.dim[0], columns = d->constant_shape.dim[1];
    FD_TRY(gemm_new(e, fd_tensor_count(&d->input[0]) / depth, depth, columns, &op));
    FD_TRY(pack(op, d->constant[1], true));
    *out = &op->base;
    return NULL;
done:
    if (op)
        gemm_release(&op->base);
    return err;
}
