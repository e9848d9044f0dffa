/* Faces cut out for the embedder: warps together, then boxes, those of one way of resampling together. */
#include <stdlib.h>

#include "base/memory.h"
#include "engine/cuda/image.h"
#include "kernels/box_crop.h"

_Static_assert((int)FD_CROP_BILINEAR == (int)FD_BILINEAR && (int)FD_CROP_PIL == (int)FD_PIL_BILINEAR && (int)FD_CROP_AREA == (int)FD_AREA,
               "kernels and engine number the ways of resampling alike");

typedef struct cutting {
    fd_cuda_lane *lane;
    fd_picture *const *pictures;
    const fd_pixels *part;   /* of a picture that is not resident, which alone is cut from; NULL: pictures count */
    const fd_cut *cuts;
    int first, n;            /* cuts[0] goes to slot `first` */
    fd_cut_output out;
} cutting;

static const fd_pixels *pixels_of(const cutting *c, int i)
{
    return c->part ? c->part : fd_cuda_pixels(c->pictures[c->cuts[i].picture]);
}

static fd_error *warp_all(const cutting *c)
{
    fd_error *err = NULL;
    fd_warp *jobs = NULL, *sent;
    int64_t m = 0;
    FD_TRY(fd_alloc(&jobs, (size_t)c->n, sizeof *jobs));
    for (int i = 0; i < c->n; i++) {
        if (!c->cuts[i].warp)
            continue;
        jobs[m] = (fd_warp){.picture = *pixels_of(c, i), .slot = c->first + i};
        for (int k = 0; k < 6; k++)
            jobs[m].map[k] = c->cuts[i].map[k];
        m++;
    }
    if (m == 0)
        goto done;
    FD_TRY(fd_cuda_send(c->lane, jobs, (size_t)m * sizeof *jobs, &sent));
    FD_CUDA(fd_cuda_of(c->lane), fd_align_warp(sent, m, c->out, fd_cuda_stream(c->lane)));
done:
    free(jobs);
    return err;
}

static fd_crop job_of(const cutting *c, int i)
{
    const int32_t *b = c->cuts[i].box;
    return (fd_crop){.picture = *pixels_of(c, i), .box = {b[0], b[1], b[2], b[3]}, .slot = c->first + i};
}

static fd_error *crop_by(const cutting *c, fd_resample way)
{
    fd_error *err = NULL;
    fd_crop *jobs = NULL, *sent;
    uint8_t *scratch = NULL;
    int64_t m = 0, bytes = 0;
    int32_t tallest = 1;
    FD_TRY(fd_alloc(&jobs, (size_t)c->n, sizeof *jobs));
    for (int i = 0; i < c->n; i++) {
        if (c->cuts[i].warp || c->cuts[i].resample != way)
            continue;
        jobs[m] = job_of(c, i);
        jobs[m].scratch = bytes;
        const int32_t height = jobs[m].box.y2 - jobs[m].box.y1;
        bytes += way == FD_PIL_BILINEAR && height > 0 ? (int64_t)height * c->out.format.width * 3 : 0;
        tallest = height > tallest ? height : tallest;
        m++;
    }
    if (m == 0)
        goto done;
    FD_TRY(fd_cuda_send(c->lane, jobs, (size_t)m * sizeof *jobs, &sent));
    FD_TRY(fd_cuda_take(fd_cuda_of(c->lane), (size_t)bytes, &scratch));
    FD_CUDA(fd_cuda_of(c->lane), fd_box_crops(sent, m, tallest, (int32_t)way, c->out, scratch, fd_cuda_stream(c->lane)));
done:
    fd_cuda_give(fd_cuda_of(c->lane), c->lane, scratch);
    free(jobs);
    return err;
}

static fd_error *cut_all(const cutting *c)
{
    fd_error *err = NULL;
    FD_TRY(warp_all(c));
    for (int way = FD_BILINEAR; way <= FD_AREA; way++)
        FD_TRY(crop_by(c, (fd_resample)way));
done:
    return err;
}

/* One cut of a picture that is not resident: what it reads is sent first. */
static fd_error *cut_from_part(cutting c, int i, const fd_cut_format *format)
{
    fd_error *err = NULL;
    const fd_picture *p = c.pictures[c.cuts[i].picture];
    fd_pixels part;
    FD_TRY(fd_cuda_window(fd_cuda_picture_of(p), fd_cuda_read_by_cut(&c.cuts[i], format, p->width, p->height), &part));
    c.part = &part;
    c.cuts += i;
    c.first = i;
    c.n = 1;
    FD_TRY(cut_all(&c));
done:
    return err;
}

/* Those of resident pictures together, from one to the next that is not. */
static fd_error *cut_in_turn(cutting c, const fd_cut_format *format)
{
    fd_error *err = NULL;
    const cutting whole = c;
    for (int first = 0, end = 0; first < whole.n; first = end) {
        while (end < whole.n && fd_cuda_is_resident(whole.pictures[whole.cuts[end].picture]))
            end++;
        c.cuts = whole.cuts + first;
        c.first = first;
        c.n = end - first;
        if (c.n > 0)
            FD_TRY(cut_all(&c));
        for (; end < whole.n && !fd_cuda_is_resident(whole.pictures[whole.cuts[end].picture]); end++)
            FD_TRY(cut_from_part(whole, end, format));
    }
done:
    return err;
}

fd_error *fd_cuda_cuts(fd_lane *base, fd_picture *const *pictures, const fd_cut *cuts, int n, const fd_cut_format *format, float *out, uint8_t *bytes)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    const fd_cut_format *f = format;
    const size_t seen = (size_t)n * (size_t)f->width * (size_t)f->height * 3;
    cutting c = {.lane = lane, .pictures = pictures, .cuts = cuts, .n = n};
    c.out = (fd_cut_output){{f->width, f->height, f->bgr, {f->mean[0], f->mean[1], f->mean[2]}, {f->std[0], f->std[1], f->std[2]}}, out, NULL};
    if (bytes)
        FD_TRY(fd_cuda_take(fd_cuda_of(lane), seen, &c.out.bytes));
    FD_TRY(cut_in_turn(c, format));
    if (bytes) {
        FD_TRY(fd_cuda_download(base, bytes, c.out.bytes, seen));
        FD_TRY(fd_cuda_lane_sync(base));
    }
done:
    fd_cuda_give(fd_cuda_of(lane), lane, c.out.bytes);
    return err;
}
