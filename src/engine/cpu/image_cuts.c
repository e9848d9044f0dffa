/* Faces cut out for the embedder. Every way of cutting fills three planes of values of 0..255; `finish` makes the network's input of them. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/image.h"
#include "kernels/math/pil.h"

/* What a call works in. */
typedef struct bench {
    const fd_image_code *code;
    int32_t width, height; /* of the cuts */
    float *plane;          /* [3][height][width] */
    fd_sample *sample;     /* [width] */
    float (*pixels)[4];    /* [width + FD_AREA_PAD] */
    fd_area_memory memory;
} bench;

static void cut_warp(bench *b, const fd_pixels *p, const double map[6])
{
    for (int32_t y = 0; y < b->height; y++) {
        for (int32_t x = 0; x < b->width; x++)
            b->sample[x] = fd_sample_at(map, x, y, p->width, p->height);
        b->code->sample(p, b->sample, b->width, b->pixels, b->plane + (int64_t)y * b->width, (int64_t)b->width * b->height);
    }
}

/* Without antialias; pixel centres at half-integers; the box's edge is repeated. */
static void cut_bilinear(bench *b, const fd_pixels *p, const int32_t box[4])
{
    for (int32_t x = 0; x < b->width; x++) {
        const double v = fd_sample_stretch(x, box[2] - box[0], b->width);
        b->sample[x].x = box[0] + fd_floor(v);
        b->sample[x].fx = v - fd_floor(v);
    }
    for (int32_t y = 0; y < b->height; y++) {
        const double v = fd_sample_stretch(y, box[3] - box[1], b->height);
        for (int32_t x = 0; x < b->width; x++) {
            b->sample[x].y = box[1] + fd_floor(v);
            b->sample[x].fy = v - fd_floor(v);
        }
        b->code->sample(p, b->sample, b->width, b->pixels, b->plane + (int64_t)y * b->width, (int64_t)b->width * b->height);
    }
}

static fd_error *cut_area(bench *b, const fd_pixels *p, const int32_t box[4])
{
    fd_area area = {.rgb = p->rgb + box[1] * p->pitch + (int64_t)box[0] * 3,
                    .pitch = p->pitch,
                    .width = box[2] - box[0],
                    .height = box[3] - box[1],
                    .rows = b->height,
                    .columns = b->width,
                    .out_height = b->height,
                    .out_width = b->width,
                    .out = b->plane,
                    .row_pitch = b->width,
                    .plane_pitch = (int64_t)b->width * b->height,
                    .shift = 0.0f,
                    .factor = 1.0f};
    return fd_area_run(b->code, &area, 1, &b->memory);
}

static fd_error *pil_plan_make(fd_pil_plan *p, int32_t inputs, int32_t outputs)
{
    fd_error *err = NULL;
    p->outputs = outputs;
    p->taps = fd_pil_taps(inputs, outputs);
    FD_TRY(fd_alloc(&p->first, (size_t)outputs, sizeof *p->first));
    FD_TRY(fd_alloc(&p->count, (size_t)outputs, sizeof *p->count));
    FD_TRY(fd_alloc(&p->weight, (size_t)outputs * (size_t)p->taps, sizeof *p->weight));
    for (int32_t j = 0; j < outputs; j++)
        p->count[j] = fd_pil_weights(j, inputs, outputs, &p->first[j], p->weight + (int64_t)j * p->taps);
done:
    return err;
}

static void pil_plan_free(fd_pil_plan *p)
{
    free(p->first);
    free(p->count);
    free(p->weight);
}

/* Columns of every row of the box, rounded to bytes, then rows. A row is copied first: pixels are read four bytes at a time. */
static fd_error *cut_pil(bench *b, const fd_pixels *p, const int32_t box[4])
{
    fd_error *err = NULL;
    const int32_t width = box[2] - box[0], height = box[3] - box[1];
    const int64_t out = (int64_t)b->width * 3;
    fd_pil_plan across = {0}, down = {0};
    uint8_t *narrow = NULL, *row = NULL;
    float *line = NULL;
    FD_TRY(pil_plan_make(&across, width, b->width));
    FD_TRY(pil_plan_make(&down, height, b->height));
    FD_TRY(fd_alloc(&narrow, (size_t)height, (size_t)out));
    FD_TRY(fd_alloc(&row, (size_t)width * 3 + 1, 1));
    FD_TRY(fd_alloc(&line, (size_t)out, sizeof *line));
    for (int32_t y = 0; y < height; y++) {
        memcpy(row, p->rgb + (box[1] + y) * p->pitch + (int64_t)box[0] * 3, (size_t)width * 3);
        b->code->pil_row(row, &across, narrow + y * out);
    }
    for (int32_t y = 0; y < b->height; y++) {
        b->code->pil_column(narrow + down.first[y] * out, out, down.weight + (int64_t)y * down.taps, down.count[y], (int32_t)out, line);
        for (int c = 0; c < 3; c++)
            for (int32_t x = 0; x < b->width; x++)
                b->plane[((int64_t)c * b->height + y) * b->width + x] = line[x * 3 + c];
    }
done:
    pil_plan_free(&across);
    pil_plan_free(&down);
    free(narrow);
    free(row);
    free(line);
    return err;
}

static fd_error *cut_box(bench *b, const fd_pixels *p, const fd_cut *cut)
{
    if (cut->box[2] <= cut->box[0] || cut->box[3] <= cut->box[1])
        memset(b->plane, 0, (size_t)b->width * (size_t)b->height * 3 * sizeof *b->plane);
    else if (cut->resample == FD_PIL_BILINEAR)
        return cut_pil(b, p, cut->box);
    else if (cut->resample == FD_AREA)
        return cut_area(b, p, cut->box);
    else
        cut_bilinear(b, p, cut->box);
    return NULL;
}

static void finish(const bench *b, const fd_cut_format *f, float *out, uint8_t *bytes)
{
    const int64_t count = (int64_t)b->width * b->height;
    for (int c = 0; c < 3; c++)
        b->code->format(b->plane + (f->bgr ? 2 - c : c) * count, count, f->mean[c], f->std[c], out + c * count);
    for (int64_t k = 0; bytes && k < count; k++)
        for (int c = 0; c < 3; c++)
            bytes[k * 3 + c] = fd_nearest_byte(b->plane[c * count + k]);
}

fd_error *fd_cpu_cuts(fd_lane *lane, fd_picture *const *pictures, const fd_cut *cuts, int n, const fd_cut_format *format, float *out,
                      uint8_t *bytes)
{
    fd_error *err = NULL;
    bench b = {.code = fd_image_code_of(lane->engine), .width = format->width, .height = format->height};
    const int64_t count = (int64_t)b.width * b.height * 3;
    FD_TRY(fd_alloc_aligned(&b.plane, (size_t)count, sizeof *b.plane));
    FD_TRY(fd_alloc(&b.sample, (size_t)b.width, sizeof *b.sample));
    FD_TRY(fd_alloc_aligned(&b.pixels, (size_t)b.width + FD_AREA_PAD, sizeof *b.pixels));
    for (int k = 0; k < n; k++) {
        const fd_pixels *p = fd_cpu_pixels(pictures[cuts[k].picture]);
        if (cuts[k].warp)
            cut_warp(&b, p, cuts[k].map);
        else
            FD_TRY(cut_box(&b, p, &cuts[k]));
        finish(&b, format, out + k * count, bytes ? bytes + k * count : NULL);
    }
done:
    free(b.plane);
    free(b.sample);
    free(b.pixels);
    free(b.memory.memory);
    return err;
}
