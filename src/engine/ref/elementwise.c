/* Activations, scale and the broadcasting binary operators. */
#include <math.h>

#include "engine/ref/ref.h"

float fd_ref_activation(const fd_op_desc *d, float x, int64_t c)
{
    switch (d->activation) {
    case FD_ACT_NONE:
        return x;
    case FD_ACT_RELU:
        return x < 0 ? 0 : x;
    case FD_ACT_CLIP:
        return x < d->low ? d->low : x > d->high ? d->high : x;
    case FD_ACT_LEAKY:
        return x < 0 ? x * d->slope : x;
    case FD_ACT_PRELU:
        return x < 0 ? x * d->slopes[c] : x;
    case FD_ACT_SIGMOID:
        return (float)(1 / (1 + exp(-(double)x)));
    case FD_ACT_TANH:
        return (float)tanh((double)x);
    case FD_ACT_SQRT:
        return sqrtf(x);
    }
    return x;
}

/* Elements that follow axis 1 for each of its indices; channels of a tensor without axis 1 are one. */
static int64_t channels_of(const fd_tensor *t, int64_t *inner)
{
    *inner = 1;
    for (int i = 2; i < t->rank; i++)
        *inner *= t->dim[i];
    return t->rank > 1 ? t->dim[1] : 1;
}

void fd_ref_activate(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t inner, channels = channels_of(&d->input[0], &inner), n = fd_tensor_count(&d->input[0]);
    for (int64_t i = 0; i < n; i++)
        out[i] = fd_ref_activation(d, in[0][i], i / inner % channels);
}

void fd_ref_scale(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t inner, channels = channels_of(&d->input[0], &inner), n = fd_tensor_count(&d->input[0]);
    for (int64_t i = 0; i < n; i++) {
        int64_t c = i / inner % channels;
        out[i] = in[0][i] * (d->scale ? d->scale[c] : 1) + (d->bias ? d->bias[c] : 0);
    }
}

static float binary(fd_binary kind, float a, float b)
{
    switch (kind) {
    case FD_ADD:
        return a + b;
    case FD_SUB:
        return a - b;
    case FD_MUL:
        return a * b;
    case FD_DIV:
        return a / b;
    case FD_POW:
        return (float)pow((double)a, (double)b);
    }
    return a;
}

/* Strides of an operand along the output's axes: aligned at the last axis, 0 where the operand repeats. */
static void broadcast(const fd_tensor *operand, int rank, int64_t strides[FD_MAX_RANK])
{
    int64_t own[FD_MAX_RANK];
    fd_plain_strides(operand, own);
    for (int i = 0; i < rank; i++) {
        int axis = i - (rank - operand->rank);
        strides[i] = axis < 0 ? 0 : own[axis];
    }
}

typedef struct operand { const float *at; const int64_t *strides; } operand;

/* Walks the output in order; returns where it stopped writing. */
static float *combine(fd_binary kind, int rank, const int64_t *dim, operand a, operand b, float *out)
{
    if (rank == 0) {
        *out = binary(kind, *a.at, *b.at);
        return out + 1;
    }
    if (rank == 1) {
        for (int64_t i = 0; i < *dim; i++)
            out[i] = binary(kind, a.at[i * *a.strides], b.at[i * *b.strides]);
        return out + *dim;
    }
    for (int64_t i = 0; i < *dim; i++)
        out = combine(kind, rank - 1, dim + 1, (operand){a.at + i * *a.strides, a.strides + 1}, (operand){b.at + i * *b.strides, b.strides + 1}, out);
    return out;
}

void fd_ref_binary(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t strides[2][FD_MAX_RANK] = {{0}};
    const float *at[2];
    int next = 0;
    for (int k = 0; k < 2; k++) {
        at[k] = d->constant[k] ? d->constant[k] : in[next];
        broadcast(d->constant[k] ? &d->constant_shape : &d->input[next], d->output.rank, strides[k]);
        next += !d->constant[k];
    }
    combine(d->binary, d->output.rank, d->output.dim, (operand){at[0], strides[0]}, (operand){at[1], strides[1]}, out);
}
