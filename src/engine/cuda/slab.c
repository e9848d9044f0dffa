#include "engine/cuda/slab.h"

#include <stdlib.h>

#include "base/memory.h"

struct fd_cuda_pinned {
    unsigned char *at;
    size_t bytes;
    fd_cuda_pinned *next;
};

fd_error *fd_cuda_slab_alloc(fd_engine *engine, size_t bytes, void **out)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = fd_cuda(engine);
    fd_cuda_pinned *s = NULL;
    FD_TRY(fd_alloc(&s, 1, sizeof *s));
    s->bytes = bytes ? bytes : 1;
    FD_CUDA(e, cudaSetDevice(e->device));
    FD_CUDA(e, cudaHostAlloc((void **)&s->at, s->bytes, cudaHostAllocDefault));
    *out = s->at;
    pthread_mutex_lock(&e->lock);
    s->next = e->pinned;
    e->pinned = s;
    pthread_mutex_unlock(&e->lock);
    s = NULL;
done:
    free(s);
    return err;
}

static void release(fd_cuda_pinned *s)
{
    (void)cudaFreeHost(s->at);
    free(s);
}

void fd_cuda_slab_release(fd_engine *engine, void *p)
{
    fd_cuda_engine *e = fd_cuda(engine);
    if (!p)
        return;
    (void)cudaSetDevice(e->device);
    pthread_mutex_lock(&e->lock);
    fd_cuda_pinned **at = &e->pinned, *gone;
    while ((*at)->at != p)
        at = &(*at)->next;
    gone = *at;
    *at = gone->next;
    pthread_mutex_unlock(&e->lock);
    release(gone);
}

bool fd_cuda_is_pinned(fd_cuda_engine *e, const void *p, size_t bytes)
{
    const unsigned char *at = p;
    bool found = false;
    pthread_mutex_lock(&e->lock);
    for (const fd_cuda_pinned *s = e->pinned; s && !found; s = s->next)
        found = at >= s->at && at < s->at + s->bytes && bytes <= (size_t)(s->at + s->bytes - at);
    pthread_mutex_unlock(&e->lock);
    return found;
}

void fd_cuda_slabs_close(fd_cuda_engine *e)
{
    while (e->pinned) {
        fd_cuda_pinned *gone = e->pinned;
        e->pinned = gone->next;
        release(gone);
    }
}
