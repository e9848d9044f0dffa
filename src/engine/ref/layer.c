/* Convolution, matrix products and pooling, as their definitions say. */
#include <math.h>

#include "engine/ref/ref.h"

fd_image_shape fd_image_shape_of(const fd_tensor *t)
{
    fd_image_shape s = {1, 1, 1, 1};
    if (t->rank > 0)
        s.n = t->dim[0];
    if (t->rank > 1)
        s.c = t->dim[1];
    if (t->rank == 3)
        s.w = t->dim[2];
    if (t->rank > 3) {
        s.h = t->dim[2];
        s.w = t->dim[3];
    }
    return s;
}

enum { SPAN = 64 };   /* output pixels of a row that are summed together: short enough for the stack */

static int64_t clip(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* sum[x] = the weighted sum under the window of output pixel (y, first + x), x < n <= SPAN. `in` is the first plane of the group. */
static void convolve(const fd_op_desc *d, const float *in, const float *weight, int64_t y, int64_t first, int64_t n, double *sum)
{
    fd_image_shape s = fd_image_shape_of(&d->input[0]);
    int64_t step = d->stride[1];
    for (int64_t x = 0; x < n; x++)
        sum[x] = 0;
    for (int64_t i = 0; i < d->kernel[0]; i++) {
        int64_t row = y * d->stride[0] - d->pad_begin[0] + i * d->dilation[0];
        for (int64_t j = 0; j < d->kernel[1] && row >= 0 && row < s.h; j++) {
            int64_t column = first * step - d->pad_begin[1] + j * d->dilation[1];      /* of x = 0; may lie outside the image */
            int64_t low = clip((step - 1 - column) / step, 0, n), high = column >= s.w ? 0 : clip((s.w - 1 - column) / step + 1, 0, n);
            for (int64_t c = 0; c < s.c / d->groups; c++) {
                const float *line = in + (c * s.h + row) * s.w;
                double w = (double)weight[(c * d->kernel[0] + i) * d->kernel[1] + j];
                for (int64_t x = low; x < high; x++)
                    sum[x] += (double)line[column + x * step] * w;
            }
        }
    }
}

void fd_ref_conv(const fd_op_desc *d, const float *const *in, float *out)
{
    fd_image_shape s = fd_image_shape_of(&d->input[0]), o = fd_image_shape_of(&d->output);
    const float *residual = d->residual ? in[d->inputs - 1] : NULL;
    int64_t per_group = s.c / d->groups, window = per_group * d->kernel[0] * d->kernel[1], at = 0;
    double sum[SPAN];
    for (int64_t row = 0; row < o.n * o.c * o.h; row++) {
        int64_t n = row / o.h / o.c, c = row / o.h % o.c, y = row % o.h, group = c / (o.c / d->groups);
        const float *planes = in[0] + (n * s.c + group * per_group) * s.h * s.w;
        for (int64_t x = 0; x < o.w; x++, at++) {
            if (x % SPAN == 0)
                convolve(d, planes, d->weight + c * window, y, x, o.w - x < SPAN ? o.w - x : SPAN, sum);
            double total = sum[x % SPAN] + (d->bias ? (double)d->bias[c] : 0) + (residual ? (double)residual[at] : 0);
            out[at] = fd_ref_activation(d, (float)total, c);
        }
    }
}

void fd_ref_gemm(const fd_op_desc *d, const float *const *in, float *out)
{
    int64_t rows = d->input[0].dim[0], depth = fd_tensor_count(&d->input[0]) / rows, columns = d->output.dim[1];
    const float *residual = d->residual ? in[d->inputs - 1] : NULL;
    for (int64_t n = 0; n < rows; n++)
        for (int64_t o = 0; o < columns; o++) {
            double sum = 0;
            for (int64_t k = 0; k < depth; k++)
                sum += (double)in[0][n * depth + k] * (double)d->weight[o * depth + k];
            sum += (d->bias ? (double)d->bias[o] : 0) + (residual ? (double)residual[n * columns + o] : 0);
            out[n * columns + o] = fd_ref_activation(d, (float)sum, o);
        }
}

/* Offset of matrix number `index` (counted over the output's leading axes) of an operand whose leading axes broadcast. */
static int64_t matrix_offset(const fd_tensor *operand, const fd_tensor *output, int64_t index)
{
    int64_t stride = 1, offset = 0;
    for (int back = 1; back <= operand->rank; back++) {
        int64_t size = operand->dim[operand->rank - back];
        if (back > 2) {
            int64_t outer = output->dim[output->rank - back], i = index % outer;
            index /= outer;
            offset += size == 1 ? 0 : i * stride;
        }
        stride *= size;
    }
    return offset;
}

/* ONNX MatMul for operands of two axes or more. */
void fd_ref_matmul(const fd_op_desc *d, const float *const *in, float *out)
{
    const fd_tensor *a = d->constant[0] ? &d->constant_shape : &d->input[0];
    const fd_tensor *b = d->constant[1] ? &d->constant_shape : &d->input[d->constant[0] ? 0 : 1];
    const float *left = d->constant[0] ? d->constant[0] : in[0], *right = d->constant[1] ? d->constant[1] : in[d->constant[0] ? 0 : 1];
    int64_t rows = a->dim[a->rank - 2], depth = a->dim[a->rank - 1], columns = b->dim[b->rank - 1];
    int64_t matrices = rows * columns == 0 ? 0 : fd_tensor_count(&d->output) / (rows * columns);
    for (int64_t m = 0; m < matrices; m++) {
        const float *x = left + matrix_offset(a, &d->output, m), *y = right + matrix_offset(b, &d->output, m);
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++) {
                double sum = 0;
                for (int64_t k = 0; k < depth; k++)
                    sum += (double)x[i * depth + k] * (double)y[k * columns + j];
                out[(m * rows + i) * columns + j] = (float)sum;
            }
    }
}

/* How many positions of a window lie in [low, high). */
static int64_t positions(int64_t first, int64_t n, int64_t step, int64_t low, int64_t high)
{
    int64_t inside = 0;
    for (int64_t i = 0; i < n; i++)
        inside += first + i * step >= low && first + i * step < high;
    return inside;
}

/* One output pixel of a pool over one plane of h x w. A mean counts what lies inside the image, with count_include_pad also the padding, but
 * never what hangs over beyond it (ceil_mode). */
static float pool(const fd_op_desc *d, const float *plane, int64_t h, int64_t w, const int64_t at[2])
{
    int64_t top = at[0] * d->stride[0] - d->pad_begin[0], left = at[1] * d->stride[1] - d->pad_begin[1];
    double sum = 0;
    float largest = -INFINITY;
    for (int64_t i = 0; i < d->kernel[0]; i++)
        for (int64_t j = 0; j < d->kernel[1]; j++) {
            int64_t row = top + i * d->dilation[0], column = left + j * d->dilation[1];
            if (row < 0 || row >= h || column < 0 || column >= w)
                continue;
            float x = plane[row * w + column];
            sum += (double)x;
            largest = x > largest ? x : largest;
        }
    if (d->pool_max)
        return largest;
    int64_t grow = d->count_include_pad ? 1 : 0;
    int64_t rows = positions(top, d->kernel[0], d->dilation[0], -grow * d->pad_begin[0], h + grow * d->pad_end[0]);
    int64_t columns = positions(left, d->kernel[1], d->dilation[1], -grow * d->pad_begin[1], w + grow * d->pad_end[1]);
    return (float)(sum / (double)(rows * columns));
}

void fd_ref_pool(const fd_op_desc *d, const float *const *in, float *out)
{
    fd_image_shape s = fd_image_shape_of(&d->input[0]), o = fd_image_shape_of(&d->output);
    for (int64_t plane = 0; plane < o.n * o.c; plane++)
        for (int64_t y = 0; y < o.h; y++)
            for (int64_t x = 0; x < o.w; x++)
                *out++ = pool(d, in[0] + plane * s.h * s.w, s.h, s.w, (const int64_t[2]){y, x});
}
