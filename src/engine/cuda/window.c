/* Pictures that the GPU's memory has no room for: they stay with the caller, and the part that a kernel reads is sent before it runs. Coordinates stay
 * those of the whole picture, so the same numbers come out. */
#include <math.h>

#include "engine/cuda/image.h"
#include "engine/cuda/work.h"

static const size_t WINDOW_MOST = (size_t)64 << 20, WINDOW_LEAST = (size_t)256 << 10;   /* bytes of the lane's window, where no part needs more */

fd_error *fd_cuda_window_room(fd_cuda_lane *lane, size_t bytes)
{
    fd_error *err = NULL;
    size_t wanted = fd_cuda_of(lane)->pool.bytes / 16;
    wanted = wanted > WINDOW_MOST ? WINDOW_MOST : wanted < WINDOW_LEAST ? WINDOW_LEAST : wanted;
    if (lane->window && lane->window_bytes >= bytes)
        return NULL;
    fd_cuda_give(fd_cuda_of(lane), lane, lane->window);
    lane->window = NULL;
    lane->window_bytes = 0;
    wanted = wanted > bytes ? wanted : bytes;
    FD_TRY(fd_cuda_take(fd_cuda_of(lane), wanted, &lane->window));
    lane->window_bytes = wanted;
done:
    return err;
}

fd_error *fd_cuda_upload_pixels(const fd_cuda_picture *p, void *to, const fd_cuda_rows *rows)
{
    fd_cuda_work_begin(&p->lane->base, FD_PURPOSE_UPLOAD, NULL);
    fd_error *err = p->pinned ? fd_cuda_upload_pinned(p->lane, to, rows) : fd_cuda_upload_rows(p->lane, to, rows);
    fd_cuda_work_end(&p->lane->base);
    return err;
}

static size_t bytes_of(fd_window part)
{
    return (size_t)(part.x2 - part.x1) * 3 * (size_t)(part.y2 - part.y1);
}

fd_error *fd_cuda_window(const fd_cuda_picture *p, fd_window part, fd_pixels *out)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = p->lane;
    const int64_t pitch = (int64_t)(part.x2 - part.x1) * 3;
    const fd_cuda_rows rows = {p->host + part.y1 * p->host_pitch + (int64_t)part.x1 * 3, p->host_pitch, (size_t)pitch, part.y2 - part.y1};
    FD_TRY(fd_cuda_window_room(lane, bytes_of(part)));
    FD_TRY(fd_cuda_upload_pixels(p, lane->window, &rows));
    /* Where pixel (0, 0) would lie: an address to count from, which nobody reads. */
    const uintptr_t origin = (uintptr_t)lane->window - (uintptr_t)(part.y1 * pitch + (int64_t)part.x1 * 3);
    *out = (fd_pixels){(const uint8_t *)origin, pitch, p->base.width, p->base.height};
done:
    return err;
}

/* --- area means: the part of the output that is made at a time is halved until what it reads fits -------------------------------------------- */

static fd_window read_by(const fd_cuda_area *a, const fd_area_tile *t)
{
    const int64_t height = a->frame.y2 - a->frame.y1, width = a->frame.x2 - a->frame.x1;
    return (fd_window){.x1 = a->frame.x1 + (int32_t)fd_area_begin(t->x, width, t->columns),
                       .y1 = a->frame.y1 + (int32_t)fd_area_begin(t->y, height, t->rows),
                       .x2 = a->frame.x1 + (int32_t)fd_area_end(t->x + t->width - 1, width, t->columns),
                       .y2 = a->frame.y1 + (int32_t)fd_area_end(t->y + t->height - 1, height, t->rows)};
}

static fd_error *run_whole(const fd_cuda_area *a, fd_area_tile t, fd_window part)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = a->picture->lane;
    fd_area_tile *sent;
    fd_pixels pixels;
    FD_TRY(fd_cuda_window(a->picture, part, &pixels));
    const uintptr_t origin = (uintptr_t)pixels.rgb + (uintptr_t)(a->frame.y1 * pixels.pitch + (int64_t)a->frame.x1 * 3);
    t.picture = (fd_pixels){(const uint8_t *)origin, pixels.pitch, a->frame.x2 - a->frame.x1, a->frame.y2 - a->frame.y1};
    FD_TRY(fd_cuda_send(lane, &t, sizeof t, &sent));
    FD_CUDA(fd_cuda_of(lane), fd_area_tiles(sent, 1, t.height, t.width, a->out, fd_cuda_stream(lane)));
done:
    return err;
}

fd_error *fd_cuda_area_parts(const fd_cuda_area *a, fd_area_tile t)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = a->picture->lane;
    const fd_window part = read_by(a, &t);
    FD_TRY(fd_cuda_window_room(lane, 0));
    if (bytes_of(part) <= lane->window_bytes || (t.height == 1 && t.width == 1))
        return run_whole(a, t, part);
    fd_area_tile first = t, second = t;
    if (t.height > 1) {
        first.height = t.height / 2;
        second.height = t.height - first.height;
        second.y += first.height;
        second.offset += first.height * t.row_pitch;
    } else {
        first.width = t.width / 2;
        second.width = t.width - first.width;
        second.x += first.width;
        second.offset += first.width;
    }
    FD_TRY(fd_cuda_area_parts(a, first));
    FD_TRY(fd_cuda_area_parts(a, second));
done:
    return err;
}

/* --- cuts ---------------------------------------------------------------------------------------------------------------------------------- */

static int32_t within(double v, int32_t n)
{
    return v > 0 ? v < n ? (int32_t)v : n : 0;   /* NaN: 0 */
}

/* The corners' bounding box: the map is affine, so all that it reads lies in it. Two pixels more on each side, for neighbours and for rounding. */
static fd_window read_by_warp(const fd_cut *c, const fd_cut_format *f, int32_t width, int32_t height)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int corner = 0; corner < 4; corner++)
        for (int axis = 0; axis < 2; axis++) {
            const double x = corner % 2 ? f->width - 1 : 0, y = corner / 2 ? f->height - 1 : 0, *m = c->map + 3 * axis, v = m[0] * x + m[1] * y + m[2];
            low[axis] = fmin(low[axis], v);
            high[axis] = fmax(high[axis], v);
        }
    return (fd_window){within(low[0] - 2, width), within(low[1] - 2, height), within(high[0] + 4, width), within(high[1] + 4, height)};
}

fd_window fd_cuda_read_by_cut(const fd_cut *c, const fd_cut_format *f, int32_t width, int32_t height)
{
    fd_window w = c->warp ? read_by_warp(c, f, width, height) : (fd_window){c->box[0], c->box[1], c->box[2], c->box[3]};
    if (!c->warp)   /* a sample's neighbours may lie beyond the box */
        w = (fd_window){within(w.x1 - 1.0, width), within(w.y1 - 1.0, height), within(w.x2 + 1.0, width), within(w.y2 + 1.0, height)};
    if (w.x2 <= w.x1 || w.y2 <= w.y1)
        w = (fd_window){0, 0, 1, 1};   /* nothing of the picture is seen */
    return w;
}
