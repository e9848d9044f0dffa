/* Operators that only move numbers: copies of strided views, concat, gather, pad. */
#include <string.h>

#include "engine/ref/ref.h"

void fd_plain_strides(const fd_tensor *t, int64_t strides[FD_MAX_RANK])
{
    int64_t stride = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        strides[i] = t->dim[i] == 1 ? 0 : stride;
        stride *= t->dim[i];
    }
}

/* Copies a view of `in` (dim elements along each axis, `strides` apart, which may be negative or 0) in row-major order; returns the end of out. */
static float *copy_view(int rank, const int64_t *dim, const int64_t *strides, const float *in, float *out)
{
    if (rank == 0) {
        *out = *in;
        return out + 1;
    }
    if (rank == 1) {
        for (int64_t i = 0; i < *dim; i++)
            out[i] = in[i * *strides];
        return out + *dim;
    }
    for (int64_t i = 0; i < *dim; i++)
        out = copy_view(rank - 1, dim + 1, strides + 1, in + i * *strides, out);
    return out;
}

void fd_ref_copy(const fd_op_desc *d, const float *const *in, float *out)
{
    if (out != in[0])
        memcpy(out, in[0], (size_t)fd_tensor_count(&d->output) * sizeof(float));
}

void fd_ref_transpose(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t own[FD_MAX_RANK] = {0}, strides[FD_MAX_RANK];
    fd_plain_strides(&d->input[0], own);
    for (int i = 0; i < d->output.rank; i++)
        strides[i] = own[d->permutation[i]];
    copy_view(d->output.rank, d->output.dim, strides, in[0], out);
}

void fd_ref_slice(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t own[FD_MAX_RANK] = {0}, strides[FD_MAX_RANK];
    const float *first = in[0];
    fd_plain_strides(&d->input[0], own);
    for (int i = 0; i < d->output.rank; i++) {
        strides[i] = own[i] * d->step[i];
        first += own[i] * d->start[i];
    }
    copy_view(d->output.rank, d->output.dim, strides, first, out);
}

void fd_ref_expand(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t own[FD_MAX_RANK] = {0}, strides[FD_MAX_RANK];
    int missing = d->output.rank - d->input[0].rank;
    fd_plain_strides(&d->input[0], own);
    for (int i = 0; i < d->output.rank; i++)
        strides[i] = i < missing ? 0 : own[i - missing];
    copy_view(d->output.rank, d->output.dim, strides, in[0], out);
}

/* Products of the axes before and after `axis`. */
static void around(const fd_tensor *t, int axis, int64_t *outer, int64_t *inner)
{
    *outer = *inner = 1;
    for (int i = 0; i < t->rank; i++)
        *(i < axis ? outer : inner) *= i == axis ? 1 : t->dim[i];
}

void fd_ref_concat(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t outer, inner;
    around(&d->output, d->axis, &outer, &inner);
    for (int64_t i = 0; i < outer; i++)
        for (int k = 0; k < d->inputs; k++) {
            int64_t run = d->input[k].dim[d->axis] * inner;
            memcpy(out, in[k] + i * run, (size_t)run * sizeof *out);
            out += run;
        }
}

void fd_ref_gather(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t outer, inner, size = d->input[0].dim[d->axis];
    around(&d->input[0], d->axis, &outer, &inner);
    for (int64_t i = 0; i < outer; i++)
        for (int64_t k = 0; k < d->n_indices; k++, out += inner)
            memcpy(out, in[0] + (i * size + d->indices[k]) * inner, (size_t)inner * sizeof *out);
}

/* The source index of a padded position along one axis: -1 for the constant. Reflection does not repeat the border. */
static int64_t source_of(int64_t at, int64_t size, int mode)
{
    if (at >= 0 && at < size)
        return at;
    if (mode == 0 || size == 0)
        return -1;
    if (mode == 2)
        return at < 0 ? 0 : size - 1;
    int64_t period = size > 1 ? 2 * (size - 1) : 1, folded = (at % period + period) % period;
    return folded < size ? folded : period - folded;
}

/* Pads axis `axis` and those after it; `in` NULL stands for a region that is all constant. */
static float *pad(const fd_op_desc *d, int axis, const int64_t *strides, const float *in, float *out)
{
    if (axis == d->output.rank) {
        *out = in ? *in : d->pad_value;
        return out + 1;
    }
    for (int64_t i = 0; i < d->output.dim[axis]; i++) {
        int64_t from = source_of(i - d->before[axis], d->input[0].dim[axis], d->pad_mode);
        out = pad(d, axis + 1, strides, in && from >= 0 ? in + from * strides[axis] : NULL, out);
    }
    return out;
}

void fd_ref_pad(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t strides[FD_MAX_RANK] = {0};
    fd_plain_strides(&d->input[0], strides);
    pad(d, 0, strides, in[0], out);
}
