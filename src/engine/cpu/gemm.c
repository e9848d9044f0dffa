/* Matrix products on PLAIN arrays. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/operators.h"
#include "engine/ref/ref.h"

typedef struct gemm_op {
    fd_op base;
    fd_primitive primitive;
    dnnl_memory_desc_t in, out, bias_desc;
    float *weights, *bias, *slopes;
    fd_op_desc how;               /* activation only; its slopes are ours */
    int residual;                 /* which input; -1: none */
    int64_t rows, columns;
} gemm_op;

/* What follows is small beside the product: plain C. */
static void finish_rows(const gemm_op *op, const float *residual, float *y)
{
    for (int64_t i = 0; i < op->rows; i++)
        for (int64_t o = 0; o < op->columns; o++, y++)
            *y = fd_ref_activation(&op->how, residual ? *y + *residual++ : *y, o);
}

static fd_error *gemm_run(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    fd_error *err = NULL;
    const gemm_op *op = (const gemm_op *)base;
    fd_argument arguments[] = {{DNNL_ARG_SRC, &op->in, inputs[0], 0},
                               {DNNL_ARG_WEIGHTS, &op->primitive.weights, op->weights, 0},
                               {DNNL_ARG_DST, &op->out, output, 0},
                               {DNNL_ARG_BIAS, &op->bias_desc, op->bias, 0}};
    FD_TRY(fd_primitive_run(&op->primitive, lane, arguments, op->bias ? 4 : 3, 1, scratch));
    if (op->residual >= 0 || op->how.activation != FD_ACT_NONE)
        finish_rows(op, op->residual < 0 ? NULL : inputs[op->residual], output);
done:
    return err;
}

static void gemm_release(fd_op *base)
{
    gemm_op *op = (gemm_op *)base;
    fd_primitive_close(&op->primitive);
    free(op->weights);
    free(op->bias);
    free(op->slopes);
    free(op);
}

static fd_error *copy_of(const float *from, int64_t n, float **out)
{
    fd_error *err = fd_alloc_aligned(out, (size_t)n, sizeof **out);
    if (!err)
        memcpy(*out, from, (size_t)n * sizeof **out);
    return err;
}

static fd_error *open_product(const fd_engine *e, const fd_op_desc *d, int64_t depth, gemm_op *op)
{
    dnnl_inner_product_desc_t desc;
    dnnl_memory_desc_t weights = {0};
    op->in = fd_plain_desc(2, (const int64_t[]){op->rows, depth});
    op->out = fd_plain_desc(2, (const int64_t[]){op->rows, op->columns});
    op->bias_desc = fd_plain_desc(1, (const int64_t[]){op->columns});
    dnnl_memory_desc_init_by_tag(&weights, 2, (dnnl_dims_t){op->columns, depth}, dnnl_f32, dnnl_format_tag_any);
    dnnl_status_t status = dnnl_inner_product_forward_desc_init(&desc, dnnl_forward_inference, &op->in, &weights, d->bias ? &op->bias_desc : NULL,
                                                                &op->out);
    if (status != dnnl_success)
        return FD_FAIL(FD_UNSUPPORTED, "oneDNN refuses product %s (status %d)", d->name, (int)status);
    return fd_primitive_open(e, &desc, NULL, &op->primitive);
}

fd_error *fd_cpu_prepare_gemm(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    gemm_op *op;
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base = (fd_op){.run = gemm_run, .release = gemm_release};
    op->rows = d->input[0].dim[0];
    op->columns = d->output.dim[1];
    op->residual = d->residual ? d->inputs - 1 : -1;
    op->how = (fd_op_desc){.activation = d->activation, .low = d->low, .high = d->high, .slope = d->slope};
    int64_t depth = fd_tensor_count(&d->input[0]) / op->rows;
    FD_TRY(open_product(e, d, depth, op));
    dnnl_memory_desc_t plain = fd_plain_desc(2, (const int64_t[]){op->columns, depth});
    FD_TRY(fd_primitive_reordered(e, &plain, d->weight, &op->primitive.weights, &op->weights));
    if (d->bias)
        FD_TRY(copy_of(d->bias, op->columns, &op->bias));
    if (d->activation == FD_ACT_PRELU)
        FD_TRY(copy_of(d->slopes, d->n_slopes, &op->slopes));
    op->how.slopes = op->slopes;
    op->base.scratch = op->primitive.scratch;
    *out = &op->base;
    return NULL;
done:
    if (op)
        gemm_release(&op->base);
    return err;
}
