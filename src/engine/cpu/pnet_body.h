/* Kernels of the fused P-Net: pixels in the lanes, weights broadcast. Compiled once per instruction set; VL and KERNELS (the name of the
 * table) are defined by the file that includes this one. Every lane sees the same operations in the same order wherever it lies, so a
 * cell's bytes do not depend on the image's size nor on how it was cut. */
#include "engine/cpu/block.h"
#include "engine/cpu/pnet_parts.h"
#include "kernels/math/softmax.h"

enum { FIRST = VL == 16 ? 5 : 2, HEAD = VL == 16 ? 6 : 3 };   /* the first convolution holds 4 vectors (a pool's window) per output */

static void split(const float *row, int64_t w, float *even, float *odd)
{
    vec e, o;
    int64_t x = 0;
    for (; x + 2 * VL <= w; x += 2 * VL) {
        vec_load_pairs(row + x, &e, &o);
        vec_store(even + x / 2, e);
        vec_store(odd + x / 2, o);
    }
    if (x > 0 && x + 2 <= w) {   /* the last whole vector again, so that at most one pixel is left */
        x = w / 2 * 2 - 2 * VL;
        vec_load_pairs(row + x, &e, &o);
        vec_store(even + x / 2, e);
        vec_store(odd + x / 2, o);
        x += 2 * VL;
    }
    for (; x < w; x++)
        (x % 2 ? odd : even)[x / 2] = row[x];
}

/* One row of taps, for the two convolution outputs of one row of a pool's window: columns 0..3 lie at e[0], o[0], e[1], o[1]. */
INLINE void first_row(int no, const float *e, const float *o, const float *weight, vec acc[FIRST][2])
{
    vec x[4] = {vec_load(e), vec_load(o), vec_load(e + 1), vec_load(o + 1)};
    UNROLL for (int k = 0; k < 3; k++) {
        UNROLL for (int i = 0; i < no; i++) {
            vec w = vec_set(weight[k * no + i]);
            acc[i][0] = vec_fma(x[k], w, acc[i][0]);
            acc[i][1] = vec_fma(x[k + 1], w, acc[i][1]);
        }
    }
}

/* Block g of the outputs, one vector of pooled pixels. */
INLINE void first_block(int no, const pnet_layer *l, int g, pnet_planes in, ptrdiff_t pitch, pnet_planes out)
{
    const float *weight = l->weight + (ptrdiff_t)g * no * l->taps, *bias = l->bias + g * no, *slope = l->slope + g * no;
    vec acc[2][FIRST][2];
    UNROLL for (int i = 0; i < no; i++)
        acc[0][i][0] = acc[0][i][1] = acc[1][i][0] = acc[1][i][1] = vec_set(bias[i]);
    for (int c = 0; c < 3; c++, in.data += 4 * in.plane) {
        const float *row[4] = {in.data, in.data + 2 * in.plane, in.data + pitch, in.data + 2 * in.plane + pitch};
        NO_UNROLL for (int k = 0; k < 3; k++, weight += 3 * no) {
            first_row(no, row[k], row[k] + in.plane, weight, acc[0]);
            KEEP_ORDER;
            first_row(no, row[k + 1], row[k + 1] + in.plane, weight, acc[1]);
        }
    }
    UNROLL for (int i = 0; i < no; i++) {
        vec s = vec_set(slope[i]);
        vec top = vec_max(vec_prelu(acc[0][i][1], s), vec_prelu(acc[0][i][0], s));
        vec y = vec_max(vec_prelu(acc[1][i][0], s), top);
        vec_store(out.data + (g * no + i) * out.plane, vec_max(vec_prelu(acc[1][i][1], s), y));
    }
}

INLINE void first_all(int no, const pnet_layer *l, pnet_planes in, ptrdiff_t pitch, ptrdiff_t n, pnet_planes out)
{
    for (ptrdiff_t f = 0; f < n; f += VL, in.data += VL, out.data += VL) {
        for (int g = 0; g < l->groups; g++)
            first_block(no, l, g, in, pitch, out);
    }
}

static void first_pool(const pnet_layer *l, pnet_planes in, ptrdiff_t pitch, ptrdiff_t n, pnet_planes out)
{
    switch (l->group) {
    case 1:
        first_all(1, l, in, pitch, n, out);
        return;
    case 2:
        first_all(2, l, in, pitch, n, out);
        return;
#if VL == 16
    case 3:
        first_all(3, l, in, pitch, n, out);
        return;
    case 4:
        first_all(4, l, in, pitch, n, out);
        return;
    case 5:
        first_all(5, l, in, pitch, n, out);
        return;
#endif
    }
}

/* All outputs of nv vectors. */
INLINE void conv_block(int no, int nv, const pnet_layer *l, const float *in, const ptrdiff_t *offset, pnet_planes out)
{
    const float *x[BLOCK_V] = {in};
    UNROLL for (int v = 1; v < nv; v++)
        x[v] = in + v * VL;
    for (int g = 0; g < l->groups; g++) {
        vec acc[BLOCK_O][BLOCK_V];
        block_sum(no, nv, x, (block_taps){offset, l->taps, l->weight + (ptrdiff_t)g * no * l->taps, l->bias + g * no}, acc);
        UNROLL for (int o = 0; o < no; o++) {
            UNROLL for (int v = 0; v < nv; v++) {
                vec y = l->slope ? vec_prelu(acc[o][v], vec_set(l->slope[g * no + o])) : acc[o][v];
                vec_store(out.data + (g * no + o) * out.plane + v * VL, y);
            }
        }
    }
}

INLINE void last_block(int nv, const pnet_layer *l, const float *in, const ptrdiff_t *offset, float *tile, pnet_planes out)
{
    conv_block(BLOCK_O, nv, &l[0], in, offset, (pnet_planes){tile, PNET_MAX_LANES});
    conv_block(HEAD, nv, &l[1], tile, offset + l->taps, out);
}

/* Runs `step` (a block of nv vectors at flat position f) over n positions: whole blocks, then what is left in one narrower block. */
#define FOR_BLOCKS(n, step)                                                         \
    do {                                                                            \
        ptrdiff_t f = 0;                                                            \
        for (; f + (BLOCK_V - 1) * VL < (n); f += BLOCK_V * VL)                     \
            step(BLOCK_V);                                                          \
        if (BLOCK_V > 2 && f + VL < (n)) {                                          \
            step(2);                                                                \
        } else if (f < (n)) {                                                       \
            step(1);                                                                \
        }                                                                           \
    } while (0)

static void conv3x3(const pnet_layer *l, const float *in, const ptrdiff_t *offset, ptrdiff_t n, pnet_planes out)
{
#define STEP(nv) conv_block(BLOCK_O, nv, l, in + f, offset, (pnet_planes){out.data + f, out.plane})
    FOR_BLOCKS(n, STEP);
#undef STEP
}

static void conv3x3_heads(const pnet_layer *l, const float *in, const ptrdiff_t *offset, ptrdiff_t n, float *tile, pnet_planes out)
{
#define STEP(nv) last_block(nv, l, in + f, offset, tile, (pnet_planes){out.data + f, out.plane})
    FOR_BLOCKS(n, STEP);
#undef STEP
}

typedef int32_t lanes_of_int __attribute__((vector_size(4 * VL)));

/* fd_expf for x <= 0, line by line. */
INLINE vec exp_of_negative(vec x)
{
    const vec round = vec_set(12582912.0f), c = vec_max(vec_set(-104.0f), x);
    const vec n = (c * vec_set(1.44269504f) + round) - round;
    const vec r = (c - n * vec_set(0.693359375f)) - n * vec_set(-2.12194440e-4f);
    vec p = vec_set(1.9875691500e-4f);
    p = p * r + vec_set(1.3981999507e-3f);
    p = p * r + vec_set(8.3334519073e-3f);
    p = p * r + vec_set(4.1665795894e-2f);
    p = p * r + vec_set(1.6666665459e-1f);
    p = p * r + vec_set(5.0000001201e-1f);
    p = p * (r * r) + r + vec_set(1.0f);
    const lanes_of_int k = __builtin_convertvector(n, lanes_of_int), half = k / 2;
    return p * (vec)((half + 127) << 23) * (vec)((k - half + 127) << 23);
}

/* fd_softmax2(b, a) and fd_softmax2(a, b): both have the same exponential. The test compares the bits. */
static void softmax(const float *a, const float *b, int64_t n, float *p0, float *p1)
{
    const vec one = vec_set(1.0f), zero = vec_set(0.0f);
    int64_t i = 0;
    for (; i + VL <= n; i += VL) {
        const vec d = vec_load(b + i) - vec_load(a + i), minus = zero - d;
        const vec e = exp_of_negative(vec_min(minus, d)), sum = one + e;
        const lanes_of_int above = d > zero, below = d < zero, unit = (lanes_of_int)one, part = (lanes_of_int)e;
        vec_store(p0 + i, (vec)((below & unit) | (~below & part)) / sum);
        vec_store(p1 + i, (vec)((above & unit) | (~above & part)) / sum);
    }
    for (; i < n; i++) {
        p0[i] = fd_softmax2(b[i], a[i]);
        p1[i] = fd_softmax2(a[i], b[i]);
    }
}

const pnet_kernels KERNELS = {FIRST, BLOCK_O, HEAD, split, first_pool, conv3x3, conv3x3_heads, softmax};
