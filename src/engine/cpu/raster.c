#include "engine/cpu/raster.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/math/border.h"

static const fd_raster_code *code_of(const fd_lane *lane)
{
    static const fd_raster_code *const codes[FD_ISA_COUNT] = {
        [FD_ISA_SSE41] = &fd_raster_base, [FD_ISA_AVX2] = &fd_raster_avx2, [FD_ISA_AVX512] = &fd_raster_avx512};
    return codes[fd_cpu(lane->engine)->isa];
}

/* Beyond this, what was written would be gone from the caches before anybody reads it; bytes. */
static const int64_t PAST_CACHE = 16 << 20;

static fd_error *invert(fd_lane *lane, const uint8_t *from, uint8_t *to, int64_t bytes, const uint8_t pattern[24])
{
    code_of(lane)->invert(from, to, bytes, pattern, from != to && bytes >= PAST_CACHE);
    return NULL;
}

/* A block's threads have neighbouring pixels, so a block is a stretch of bytes. */
static fd_error *invert_grid(fd_lane *lane, const fd_thread_grid *launch, int pixel, const uint8_t *from, uint8_t *to, const uint8_t pattern[24])
{
    const fd_raster_code *code = code_of(lane);
    const int64_t round = launch->grid * launch->block;
    for (int64_t start = launch->first; start < launch->last; start += round) {
        for (int64_t block = launch->begin; block < launch->end; block++) {
            const int64_t i = start + block * launch->block;
            const int64_t n = launch->last - i < launch->block ? launch->last - i : launch->block;
            if (n <= 0)
                break;
            code->invert(from + i * pixel, to + i * pixel, n * pixel, pattern, n * pixel >= PAST_CACHE);
        }
        if (!launch->stride)
            break;
    }
    return NULL;
}

/* --- motion -------------------------------------------------------------------------------------------------------------------------- */

/* Rows of one frame in hand: what moved in the last three of them, each with a 255 at both ends, and one of all 255 for what lies outside. */
typedef struct sweep {
    const fd_motion_frame *f;
    const fd_raster_code *code;
    uint8_t *row[3], *outside, *room, *mask;
    bool any[3];           /* whether anything moved in a row of `row` */
} sweep;

static fd_error *make_room(sweep *s, fd_lane *lane)
{
    fd_error *err = NULL;
    const int64_t pitch = (s->f->width + 2 + FD_ALIGN - 1) / FD_ALIGN * FD_ALIGN;
    void *scratch;
    FD_TRY(fd_host_lane_scratch(lane, (size_t)(6 * pitch), &scratch));
    uint8_t *rows = memset(scratch, 255, (size_t)(6 * pitch));
    for (int k = 0; k < 3; k++)
        s->row[k] = rows + k * pitch + 1;
    s->outside = rows + 3 * pitch + 1;
    s->room = rows + 4 * pitch;
    s->mask = rows + 5 * pitch;
done:
    return err;
}

/* Row y, once the row below it was looked at. Where nothing moved nearby, a picture in place is left as it is. */
static void finish_row(sweep *s, int64_t y)
{
    const fd_motion_frame *f = s->f;
    const int64_t at = y * f->width;
    const uint8_t *row[3] = {y > 0 ? s->row[(y - 1) % 3] : s->outside, s->row[y % 3], y + 1 < f->height ? s->row[(y + 1) % 3] : s->outside};
    const bool any = s->any[y % 3] && s->code->erode(row, f->width, s->room, s->mask);
    if (any)
        s->code->paint(f->rgb + 3 * at, s->mask, f->width, f->out + 3 * at);
    else if (f->out != f->rgb)
        memcpy(f->out + 3 * at, f->rgb + 3 * at, (size_t)f->width * 3);
    if (f->mask && any)
        memcpy(f->mask + at, s->mask, (size_t)f->width);
    else if (f->mask)
        memset(f->mask + at, 0, (size_t)f->width);
}

static fd_error *motion(fd_lane *lane, const fd_motion_frame *f)
{
    fd_error *err = NULL;
    sweep s = {.f = f, .code = code_of(lane)};
    FD_TRY(make_room(&s, lane));
    for (int64_t y = 0; y < f->height; y++) {
        const int threshold = f->first ? 255 : f->threshold;   /* no change is more than 255 */
        const int64_t at = y * f->width;
        s.any[y % 3] = s.code->moved(f->rgb + 3 * at, f->width, threshold, (f->before ? f->before : f->gray) + at, f->gray + at, s.row[y % 3]);
        if (y > 0)
            finish_row(&s, y - 1);
    }
    finish_row(&s, f->height - 1);
done:
    return err;
}

/* The mask alone, of rows that were looked at before. */
static fd_error *erode(fd_lane *lane, const fd_motion_frame *f)
{
    fd_error *err = NULL;
    sweep s = {.f = f, .code = code_of(lane)};
    FD_TRY(make_room(&s, lane));
    memcpy(s.row[0], f->moved, (size_t)f->width);
    for (int64_t y = 0; y < f->height; y++) {
        if (y + 1 < f->height)
            memcpy(s.row[(y + 1) % 3], f->moved + (y + 1) * f->width, (size_t)f->width);
        const uint8_t *row[3] = {y > 0 ? s.row[(y - 1) % 3] : s.outside, s.row[y % 3], y + 1 < f->height ? s.row[(y + 1) % 3] : s.outside};
        s.code->erode(row, f->width, s.room, f->mask + y * f->width);
    }
done:
    return err;
}

static fd_error *motion_part(fd_lane *lane, fd_motion_part part, const fd_motion_frame *f)
{
    const fd_raster_code *code = code_of(lane);
    const int64_t n = (int64_t)f->width * f->height;
    if (part == FD_MOTION_ERODE)
        return erode(lane, f);
    if (part == FD_MOTION_GRAY)
        code->gray(f->rgb, n, f->gray);
    else if (part == FD_MOTION_COMPARE)
        code->compare(f->gray, f->before, n, f->first ? 255 : f->threshold, f->moved);
    else
        code->paint(f->rgb, f->mask, n, f->out);
    return NULL;
}

/* --- convolve ------------------------------------------------------------------------------------------------------------------------ */

/* Rows of the picture as floats, with what lies beyond their ends: row v of the picture (it may lie outside) is in slot v mod rows. */
typedef struct window {
    const fd_convolution *c;
    const fd_raster *from;
    const fd_raster_code *code;
    int64_t before, wide;     /* samples in front of a row; of a row with both ends */
    float *slots, *down, *out;
} window;

static const float **slot_list(const window *w, int64_t y, const float **list)
{
    for (int64_t i = 0; i < w->c->rows; i++)
        list[i] = w->slots + (y - w->c->anchor_row + i + w->c->rows) % w->c->rows * w->wide;
    return list;
}

/* Pixels first .. last - 1 of a row whose pixels 0 .. width - 1 are there. */
static void extend(const window *w, float *row, int64_t first, int64_t last)
{
    const int64_t channels = w->from->channels;
    float *picture = row + w->before;
    for (int64_t x = first; x < last; x++) {
        const int64_t source = fd_border_index(x, w->from->width, (int)w->c->border);
        for (int64_t k = 0; k < channels; k++)
            picture[x * channels + k] = source < 0 ? w->c->constant : picture[source * channels + k];
    }
}

static void fill_slot(const window *w, int64_t v)
{
    static const int64_t size[] = {[FD_SAMPLE_U8] = 1, [FD_SAMPLE_U16] = 2, [FD_SAMPLE_F32] = 4};
    const int64_t samples = (int64_t)w->from->width * w->from->channels;
    const int64_t source = fd_border_index(v, w->from->height, (int)w->c->border);
    float *row = w->slots + (v + w->c->rows) % w->c->rows * w->wide;
    if (source < 0) {
        for (int64_t i = 0; i < w->wide; i++)
            row[i] = w->c->constant;
        return;
    }
    w->code->widen((const uint8_t *)w->from->data + source * samples * size[w->from->type], w->from->type, samples, row + w->before);
    extend(w, row, -w->c->anchor_column, 0);
    extend(w, row, w->from->width, w->from->width + w->c->columns - 1 - w->c->anchor_column);
}

/* One row of the result. list: room for [rows]. */
static void sum_row(const window *w, int64_t y, const float **list, float *out)
{
    const fd_convolution *c = w->c;
    const int64_t samples = (int64_t)w->from->width * w->from->channels;
    if (!c->across) {
        w->code->sum(&(fd_taps){slot_list(w, y, list), c->rows, c->columns, w->from->channels, c->taps}, samples, out);
        return;
    }
    const float *down = w->down;
    w->code->sum(&(fd_taps){slot_list(w, y, list), c->rows, 1, w->from->channels, c->taps}, w->wide, w->down);
    w->code->sum(&(fd_taps){&down, 1, c->columns, w->from->channels, c->across}, samples, out);
}

static fd_error *open_window(window *w, fd_lane *lane, const float ***list)
{
    fd_error *err = NULL;
    void *scratch;
    const fd_convolution *c = w->c;
    w->before = (int64_t)c->anchor_column * w->from->channels;
    w->wide = ((int64_t)w->from->width + c->columns - 1) * w->from->channels;
    FD_TRY(fd_host_lane_scratch(lane, (size_t)c->rows * sizeof **list + (size_t)((c->rows + 2) * w->wide) * sizeof(float), &scratch));
    *list = scratch;
    w->slots = (float *)(void *)(*list + c->rows);
    w->down = w->slots + c->rows * w->wide;
    w->out = w->down + w->wide;
done:
    return err;
}

static fd_error *convolve(fd_lane *lane, const fd_convolution *c, const fd_raster *from, const fd_raster *to)
{
    fd_error *err = NULL;
    window w = {.c = c, .from = from, .code = code_of(lane)};
    const float **list = NULL;
    const int64_t samples = (int64_t)from->width * from->channels, pitch = fd_raster_bytes(to) / to->height;
    assert(from->width == to->width && from->height == to->height && from->channels == to->channels && from->type == to->type);
    FD_TRY(open_window(&w, lane, &list));
    for (int64_t v = -c->anchor_row; v < c->rows - 1 - c->anchor_row; v++)
        fill_slot(&w, v);
    for (int64_t y = 0; y < from->height; y++) {
        void *row = (uint8_t *)to->data + y * pitch;
        fill_slot(&w, y + c->rows - 1 - c->anchor_row);
        sum_row(&w, y, list, to->type == FD_SAMPLE_F32 ? row : w.out);
        if (to->type != FD_SAMPLE_F32)
            w.code->narrow(w.out, to->type, samples, row);
    }
done:
    return err;
}

const fd_raster_table fd_cpu_raster = {invert, motion, true, motion_part, convolve, invert_grid, FD_HOST_BLOCK, fd_host_copy};
