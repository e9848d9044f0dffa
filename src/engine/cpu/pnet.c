/* Plan of the fused P-Net: packs the weights, cuts a level into tiles of columns and strips of rows, and runs the kernels over them.
 *
 * A strip adds rows to three stages; rows that the next strip needs again are kept, none is computed twice:
 *
 *     image rows -> 12 phase planes -> first conv, PReLU, pool -> pooled planes -> second conv -> middle planes -> third conv, heads -> cells
 *
 * The phase planes hold the image's pixels by row and column parity, so that the four convolution outputs of a pool's window are four
 * vectors at the same place. A row of every stage has the same pitch, that of the phase planes; the last columns of a row are computed from
 * a mix with the next row and never read by a cell. Beyond an odd image's end lies NaN, which the pool ignores (its ceil mode). */
#include "engine/cpu/pnet.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/pnet_parts.h"

enum {
    HEADS = 3,              /* number of the layer */
    MAX_PITCH = 512,        /* columns of a tile, in pooled pixels: 1 % is computed twice at the seams of wide levels */
    STRIP = 3072,           /* pooled pixels of a strip: its planes stay in the second-level cache */
    MIN_ROWS = 5            /* pooled rows that the first cell needs */
};

struct fd_pnet {
    const pnet_kernels *kernels;
    pnet_layer layer[4];   /* three convolutions; the heads */
};

/* The work of one tile of columns. */
typedef struct strip {
    const fd_pnet *p;
    const float *image;               /* first pixel of the tile */
    int64_t height, width;            /* of the tile */
    int64_t image_pitch, image_plane;
    int64_t pitch;                    /* of all stages */
    int64_t pooled_rows, middle_rows; /* in hand, rows kept from the last strip included */
    pnet_planes phases, pooled, middle, cells;
    float *tile;
    ptrdiff_t *offset[2];             /* taps of the second and the third convolution, behind these the heads' */
} strip;

static int64_t padded(const pnet_layer *l)
{
    return (int64_t)l->group * l->groups;
}

/* ---- weights ---- */

static fd_error *pack(pnet_layer *l, const float *weight, const float *bias, const float *slope)
{
    fd_error *err = NULL;
    size_t n = (size_t)padded(l);
    FD_TRY(fd_alloc(&l->weight, n * (size_t)l->taps, sizeof(float)));
    FD_TRY(fd_alloc(&l->bias, n, sizeof(float)));
    if (slope)
        FD_TRY(fd_alloc(&l->slope, n, sizeof(float)));
    for (int o = 0; o < l->out; o++) {
        float *to = l->weight + (ptrdiff_t)(o / l->group) * l->group * l->taps + o % l->group;
        for (int k = 0; k < l->taps; k++)
            to[(ptrdiff_t)k * l->group] = weight[(ptrdiff_t)o * l->taps + k];
        l->bias[o] = bias[o];
        if (slope)
            l->slope[o] = slope[o];
    }
done:
    return err;
}

static void set_shape(pnet_layer *l, int in, int out, int taps, int group)
{
    assert(in > 0 && out > 0 && group > 0);
    *l = (pnet_layer){.in = in, .out = out, .taps = in * taps, .group = group, .groups = (out + group - 1) / group};
}

/* Group of the first convolution: the fewest padded outputs, the larger group among equals; small groups leave the multipliers idle. */
static int first_group(int out, int largest)
{
    int best = out < largest ? out : largest;
    for (int g = best; g > 0 && g >= largest - 2; g--) {
        if ((out + g - 1) / g * g < (out + best - 1) / best * best)
            best = g;
    }
    return best;
}

static const pnet_kernels *kernels_of(int lanes)
{
    assert(lanes == 4 || lanes == 8 || lanes == 16);
    return lanes == 16 ? &fd_pnet_kernels_avx512 : lanes == 8 ? &fd_pnet_kernels_avx2 : &fd_pnet_kernels_base;
}

static fd_error *pack_heads(fd_pnet *p, const fd_pnet_desc *d)
{
    fd_error *err = NULL;
    const size_t c = (size_t)d->channels[2];
    float *weight = NULL, bias[PNET_HEADS];
    FD_TRY(fd_alloc(&weight, PNET_HEADS * c, sizeof *weight));
    memcpy(weight, d->box_weight, 4 * c * sizeof *weight);
    memcpy(weight + 4 * c, d->prob_weight, 2 * c * sizeof *weight);
    memcpy(bias, d->box_bias, 4 * sizeof *bias);
    memcpy(bias + 4, d->prob_bias, 2 * sizeof *bias);
    set_shape(&p->layer[HEADS], d->channels[2], PNET_HEADS, 1, p->kernels->head);
    FD_TRY(pack(&p->layer[HEADS], weight, bias, NULL));
done:
    free(weight);
    return err;
}

fd_error *fd_pnet_prepare(const fd_pnet_desc *desc, int lanes, fd_pnet **out)
{
    fd_error *err = NULL;
    fd_pnet *p = NULL;
    FD_TRY(fd_alloc(&p, 1, sizeof *p));
    p->kernels = kernels_of(lanes);
    for (int i = 0, in = 3; i < 3; in = desc->channels[i++]) {
        int group = i ? p->kernels->conv : first_group(desc->channels[0], p->kernels->first);
        set_shape(&p->layer[i], in, desc->channels[i], 9, group);
        FD_TRY(pack(&p->layer[i], desc->weight[i], desc->bias[i], desc->slopes[i]));
    }
    FD_TRY(pack_heads(p, desc));
    *out = p;
    p = NULL;
done:
    fd_pnet_free(p);
    return err;
}

static void unpack(pnet_layer *l)
{
    free(l->weight);
    free(l->bias);
    free(l->slope);
}

void fd_pnet_free(fd_pnet *p)
{
    if (!p)
        return;
    for (int i = 0; i <= HEADS; i++)
        unpack(&p->layer[i]);
    free(p);
}

/* ---- scratch ---- */

/* `n` planes of `rows` rows, each with its tail, `*at` floats behind base (NULL: only counts). */
static pnet_planes take(float *base, int64_t *at, int64_t n, int64_t rows, int64_t pitch)
{
    pnet_planes planes = {base ? base + *at : NULL, (ptrdiff_t)(rows * pitch + PNET_TAIL)};
    *at += n * planes.plane;
    return planes;
}

/* Lays out the scratch (NULL: only counts) for strips of `rows` pooled rows; returns its size in bytes. */
static size_t lay_out(strip *s, const fd_pnet *p, int64_t rows, int64_t pitch, void *scratch)
{
    const size_t offsets = (size_t)(p->layer[1].taps + p->layer[2].taps + p->layer[HEADS].taps) * sizeof(ptrdiff_t);
    float *base = scratch ? (float *)((char *)scratch + offsets) : NULL;
    int64_t at = 0;
    s->offset[0] = scratch;
    s->offset[1] = scratch ? s->offset[0] + p->layer[1].taps : NULL;
    s->phases = take(base, &at, 12, rows + 1, pitch);
    s->pooled = take(base, &at, padded(&p->layer[0]), rows + 2, pitch);
    s->middle = take(base, &at, padded(&p->layer[1]), rows + 2, pitch);
    s->cells = take(base, &at, padded(&p->layer[HEADS]), rows, pitch);
    s->tile = take(base, &at, padded(&p->layer[2]), 1, PNET_MAX_LANES).data;
    return offsets + (size_t)at * sizeof(float);
}

static int64_t strip_rows(int64_t pitch)
{
    return STRIP / pitch > MIN_ROWS ? STRIP / pitch : MIN_ROWS;
}

size_t fd_pnet_scratch(const fd_pnet *p)
{
    strip s;
    size_t most = 0;
    for (int64_t pitch = 6; pitch <= MAX_PITCH; pitch++) {   /* rows * pitch is not monotonous */
        size_t bytes = lay_out(&s, p, strip_rows(pitch), pitch, NULL);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static void set_offsets(strip *s)
{
    const fd_pnet *p = s->p;
    const pnet_planes *from[2] = {&s->pooled, &s->middle};
    assert(s->offset[0] && s->offset[1]);
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < p->layer[i + 1].taps; k++)
            s->offset[i][k] = k / 9 * from[i]->plane + k / 3 % 3 * s->pitch + k % 3;
    }
    for (int k = 0; k < p->layer[HEADS].taps; k++)
        s->offset[1][p->layer[2].taps + k] = (ptrdiff_t)k * PNET_MAX_LANES;
}

/* Defines what kernels read behind the first n floats of each plane, lest left-overs slow them down (denormal numbers). */
static void clear_tails(pnet_planes planes, int64_t count, int64_t n)
{
    for (int64_t c = 0; c < count; c++)
        memset(planes.data + c * planes.plane + n, 0, PNET_TAIL * sizeof(float));
}

/* ---- stages ---- */

static void fill_nan(float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = NAN;
}

/* Phase planes of pooled rows first..first + rows - 1: image rows 2 first .. 2 (first + rows) + 1. */
static void load_phases(strip *s, int64_t first, int64_t rows)
{
    for (int64_t c = 0; c < 3; c++) {
        for (int64_t i = 0; i < 2 * (rows + 1); i++) {
            int64_t y = 2 * first + i;
            float *even = s->phases.data + (4 * c + 2 * (i % 2)) * s->phases.plane + i / 2 * s->pitch, *odd = even + s->phases.plane;
            if (y < s->height) {
                s->p->kernels->split(s->image + c * s->image_plane + y * s->image_pitch, s->width, even, odd);
                if (s->width % 2)
                    odd[s->pitch - 1] = NAN;
            } else {
                fill_nan(even, s->pitch);
                fill_nan(odd, s->pitch);
            }
        }
    }
    clear_tails(s->phases, 12, (rows + 1) * s->pitch);
}

static pnet_planes from_row(pnet_planes planes, int64_t row, int64_t pitch)
{
    return (pnet_planes){planes.data + row * pitch, planes.plane};
}

/* Moves the last two of `rows` rows to the front: the next rows of the stage behind need them. */
static void keep_two_rows(pnet_planes planes, int64_t count, int64_t rows, int64_t pitch)
{
    for (int64_t c = 0; c < count; c++) {
        float *plane = planes.data + c * planes.plane;
        memmove(plane, plane + (rows - 2) * pitch, (size_t)(2 * pitch) * sizeof *plane);
    }
}

/* Takes in `rows` more pooled rows, starting with row `first` of the level; returns how many rows of cells they complete. */
static int64_t advance(strip *s, int64_t first, int64_t rows)
{
    const fd_pnet *p = s->p;
    const pnet_kernels *k = p->kernels;
    load_phases(s, first, rows);
    k->first_pool(&p->layer[0], s->phases, s->pitch, rows * s->pitch, from_row(s->pooled, s->pooled_rows, s->pitch));
    s->pooled_rows += rows;
    clear_tails(s->pooled, padded(&p->layer[0]), s->pooled_rows * s->pitch);
    int64_t middle = s->pooled_rows - 2;
    k->conv3x3(&p->layer[1], s->pooled.data, s->offset[0], middle * s->pitch, from_row(s->middle, s->middle_rows, s->pitch));
    s->middle_rows += middle;
    clear_tails(s->middle, padded(&p->layer[1]), s->middle_rows * s->pitch);
    int64_t cells = s->middle_rows - 2;
    k->conv3x3_heads(&p->layer[2], s->middle.data, s->offset[1], cells * s->pitch, s->tile, s->cells);
    keep_two_rows(s->pooled, padded(&p->layer[0]), s->pooled_rows, s->pitch);
    keep_two_rows(s->middle, padded(&p->layer[1]), s->middle_rows, s->pitch);
    s->pooled_rows = s->middle_rows = 2;
    return cells;
}

/* Where the answer goes: cell (row, column) at row * pitch + column of each plane. */
typedef struct answer { float *box, *prob; int64_t pitch, plane; } answer;

static void give(const strip *s, int64_t rows, const answer *to)
{
    const int64_t n = s->pitch - 5;
    for (int64_t i = 0; i < rows; i++) {
        const float *from = s->cells.data + i * s->pitch;
        for (int c = 0; c < 4; c++)
            memcpy(to->box + c * to->plane + i * to->pitch, from + c * s->cells.plane, (size_t)n * sizeof *from);
        from += 4 * s->cells.plane;
        s->p->kernels->softmax(from, from + s->cells.plane, n, to->prob + i * to->pitch, to->prob + to->plane + i * to->pitch);
    }
}

/* One tile of columns, from top to bottom. */
static void run_tile(strip *s, answer to)
{
    const int64_t all = (s->height - 1) / 2, most = strip_rows(s->pitch);   /* pooled rows: ceil((height - 2) / 2) */
    set_offsets(s);
    s->pooled_rows = s->middle_rows = 0;
    for (int64_t first = 0; first < all; first += most) {
        int64_t rows = advance(s, first, all - first < most ? all - first : most);
        give(s, rows, &to);
        to.box += rows * to.pitch;
        to.prob += rows * to.pitch;
    }
}

void fd_pnet_run(const fd_pnet *p, const float *image, int64_t height, int64_t width, float *box, float *prob, void *scratch)
{
    assert(height >= 12 && width >= 12);
    const int64_t oh = (height - 1) / 2 - 4, ow = (width - 1) / 2 - 4, step = MAX_PITCH - 5;
    for (int64_t x = 0; x < ow; x += step) {
        int64_t columns = ow - x < step ? ow - x : step;
        bool last = x + columns == ow;
        strip s = {.p = p, .image = image + 2 * x, .height = height, .image_pitch = width, .image_plane = height * width};
        s.width = last ? width - 2 * x : 2 * (columns + 5);
        s.pitch = (s.width + 1) / 2;
        lay_out(&s, p, strip_rows(s.pitch), s.pitch, scratch);
        run_tile(&s, (answer){box + x, prob + x, ow, oh * ow});
    }
}
