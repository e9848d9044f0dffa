#include "run/depot.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/extents.h"
#include "base/memory.h"

struct fd_depot {
    fd_engine *engine;
    void *memory;
    fd_extents extents;
    pthread_mutex_t lock;
    pthread_cond_t change;    /* something was given back, or the next may try */
    uint64_t asked, served;   /* tickets: who asked as the nth is served as the nth */
};

fd_error *fd_depot_open(fd_engine *e, size_t bytes, fd_depot **out)
{
    fd_error *err = NULL;
    fd_depot *d = NULL;
    FD_TRY(fd_alloc(&d, 1, sizeof *d));
    d->engine = e;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->change, NULL);
    FD_TRY(e->kind->slab_alloc(e, bytes, &d->memory));
    FD_TRY(fd_extents_open(&d->extents, d->memory, bytes, FD_ALIGN));
    *out = d;
    d = NULL;
done:
    fd_depot_close(d);
    return err;
}

void fd_depot_close(fd_depot *d)
{
    if (!d)
        return;
    fd_extents_close(&d->extents);
    d->engine->kind->slab_release(d->engine, d->memory);
    pthread_cond_destroy(&d->change);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

/* Holds the lock. Whoever waits holds nothing, so all comes back, and what is no more than the whole fits at last. */
static fd_error *wait_for(fd_depot *d, size_t bytes, void **out)
{
    fd_error *err = NULL;
    const uint64_t ticket = d->asked++;
    while (d->served != ticket)
        pthread_cond_wait(&d->change, &d->lock);
    while (!(err = fd_extents_take(&d->extents, bytes, out)) && !*out)
        pthread_cond_wait(&d->change, &d->lock);
    d->served++;
    pthread_cond_broadcast(&d->change);
    return err;
}

fd_error *fd_depot_take(fd_depot *d, size_t bytes, fd_slab *out)
{
    void *memory = NULL;
    *out = (fd_slab){NULL, 0, 0};
    if (bytes == 0 || bytes > d->extents.bytes)
        return NULL;
    pthread_mutex_lock(&d->lock);
    fd_error *err = wait_for(d, bytes, &memory);
    pthread_mutex_unlock(&d->lock);
    if (!err)
        *out = (fd_slab){memory, bytes, 0};
    return err;
}

void fd_depot_give(fd_depot *d, fd_slab *slab)
{
    if (!slab->memory)
        return;
    pthread_mutex_lock(&d->lock);
    fd_extents_give(&d->extents, slab->memory);
    pthread_cond_broadcast(&d->change);
    pthread_mutex_unlock(&d->lock);
    *slab = (fd_slab){NULL, 0, 0};
}
