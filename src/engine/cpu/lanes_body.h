/* Kernels of FD_LANES, compiled once per instruction set; VL and KERNELS (the name of the table) are defined by the file that includes this
 * one. A pixel holds 16 samples: 16 / VL vectors, its parts. Whatever the block, an output is the same sum in the same order. */
#include "engine/cpu/block.h"
#include "engine/cpu/lanes_parts.h"

enum { L = FD_LANES_SAMPLES, PARTS = L / VL };

INLINE vec activate(const lanes_activation *a, vec x, int64_t channel)
{
    if (a->kind == LANES_SLOPES)
        return vec_prelu(x, vec_set(a->slopes[channel]));
    if (a->kind == LANES_CLIP)
        return vec_min(vec_set(a->high), vec_max(vec_set(a->low), x));
    return x;
}

/* `no` outputs from `first` on, of nv vectors from number `at` on (pixels times parts). */
INLINE void conv_block(int no, int nv, const lanes_conv *l, int64_t first, int64_t at, const float *in, const float *residual, float *out)
{
    const float *x[BLOCK_V];
    vec acc[BLOCK_O][BLOCK_V];
    UNROLL for (int v = 0; v < nv; v++)
        x[v] = in + l->start[(at + v) / PARTS] + (at + v) % PARTS * VL;
    block_sum(no, nv, x, l->offset, l->taps, l->weight + first * l->taps, l->bias + first, acc);
    UNROLL for (int o = 0; o < no; o++) {
        if (first + o == l->outputs)
            return;
        const int64_t to = (first + o) * l->pixels * L + at * VL;
        UNROLL for (int v = 0; v < nv; v++) {
            vec y = acc[o][v];
            if (residual)
                y += vec_load(residual + to + v * VL);
            vec_store(out + to + v * VL, activate(&l->activation, y, first + o));
        }
    }
}

/* `no` outputs of all pixels: their weights stay in the first-level cache. */
INLINE void conv_outputs(int no, const lanes_conv *l, int64_t first, const float *in, const float *residual, float *out)
{
    const int64_t n = l->pixels * PARTS;
    int64_t at = 0;
    for (; at + BLOCK_V <= n; at += BLOCK_V)
        conv_block(no, BLOCK_V, l, first, at, in, residual, out);
    if (BLOCK_V > 2 && at + 2 <= n) {
        conv_block(no, 2, l, first, at, in, residual, out);
        at += 2;
    }
    if (at < n)
        conv_block(no, 1, l, first, at, in, residual, out);
}

static void conv(const lanes_conv *l, const float *in, const float *residual, float *out)
{
    int64_t o = 0;
    for (; l->outputs - o > BLOCK_O / 2; o += BLOCK_O)
        conv_outputs(BLOCK_O, l, o, in, residual, out);
    if (o < l->outputs)
        conv_outputs(BLOCK_O / 2, l, o, in, residual, out);
}

/* Rows or columns of a window that lie inside the image: tap numbers low..high - 1. */
typedef struct span { int64_t low, high; } span;

static span inside(int64_t first, int64_t kernel, int64_t dilation, int64_t size)
{
    span s = {0, kernel};
    while (s.low < s.high && first + s.low * dilation < 0)
        s.low++;
    while (s.high > s.low && first + (s.high - 1) * dilation >= size)
        s.high--;
    return s;
}

/* Largest or sum of rows x columns taps from `at` on, `down` and `right` floats apart. */
INLINE void pool_window(bool max, int64_t rows, int64_t columns, const float *at, int64_t down, int64_t right, vec acc[PARTS])
{
    UNROLL for (int v = 0; v < PARTS; v++)
        acc[v] = vec_set(max ? -__builtin_inff() : 0.0f);
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            UNROLL for (int v = 0; v < PARTS; v++) {
                vec x = vec_load(at + i * down + j * right + v * VL);
                if (max)
                    acc[v] = vec_max(x, acc[v]);
                else
                    acc[v] += x;
            }
        }
    }
}

/* What a mean divides by: taps inside the image, or inside its padding, never those that hang over beyond it. */
static int64_t counted(const lanes_pool *p, int axis, int64_t first, int64_t size, span in)
{
    if (!p->count_padding)
        return in.high - in.low;
    span s = inside(first + p->pad[axis], p->kernel[axis], p->dilation[axis], size + p->pad[axis] + p->pad_end[axis]);
    return s.high - s.low;
}

static void pool_row(const lanes_pool *p, int64_t y, const float *plane, float *out)
{
    const int64_t top = y * p->stride[0] - p->pad[0], down = p->dilation[0] * p->width * L, right = p->dilation[1] * L;
    const span rows = inside(top, p->kernel[0], p->dilation[0], p->height);
    const int64_t height = counted(p, 0, top, p->height, rows);
    plane += (top + rows.low * p->dilation[0]) * p->width * L;
    for (int64_t x = 0; x < p->out_width; x++, out += L) {
        const int64_t left = x * p->stride[1] - p->pad[1];
        const span columns = inside(left, p->kernel[1], p->dilation[1], p->width);
        const float *at = plane + (left + columns.low * p->dilation[1]) * L;
        const int64_t m = rows.high - rows.low, n = columns.high - columns.low;
        vec acc[PARTS];
        if (p->max && m == 3 && n == 3) {
            pool_window(true, 3, 3, at, down, right, acc);
        } else if (p->max) {
            pool_window(true, m, n, at, down, right, acc);
        } else {
            vec by = vec_set((float)(height * counted(p, 1, left, p->width, columns)));
            pool_window(false, m, n, at, down, right, acc);
            UNROLL for (int v = 0; v < PARTS; v++)
                acc[v] = acc[v] / by;
        }
        UNROLL for (int v = 0; v < PARTS; v++)
            vec_store(out + v * VL, acc[v]);
    }
}

static void pool(const lanes_pool *p, const float *in, float *out)
{
    for (int64_t c = 0; c < p->channels; c++, in += p->height * p->width * L) {
        for (int64_t y = 0; y < p->out_height; y++, out += p->out_width * L)
            pool_row(p, y, in, out);
    }
}

static void scale(const float *factor, const float *shift, const lanes_activation *a, int64_t channels, int64_t pixels, const float *in, float *out)
{
    for (int64_t c = 0; c < channels; c++) {
        vec f = vec_set(factor ? factor[c] : 1.0f), s = vec_set(shift ? shift[c] : 0.0f);
        for (int64_t i = 0; i < pixels * L; i += VL, in += VL, out += VL) {
            vec x = vec_load(in);
            if (factor)
                x = x * f + s;
            vec_store(out, activate(a, x, c));
        }
    }
}

const lanes_kernels KERNELS = {BLOCK_O, conv, pool, scale};
