#include "engine/cuda/work.h"

#include <assert.h>
#include <stdlib.h>

#ifdef FACESDIST_HAVE_NVTX
#include <nvtx3/nvToolsExt.h>
#endif

#include "base/memory.h"
#include "engine/cuda/spans.h"

enum { RING = 64, DEPTH = 8 };
static const size_t BULK = (size_t)256 << 10;   /* bytes of a copy that is work of its own */

struct fd_cuda_clock {
    cudaEvent_t base;   /* second 0 of all spans */
    pthread_mutex_t lock;   /* of what follows */
    double seconds[FD_PURPOSES];
    fd_spans busy;
};

typedef struct span {
    cudaEvent_t begin, end;
    fd_purpose work;
} span;

struct fd_cuda_work {
    span ring[RING];
    int first, ended;   /* spans whose end is queued; the next place is free, or holds the open one */
    bool open, broken;   /* broken: an event failed, nothing more is measured */
    cudaEvent_t anchor;   /* has happened, at `at` seconds: spans are measured from a moment not long ago, for a float has seven digits */
    double at;
    fd_purpose stack[DEPTH];
    int depth;
};

fd_error *fd_cuda_clock_open(fd_cuda_engine *e, fd_cuda_clock **out)
{
    fd_error *err = NULL;
    fd_cuda_clock *c = NULL;
    FD_TRY(fd_alloc(&c, 1, sizeof *c));
    pthread_mutex_init(&c->lock, NULL);
    FD_CUDA(e, cudaEventCreateWithFlags(&c->base, cudaEventDefault));
    FD_CUDA(e, cudaEventRecord(c->base, e->stream));
    FD_CUDA(e, cudaEventSynchronize(c->base));
    *out = c;
    c = NULL;
done:
    fd_cuda_clock_close(c);
    return err;
}

void fd_cuda_clock_close(fd_cuda_clock *c)
{
    if (!c)
        return;
    if (c->base)
        (void)cudaEventDestroy(c->base);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static fd_error *make_events(fd_cuda_lane *lane, fd_cuda_work *w)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = fd_cuda_of(lane);
    float ms = 0;
    for (int i = 0; i < RING; i++) {
        FD_CUDA(e, cudaEventCreateWithFlags(&w->ring[i].begin, cudaEventDefault));
        FD_CUDA(e, cudaEventCreateWithFlags(&w->ring[i].end, cudaEventDefault));
    }
    FD_CUDA(e, cudaEventCreateWithFlags(&w->anchor, cudaEventDefault));
    FD_CUDA(e, cudaEventRecord(w->anchor, lane->stream));
    FD_CUDA(e, cudaEventSynchronize(w->anchor));
    FD_CUDA(e, cudaEventElapsedTime(&ms, e->clock->base, w->anchor));
    w->at = 1e-3 * (double)ms;
done:
    return err;
}

fd_error *fd_cuda_work_open(fd_cuda_lane *lane, fd_cuda_work **out)
{
    fd_error *err = NULL;
    fd_cuda_work *w = NULL;
    FD_TRY(fd_alloc(&w, 1, sizeof *w));
    FD_TRY(make_events(lane, w));
    *out = w;
    w = NULL;
done:
    fd_cuda_work_close(w);
    return err;
}

void fd_cuda_work_close(fd_cuda_work *w)
{
    if (!w)
        return;
    for (int i = 0; i < RING; i++) {
        if (w->ring[i].begin)
            (void)cudaEventDestroy(w->ring[i].begin);
        if (w->ring[i].end)
            (void)cudaEventDestroy(w->ring[i].end);
    }
    if (w->anchor)
        (void)cudaEventDestroy(w->anchor);
    free(w);
}

fd_purpose fd_cuda_work_now(const fd_cuda_lane *lane)
{
    const fd_cuda_work *w = lane->work;
    return w->depth ? w->stack[w->depth - 1] : FD_PURPOSE_OTHER;
}

static void give_up(fd_cuda_work *w)
{
    (void)cudaGetLastError();   /* the next launch must not find it; one that matters is sticky */
    w->broken = true;
}

/* Sums up the oldest ended span, which has happened. */
static void sum_up(fd_cuda_clock *clock, fd_cuda_work *w)
{
    span *s = &w->ring[w->first];
    float before = 0, ms = 0;
    if (cudaEventElapsedTime(&before, w->anchor, s->begin) || cudaEventElapsedTime(&ms, s->begin, s->end)) {
        give_up(w);
        return;
    }
    const double begin = w->at + 1e-3 * (double)before, seconds = 1e-3 * (double)ms;
    pthread_mutex_lock(&clock->lock);
    clock->seconds[s->work] += seconds;
    fd_spans_add(&clock->busy, begin, begin + seconds);
    pthread_mutex_unlock(&clock->lock);
    const cudaEvent_t end = s->end;
    s->end = w->anchor;
    w->anchor = end;
    w->at = begin + seconds;
    w->first = (w->first + 1) % RING;
    w->ended--;
}

void fd_cuda_work_runs(fd_cuda_lane *lane)
{
    fd_cuda_work *w = lane->work;
    if (w->open || w->broken)
        return;
    span *s = &w->ring[(w->first + w->ended) % RING];
    s->work = fd_cuda_work_now(lane);
    if (cudaEventRecord(s->begin, lane->stream))
        give_up(w);
    else
        w->open = true;
}

/* With all places taken by spans that have not happened yet the open one goes on, as if nothing had changed: nothing waits for the sake of a
 * clock. */
void fd_cuda_work_pauses(fd_cuda_lane *lane)
{
    fd_cuda_work *w = lane->work;
    if (!w->open || w->broken)
        return;
    while (!w->broken && w->ended == RING - 1) {
        if (cudaEventQuery(w->ring[w->first].end)) {
            (void)cudaGetLastError();
            return;
        }
        sum_up(fd_cuda_of(lane)->clock, w);
    }
    if (w->broken || cudaEventRecord(w->ring[(w->first + w->ended) % RING].end, lane->stream)) {
        give_up(w);
        return;
    }
    w->open = false;
    w->ended++;
}

void fd_cuda_work_done(fd_cuda_lane *lane)
{
    fd_cuda_work *w = lane->work;
    while (!w->broken && w->ended)
        sum_up(fd_cuda_of(lane)->clock, w);
    fd_cuda_work_pauses(lane);   /* one that had to go on for want of a place */
}

/* --- rows of the engine's table ---------------------------------------------------------------------------------------------------------- */

void fd_cuda_work_begin(fd_lane *base, fd_purpose work, const char *label)
{
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    fd_cuda_work *w = lane->work;
    assert(w->depth < DEPTH);
    if (work != fd_cuda_work_now(lane))
        fd_cuda_work_pauses(lane);
    w->stack[w->depth++] = work;
#ifdef FACESDIST_HAVE_NVTX
    nvtxRangePushA(label ? label : fd_purpose_name(work));
#else
    (void)label;
#endif
}

void fd_cuda_work_end(fd_lane *base)
{
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    fd_cuda_work *w = lane->work;
    assert(w->depth > 0);
    const fd_purpose inner = w->stack[--w->depth];
    if (inner != fd_cuda_work_now(lane))
        fd_cuda_work_pauses(lane);
#ifdef FACESDIST_HAVE_NVTX
    nvtxRangePop();
#endif
}

void fd_cuda_work_seconds(const fd_engine *base, fd_device_seconds *out)
{
    fd_cuda_clock *c = ((const fd_cuda_engine *)base)->clock;
    pthread_mutex_lock(&c->lock);
    for (int i = 0; i < FD_PURPOSES; i++)
        out->of[i] = c->seconds[i];
    out->busy = fd_spans_total(&c->busy);
    pthread_mutex_unlock(&c->lock);
}

fd_error *fd_cuda_work_upload(fd_lane *lane, void *to, const void *from_host, size_t bytes)
{
    if (bytes < BULK)
        return fd_cuda_upload(lane, to, from_host, bytes);
    fd_cuda_work_begin(lane, FD_PURPOSE_UPLOAD, NULL);
    fd_error *err = fd_cuda_upload(lane, to, from_host, bytes);
    fd_cuda_work_end(lane);
    return err;
}

fd_error *fd_cuda_work_download(fd_lane *lane, void *to_host, const void *from, size_t bytes)
{
    if (bytes < BULK)
        return fd_cuda_download(lane, to_host, from, bytes);
    fd_cuda_work_begin(lane, FD_PURPOSE_DOWNLOAD, NULL);
    fd_error *err = fd_cuda_download(lane, to_host, from, bytes);
    fd_cuda_work_end(lane);
    return err;
}
