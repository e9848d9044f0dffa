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
INLINE void conv_block(int no, int nv, const lanes_conv *l, int64_t first, int64_t at, lanes_arrays a)
{
    const float *x[BLOCK_V];
    vec acc[BLOCK_O][BLOCK_V];
    UNROLL for (int v = 0; v < nv; v++)
        x[v] = a.in + l->start[(at + v) / PARTS] + (at + v) % PARTS * VL;
    block_sum(no, nv, x, (block_taps){l->offset, l->taps, l->weight + first * l->taps, l->bias + first}, acc);
    UNROLL for (int o = 0; o < no; o++) {
        if (first + o == l->outputs)
            return;
        const int64_t to = (first + o) * l->pixels * L + at * VL;
        UNROLL for (int v = 0; v < nv; v++) {
            vec y = acc[o][v];
            if (a.residual)
                y += vec_load(a.residual + to + v * VL);
            vec_store(a.out + to + v * VL, activate(&l->activation, y, first + o));
        }
    }
}

/* `no` outputs of all pixels: their weights stay in the first-level cache. */
INLINE void conv_outputs(int no, const lanes_conv *l, int64_t first, lanes_arrays a)
{
    const int64_t n = l->pixels * PARTS;
    int64_t at = 0;
    for (; at + BLOCK_V <= n; at += BLOCK_V)
        conv_block(no, BLOCK_V, l, first, at, a);
    if (BLOCK_V > 2 && at + 2 <= n) {
        conv_block(no, 2, l, first, at, a);
        at += 2;
    }
    if (at < n)
        conv_block(no, 1, l, first, at, a);
}

static void conv(const lanes_conv *l, lanes_arrays a)
{
    int64_t o = 0;
    for (; l->outputs - o > BLOCK_O / 2; o += BLOCK_O)
        conv_outputs(BLOCK_O, l, o, a);
    if (o < l->outputs)
        conv_outputs(BLOCK_O / 2, l, o, a);
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

/* rows x columns taps, `down` and `right` floats apart. */
typedef struct window { int64_t rows, columns, down, right; } window;

/* Largest or sum of a window's taps from `at` on. */
INLINE void pool_window(bool max, window w, const float *at, vec acc[PARTS])
{
    UNROLL for (int v = 0; v < PARTS; v++)
        acc[v] = vec_set(max ? -__builtin_inff() : 0.0f);
    for (int64_t i = 0; i < w.rows; i++) {
        for (int64_t j = 0; j < w.columns; j++) {
            UNROLL for (int v = 0; v < PARTS; v++) {
                vec x = vec_load(at + i * w.down + j * w.right + v * VL);
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
            pool_window(true, (window){3, 3, down, right}, at, acc);
        } else if (p->max) {
            pool_window(true, (window){m, n, down, right}, at, acc);
        } else {
            vec by = vec_set((float)(height * counted(p, 1, left, p->width, columns)));
            pool_window(false, (window){m, n, down, right}, at, acc);
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

static void scale(const lanes_scale *s, const float *in, float *out)
{
    for (int64_t c = 0; c < s->channels; c++) {
        const vec factor = vec_set(s->scale ? s->scale[c] : 1.0f), shift = vec_set(s->scale ? s->shift[c] : 0.0f);
        for (int64_t i = 0; i < s->pixels * L; i += VL, in += VL, out += VL) {
            vec x = vec_load(in);
            if (s->scale)
                x = x * factor + shift;
            vec_store(out, activate(&s->activation, x, c));
        }
    }
}

const lanes_kernels KERNELS = {BLOCK_O, conv, pool, scale};
