/* Random examples of operators with bounds of their error.
 *
 * A bound: a sum of K products in float32, in any order, is off by at most K * 2^-24 * sum |x w| to first order; `weigh` finds that sum by
 * running the reference on absolute values. Activations do not stretch errors by more than the largest slope (1.5 here). */
#ifndef TESTS_OP_RANDOM_H
#define TESTS_OP_RANDOM_H

#include "op_check.h"

enum { MAX_INPUTS = 4 };

typedef struct fixture { fd_lane *ref, *cpu; uint64_t random; } fixture;

static inline uint32_t next(fixture *f)   /* xorshift64* */
{
    f->random ^= f->random >> 12;
    f->random ^= f->random << 25;
    f->random ^= f->random >> 27;
    return (uint32_t)(f->random * 0x2545F4914F6CDD1Dull >> 32);
}

static inline int64_t pick(fixture *f, int64_t low, int64_t high)
{
    return low + (int64_t)(next(f) % (uint32_t)(high - low + 1));
}

static inline float *numbers(fixture *f, int64_t n, float low, float high)
{
    float *x = malloc((size_t)n * sizeof *x + 64);
    for (int64_t i = 0; i < n; i++)
        x[i] = low + (high - low) * (float)(next(f) >> 8) * 0x1p-24f;
    return x;
}

/* An operator with its data. */
typedef struct example {
    fd_op_desc d;
    float *in[MAX_INPUTS], *own[4];
    int owned;
    double bound;          /* absolute; used where terms == 0 */
    int64_t terms;         /* of each sum of products */
    bool batched;          /* axis 0 is a batch everywhere */
} example;

static inline float *own(example *x, float *p)
{
    return x->own[x->owned++] = p;
}

static inline void fill_inputs(fixture *f, example *x, float low, float high)
{
    for (int k = 0; k < x->d.inputs; k++)
        x->in[k] = numbers(f, fd_tensor_count(&x->d.input[k]), low, high);
}

static inline void free_example(example *x)
{
    for (int k = 0; k < x->d.inputs; k++)
        free(x->in[k]);
    for (int k = 0; k < x->owned; k++)
        free(x->own[k]);
}

static inline void random_activation(fixture *f, example *x, int64_t channels)
{
    x->d.activation = (fd_activation)pick(f, FD_ACT_NONE, FD_ACT_TANH);
    x->d.low = (float)pick(f, -2, 1);
    x->d.high = x->d.low + 2;
    x->d.slope = 0.25f;
    x->d.slopes = own(x, numbers(f, channels, -1, 1.5f));
    x->d.n_slopes = channels;
}

/* |x| through |w|: what the bound needs. */
static inline float *weigh(fixture *f, const example *x, float *out)
{
    example a = *x;
    int64_t weights = x->d.kind == FD_OP_CONV ? x->d.output.dim[1] * (x->d.input[0].dim[1] / x->d.groups) * x->d.kernel[0] * x->d.kernel[1]
                                              : x->d.output.dim[1] * (fd_tensor_count(&x->d.input[0]) / x->d.input[0].dim[0]);
    float *weight = malloc((size_t)weights * sizeof *weight), *bias = malloc((size_t)x->d.output.dim[1] * sizeof *bias);
    const float *in[MAX_INPUTS];
    for (int64_t i = 0; i < weights; i++)
        weight[i] = fabsf(x->d.weight[i]);
    for (int64_t i = 0; x->d.bias && i < x->d.output.dim[1]; i++)
        bias[i] = fabsf(x->d.bias[i]);
    for (int k = 0; k < x->d.inputs; k++) {
        int64_t n = fd_tensor_count(&x->d.input[k]);
        float *copy = malloc((size_t)n * sizeof *copy + 4);
        for (int64_t i = 0; i < n; i++)
            copy[i] = fabsf(x->in[k][i]);
        in[k] = copy;
    }
    a.d.weight = weight;
    a.d.bias = x->d.bias ? bias : NULL;
    a.d.activation = FD_ACT_NONE;
    run_op(f->ref, FD_PLAIN, &a.d, in, out);
    for (int k = 0; k < x->d.inputs; k++)
        free((void *)(uintptr_t)in[k]);
    free(weight);
    free(bias);
    return out;
}

static inline void describe(const example *x, fd_layout layout)
{
    const fd_op_desc *d = &x->d;
    print_error("%s, layout %d, activation %d, residual %d, groups %d, max %d, padding counts %d\n", fd_op_kind_name(d->kind), (int)layout,
                (int)d->activation, d->residual, (int)d->groups, d->pool_max, d->count_include_pad);
    for (int axis = 0; axis < 2; axis++)
        print_error("kernel %d, stride %d, dilation %d, pads %d %d\n", (int)d->kernel[axis], (int)d->stride[axis], (int)d->dilation[axis],
                    (int)d->pad_begin[axis], (int)d->pad_end[axis]);
    for (int k = 0; k <= d->inputs; k++) {
        const fd_tensor *t = k == d->inputs ? &d->output : &d->input[k];
        print_error("%s", k == d->inputs ? "->" : "");
        for (int i = 0; i < t->rank; i++)
            print_error(" %d", (int)t->dim[i]);
        print_error(k == d->inputs ? "\n" : ",");
    }
}

#endif
