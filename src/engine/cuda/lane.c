/* Lanes: a stream, scratch memory, and pinned slabs through which all that is not pinned itself passes between host and GPU. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cuda/image.h"
#include "engine/cuda/library.h"
#include "engine/cuda/work.h"

static const size_t SLAB = (size_t)4 << 20, LANDING = (size_t)4 << 20, JOBS = (size_t)1 << 20;   /* bytes */

static fd_cuda_lane *own(fd_lane *lane)
{
    return (fd_cuda_lane *)lane;
}

cudaStream_t fd_cuda_stream(fd_cuda_lane *lane)
{
    (void)cudaSetDevice(fd_cuda_of(lane)->device);   /* it was set when the engine was opened: here it cannot fail but stickily */
    atomic_store(&lane->busy, true);
    fd_cuda_work_runs(lane);
    return lane->stream;
}

static fd_error *fill(fd_cuda_lane *lane)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = fd_cuda_of(lane);
    FD_CUDA(e, cudaSetDevice(e->device));
    FD_CUDA(e, cudaStreamCreateWithFlags(&lane->stream, cudaStreamNonBlocking));
    FD_TRY(fd_cuda_work_open(lane, &lane->work));
    FD_TRY(fd_cuda_handles_open(lane, &lane->handles));
    for (int i = 0; i < FD_CUDA_SLABS; i++) {
        FD_CUDA(e, cudaHostAlloc((void **)&lane->slab[i].memory, SLAB, cudaHostAllocDefault));
        FD_CUDA(e, cudaEventCreateWithFlags(&lane->slab[i].sent, cudaEventDisableTiming));
    }
    FD_CUDA(e, cudaHostAlloc((void **)&lane->landing, LANDING, cudaHostAllocDefault));
    FD_TRY(fd_cuda_take(e, JOBS, &lane->jobs));
    lane->jobs_bytes = JOBS;
done:
    return err;
}

fd_error *fd_cuda_lane_open(fd_engine *engine, fd_lane **out)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = fd_cuda(engine);
    fd_cuda_lane *lane = NULL;
    FD_TRY(fd_alloc(&lane, 1, sizeof *lane));
    lane->base.engine = engine;
    pthread_mutex_lock(&e->lock);
    lane->next = e->lanes;
    e->lanes = lane;
    pthread_mutex_unlock(&e->lock);
    FD_TRY(fill(lane));
    *out = &lane->base;
    lane = NULL;
done:
    if (lane)
        fd_cuda_lane_close(&lane->base);
    return err;
}

static void leave(fd_cuda_engine *e, fd_cuda_lane *lane)
{
    pthread_mutex_lock(&e->lock);
    fd_cuda_lane **at = &e->lanes;
    while (*at != lane)
        at = &(*at)->next;
    *at = lane->next;
    pthread_mutex_unlock(&e->lock);
}

/* Errors have no way out from here; one that matters is sticky and meets the next call. */
void fd_cuda_lane_close(fd_lane *base)
{
    fd_cuda_lane *lane = own(base);
    fd_cuda_engine *e = fd_cuda_of(lane);
    (void)cudaSetDevice(e->device);
    if (lane->stream)
        (void)cudaStreamSynchronize(lane->stream);
    atomic_store(&lane->busy, false);
    leave(e, lane);
    fd_cuda_graphs_close(lane);
    fd_cuda_give(e, lane, lane->jobs);
    fd_cuda_give(e, lane, lane->scratch);
    fd_cuda_give(e, lane, lane->window);
    for (int i = 0; i < FD_CUDA_SLABS; i++) {
        if (lane->slab[i].sent)
            (void)cudaEventDestroy(lane->slab[i].sent);
        if (lane->slab[i].memory)
            (void)cudaFreeHost(lane->slab[i].memory);
    }
    fd_cuda_handles_close(lane->handles);
    fd_cuda_work_close(lane->work);
    if (lane->landing)
        (void)cudaFreeHost(lane->landing);
    if (lane->stream)
        (void)cudaStreamDestroy(lane->stream);
    free(lane);
}

fd_error *fd_cuda_lane_scratch(fd_lane *base, size_t bytes, void **out)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = own(base);
    if (bytes > lane->scratch_bytes || !lane->scratch) {
        fd_cuda_give(fd_cuda_of(lane), lane, lane->scratch);
        lane->scratch = NULL;
        lane->scratch_bytes = 0;
        FD_TRY(fd_cuda_take(fd_cuda_of(lane), bytes, &lane->scratch));
        lane->scratch_bytes = bytes;
    }
    *out = lane->scratch;
done:
    return err;
}

/* Waits for all that was queued and hands out what has come back. */
fd_error *fd_cuda_lane_sync(fd_lane *base)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = own(base);
    fd_cuda_engine *e = fd_cuda_of(lane);
    FD_CUDA(e, cudaSetDevice(e->device));
    fd_cuda_work_pauses(lane);
    FD_CUDA(e, cudaStreamSynchronize(lane->stream));
    fd_cuda_work_done(lane);
    for (int i = 0; i < lane->parcels; i++)
        memcpy(lane->parcel[i].to, lane->parcel[i].from, lane->parcel[i].bytes);
    atomic_store(&lane->busy, false);
done:
    lane->parcels = 0;
    lane->landed = 0;
    return err;
}

/* The slab that is filled next; what it held is on the GPU. */
static fd_error *next_slab(fd_cuda_lane *lane, fd_cuda_slab **out)
{
    fd_error *err = NULL;
    *out = &lane->slab[lane->slab_next];
    lane->slab_next = (lane->slab_next + 1) % FD_CUDA_SLABS;
    FD_CUDA(fd_cuda_of(lane), cudaEventSynchronize((*out)->sent));
done:
    return err;
}

static fd_error *send_slab(fd_cuda_lane *lane, const fd_cuda_slab *slab, void *to, size_t bytes)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = fd_cuda_of(lane);
    FD_CUDA(e, cudaMemcpyAsync(to, slab->memory, bytes, cudaMemcpyHostToDevice, fd_cuda_stream(lane)));
    FD_CUDA(e, cudaEventRecord(slab->sent, lane->stream));
    if (fd_cuda_work_now(lane) == FD_PURPOSE_UPLOAD)   /* the next slab may take its time */
        fd_cuda_work_pauses(lane);
done:
    return err;
}

fd_error *fd_cuda_upload(fd_lane *base, void *to, const void *from_host, size_t bytes)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = own(base);
    const unsigned char *from = from_host;
    unsigned char *at = to;
    while (bytes > 0) {
        const size_t n = bytes < SLAB ? bytes : SLAB;
        fd_cuda_slab *slab;
        FD_TRY(next_slab(lane, &slab));
        memcpy(slab->memory, from, n);
        FD_TRY(send_slab(lane, slab, at, n));
        from += n;
        at += n;
        bytes -= n;
    }
done:
    return err;
}

fd_error *fd_cuda_upload_rows(fd_cuda_lane *lane, void *to, const fd_cuda_rows *rows)
{
    fd_error *err = NULL;
    const int64_t most = (int64_t)(SLAB / rows->bytes);
    for (int64_t row = 0; row < rows->n; row += most) {
        const int64_t n = rows->n - row < most ? rows->n - row : most;
        fd_cuda_slab *slab;
        FD_TRY(next_slab(lane, &slab));
        for (int64_t i = 0; i < n; i++)
            memcpy(slab->memory + (size_t)i * rows->bytes, rows->from + (row + i) * rows->pitch, rows->bytes);
        FD_TRY(send_slab(lane, slab, (unsigned char *)to + (size_t)row * rows->bytes, (size_t)n * rows->bytes));
    }
done:
    return err;
}

fd_error *fd_cuda_upload_pinned(fd_cuda_lane *lane, void *to, const fd_cuda_rows *rows)
{
    fd_error *err = NULL;
    if ((size_t)rows->pitch == rows->bytes) {   /* one piece */
        FD_CUDA(fd_cuda_of(lane), cudaMemcpyAsync(to, rows->from, rows->bytes * (size_t)rows->n, cudaMemcpyHostToDevice, fd_cuda_stream(lane)));
        goto done;
    }
    FD_CUDA(fd_cuda_of(lane), cudaMemcpy2DAsync(to, rows->bytes, rows->from, (size_t)rows->pitch, rows->bytes, (size_t)rows->n, cudaMemcpyHostToDevice,
                                                fd_cuda_stream(lane)));
done:
    return err;
}

fd_error *fd_cuda_download(fd_lane *base, void *to_host, const void *from_device, size_t bytes)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = own(base);
    fd_cuda_engine *e = fd_cuda_of(lane);
    const unsigned char *from = from_device;
    unsigned char *to = to_host;
    while (bytes > 0) {
        if (lane->landed == LANDING || lane->parcels == FD_CUDA_PARCELS)
            FD_TRY(fd_cuda_lane_sync(base));
        const size_t room = LANDING - lane->landed, n = bytes < room ? bytes : room;
        unsigned char *at = lane->landing + lane->landed;
        FD_CUDA(e, cudaMemcpyAsync(at, from, n, cudaMemcpyDeviceToHost, fd_cuda_stream(lane)));
        lane->parcel[lane->parcels++] = (fd_cuda_parcel){to, at, n};
        lane->landed += n;
        from += n;
        to += n;
        bytes -= n;
    }
done:
    return err;
}

/* The stream keeps the order: what overwrites an old array is copied after the kernels that read it. */
fd_error *fd_cuda_send(fd_cuda_lane *lane, const void *host, size_t bytes, void *out)
{
    fd_error *err = NULL;
    const size_t room = (bytes + FD_CUDA_POOL_ALIGN - 1) / FD_CUDA_POOL_ALIGN * FD_CUDA_POOL_ALIGN;
    if (room > lane->jobs_bytes / 4) {
        fd_cuda_give(fd_cuda_of(lane), lane, lane->jobs);
        lane->jobs = NULL;
        lane->jobs_bytes = lane->jobs_at = 0;
        FD_TRY(fd_cuda_take(fd_cuda_of(lane), room * 8, &lane->jobs));
        lane->jobs_bytes = room * 8;
    }
    if (lane->jobs_at + room > lane->jobs_bytes)
        lane->jobs_at = 0;
    void *at = lane->jobs + lane->jobs_at;
    lane->jobs_at += room;
    FD_TRY(fd_cuda_upload(&lane->base, at, host, bytes));
    memcpy(out, &at, sizeof at);
done:
    return err;
}
