/* Reductions, softmax and norms along axes. */
#include <math.h>

#include "engine/ref/ref.h"

/* Sum of x (or of x * x) over a view. */
static double sum_view(int rank, const int64_t *dim, const int64_t *strides, const float *in, int squared)
{
    if (rank == 0)
        return squared ? (double)*in * (double)*in : (double)*in;
    double sum = 0;
    for (int64_t i = 0; i < *dim; i++)
        sum += sum_view(rank - 1, dim + 1, strides + 1, in + i * *strides, squared);
    return sum;
}

typedef struct view { int rank; int64_t dim[FD_MAX_RANK], strides[FD_MAX_RANK]; } view;

static float *reduce(const fd_op_desc *d, int axis, const view *kept, const view *gone, const float *in, float *out)
{
    if (axis < kept->rank) {
        for (int64_t i = 0; i < kept->dim[axis]; i++)
            out = reduce(d, axis + 1, kept, gone, in + i * kept->strides[axis], out);
        return out;
    }
    double sum = sum_view(gone->rank, gone->dim, gone->strides, in, d->reduce == FD_REDUCE_L2), n = 1;
    for (int i = 0; i < gone->rank; i++)
        n *= (double)gone->dim[i];
    *out = (float)(d->reduce == FD_REDUCE_L2 ? sqrt(sum) : d->reduce == FD_REDUCE_MEAN ? sum / n : sum);
    return out + 1;
}

void fd_ref_reduce(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t strides[FD_MAX_RANK];
    view kept = {0}, gone = {0};
    fd_plain_strides(&d->input[0], strides);
    for (int i = 0; i < d->input[0].rank; i++) {
        view *v = d->axes[i] ? &gone : &kept;
        v->dim[v->rank] = d->input[0].dim[i];
        v->strides[v->rank++] = strides[i];
    }
    reduce(d, 0, &kept, &gone, in[0], out);
}

/* Rows of n elements, `inner` apart, that softmax and lpnorm work on: `outer` * inner of them. */
typedef struct rows { int64_t outer, n, inner; } rows;

static rows rows_along(const fd_op_desc *d, int flat)
{
    rows r = {1, 1, 1};
    const fd_tensor *t = &d->input[0];
    for (int i = 0; i < t->rank; i++)
        *(i < d->axis ? &r.outer : i == d->axis || flat ? &r.n : &r.inner) *= t->dim[i];
    return r;
}

static void softmax_row(const float *x, float *y, int64_t n, int64_t step)
{
    float largest = -INFINITY;
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        largest = x[i * step] > largest ? x[i * step] : largest;
    for (int64_t i = 0; i < n; i++)
        sum += exp((double)x[i * step] - (double)largest);
    for (int64_t i = 0; i < n; i++)
        y[i * step] = (float)(exp((double)x[i * step] - (double)largest) / sum);
}

void fd_ref_softmax(const fd_op_desc *d, const float *const *in, float *out)
{
    rows r = rows_along(d, d->flat);
    for (int64_t i = 0; i < r.outer; i++)
        for (int64_t j = 0; j < r.inner; j++)
            softmax_row(in[0] + i * r.n * r.inner + j, out + i * r.n * r.inner + j, r.n, r.inner);
}

/* A row of zeros stays zero. */
static void lpnorm_row(const float *x, float *y, int p, int64_t n, int64_t step)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += p == 1 ? fabs((double)x[i * step]) : (double)x[i * step] * (double)x[i * step];
    double norm = p == 1 ? sum : sqrt(sum);
    for (int64_t i = 0; i < n; i++)
        y[i * step] = norm == 0 ? 0 : (float)((double)x[i * step] / norm);
}

void fd_ref_lpnorm(const fd_op_desc *d, const float *const *in, float *out)
{
    rows r = rows_along(d, 0);
    for (int64_t i = 0; i < r.outer; i++)
        for (int64_t j = 0; j < r.inner; j++)
            lpnorm_row(in[0] + i * r.n * r.inner + j, out + i * r.n * r.inner + j, d->p, r.n, r.inner);
}
