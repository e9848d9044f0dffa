/* Operators that only move numbers: each is a copy between strided views, but for padding and gathering. */
#include <string.h>

#include "engine/cuda/operators.h"

static fd_error *run_views(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    fd_error *err = NULL;
    for (int k = 0; k < op->inputs; k++)
        FD_CUDA(op->engine, fd_copy_view(op->move.view[k], in[k] + op->move.from[k], out + op->move.to[k], fd_cuda_stream(lane)));
done:
    return err;
}

/* A view of input k that fills an output of these dimensions in order. */
static fd_view *view_over(fd_cuda_op *op, int k, const fd_tensor *output)
{
    fd_view *v = &op->move.view[k];
    v->rank = output->rank;
    memcpy(v->dim, output->dim, (size_t)output->rank * sizeof *v->dim);
    fd_cuda_strides(output, v->to);
    op->run = run_views;
    return v;
}

fd_error *fd_cuda_prepare_transpose(fd_cuda_op *op, const fd_op_desc *d)
{
    int64_t own[FD_MAX_RANK] = {0};
    fd_view *v = view_over(op, 0, &d->output);
    fd_cuda_strides(&d->input[0], own);
    for (int i = 0; i < v->rank; i++)
        v->from[i] = own[d->permutation[i]];
    return NULL;
}

fd_error *fd_cuda_prepare_slice(fd_cuda_op *op, const fd_op_desc *d)
{
    int64_t own[FD_MAX_RANK] = {0};
    fd_view *v = view_over(op, 0, &d->output);
    fd_cuda_strides(&d->input[0], own);
    for (int i = 0; i < v->rank; i++) {
        v->from[i] = own[i] * d->step[i];
        op->move.from[0] += own[i] * d->start[i];
    }
    return NULL;
}

fd_error *fd_cuda_prepare_expand(fd_cuda_op *op, const fd_op_desc *d)
{
    int64_t own[FD_MAX_RANK] = {0};
    fd_view *v = view_over(op, 0, &d->output);
    const int missing = d->output.rank - d->input[0].rank;
    fd_cuda_strides(&d->input[0], own);
    for (int i = missing; i < v->rank; i++)
        v->from[i] = own[i - missing];
    return NULL;
}

/* Each input is a run of [outer][its size * inner] between those of the others. */
fd_error *fd_cuda_prepare_concat(fd_cuda_op *op, const fd_op_desc *d)
{
    int64_t outer = 1, inner = 1, at = 0;
    for (int i = 0; i < d->output.rank; i++)
        *(i < d->axis ? &outer : &inner) *= i == d->axis ? 1 : d->output.dim[i];
    const int64_t row = d->output.dim[d->axis] * inner;
    for (int k = 0; k < d->inputs; k++) {
        const int64_t run = d->input[k].dim[d->axis] * inner;
        op->move.view[k] = (fd_view){.rank = 2, .dim = {outer, run}, .from = {run, 1}, .to = {row, 1}};
        op->move.to[k] = at;
        at += run;
    }
    op->run = run_views;
    return NULL;
}

static fd_error *run_copy(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    if (in[0] == out)
        return NULL;
    const int error = (int)cudaMemcpyAsync(out, in[0], (size_t)op->n * sizeof(float), cudaMemcpyDeviceToDevice, fd_cuda_stream(lane));
    return fd_cuda_error(op->engine, error, "copying an array");
}

fd_error *fd_cuda_prepare_copy(fd_cuda_op *op, const fd_op_desc *d)
{
    (void)d;
    op->run = run_copy;
    return NULL;
}

static fd_error *run_pad(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    return fd_cuda_error(op->engine, fd_pad_op(op->pad, in[0], out, fd_cuda_stream(lane)), "padding");
}

fd_error *fd_cuda_prepare_pad(fd_cuda_op *op, const fd_op_desc *d)
{
    op->pad = (fd_pad){.rank = d->output.rank, .mode = d->pad_mode, .value = d->pad_value};
    for (int i = 0; i < d->output.rank; i++) {
        op->pad.dim[i] = d->output.dim[i];
        op->pad.size[i] = d->input[0].dim[i];
        op->pad.before[i] = d->before[i];
    }
    op->run = run_pad;
    return NULL;
}

static fd_error *run_gather(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    return fd_cuda_error(op->engine, fd_gather(op->gather.shape, in[0], op->gather.index, out, fd_cuda_stream(lane)), "gathering");
}

fd_error *fd_cuda_prepare_gather(fd_cuda_op *op, const fd_op_desc *d)
{
    fd_gathering *g = &op->gather.shape;
    *g = (fd_gathering){.outer = 1, .size = d->input[0].dim[d->axis], .inner = 1, .count = d->n_indices};
    for (int i = 0; i < d->input[0].rank; i++)
        *(i < d->axis ? &g->outer : &g->inner) *= i == d->axis ? 1 : d->input[0].dim[i];
    op->run = run_gather;
    return fd_cuda_op_keep(op, d->indices, (size_t)d->n_indices * sizeof *d->indices, &op->gather.index);
}
