/* The passes of finish.h, compiled once per instruction set; VL, BLOCK (channels of a block, a multiple of VL), FINISH and COMBINE are defined by
 * the file that includes this one. */
#include "engine/cpu/finish.h"
#include "engine/cpu/simd.h"

enum { PARTS = BLOCK / VL };

INLINE vec clamp(vec x, vec low, vec high)
{
    vec y = vec_max(low, x);        /* the second operand where one is NaN: a NaN stays */
    return vec_min(high, y);
}

/* One block of channels. The three flags are constants where this is inlined. */
INLINE void block_pass(int affine, int bend, int add, const fd_finish *f, int64_t c, const float *x, const float *residual, float *y)
{
    vec scale[PARTS], shift[PARTS], slope[PARTS], low = vec_set(f->low), high = vec_set(f->high);
    for (int k = 0; k < PARTS; k++) {
        scale[k] = affine ? vec_load(f->scale + c + k * VL) : vec_set(1);
        shift[k] = affine ? vec_load(f->shift + c + k * VL) : vec_set(0);
        slope[k] = bend ? vec_load(f->slope + c + k * VL) : vec_set(1);
    }
    for (int64_t i = 0; i < f->pixels; i++) {
        for (int k = 0; k < PARTS; k++) {
            int64_t at = i * BLOCK + k * VL;
            vec t = vec_load(x + at);
            if (affine)
                t = t * scale[k] + shift[k];
            if (add)
                t = t + vec_load(residual + at);
            if (bend)
                t = vec_prelu(t, slope[k]);
            vec_store(y + at, clamp(t, low, high));
        }
    }
}

void FINISH(const fd_finish *f, const float *x, const float *residual, float *y)
{
    int form = (f->scale ? 4 : 0) + (f->slope ? 2 : 0) + (residual ? 1 : 0);
    for (int64_t c = 0; c < f->channels; c += BLOCK) {
        int64_t at = c * f->pixels;
        const float *r = residual ? residual + at : NULL;
#define CASE(a, b, d)                                                   \
    case (a)*4 + (b)*2 + (d):                                           \
        block_pass(a, b, d, f, c, x + at, r, y + at);                   \
        break
        switch (form) {
            CASE(0, 0, 0);
            CASE(0, 0, 1);
            CASE(0, 1, 0);
            CASE(0, 1, 1);
            CASE(1, 0, 0);
            CASE(1, 0, 1);
            CASE(1, 1, 0);
            CASE(1, 1, 1);
        }
#undef CASE
    }
}

INLINE vec apply(fd_binary op, vec a, vec b)
{
    return op == FD_ADD ? a + b : op == FD_SUB ? a - b : op == FD_MUL ? a * b : a / b;
}

INLINE void combine_pass(fd_binary op, bool full, const fd_finish *f, const float *a, const float *b, float *y)
{
    for (int64_t c = 0; c < f->channels; c += BLOCK)
        for (int64_t i = 0; i < f->pixels; i++)
            for (int k = 0; k < PARTS; k++) {
                int64_t at = c * f->pixels + i * BLOCK + k * VL;
                vec_store(y + at, apply(op, vec_load(a + at), vec_load(full ? b + at : b + c + k * VL)));
            }
}

void COMBINE(fd_binary op, bool full, const fd_finish *f, const float *a, const float *b, float *y)
{
#define CASE(kind)                                      \
    case kind:                                          \
        if (full)                                       \
            combine_pass(kind, true, f, a, b, y);       \
        else                                            \
            combine_pass(kind, false, f, a, b, y);      \
        break
    switch (op) {
        CASE(FD_ADD);
        CASE(FD_SUB);
        CASE(FD_MUL);
        CASE(FD_DIV);
    case FD_POW:
        break;
    }
#undef CASE
}
