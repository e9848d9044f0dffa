#include "run/lanes.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

struct fd_lanes {
    pthread_mutex_t lock;
    pthread_cond_t given;
    fd_lane **idle;   /* [n] room, `free` of them there */
    int n, free;
};

fd_error *fd_lanes_open(fd_engine *e, int threads, fd_lanes **out)
{
    fd_error *err = NULL;
    fd_lanes *l = NULL;
    const int wanted = e->kind->lanes && e->kind->lanes < threads ? e->kind->lanes : threads;
    FD_TRY(fd_alloc(&l, 1, sizeof *l));
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->given, NULL);
    FD_TRY(fd_alloc(&l->idle, (size_t)wanted, sizeof(fd_lane *)));
    for (; l->n < wanted; l->n++, l->free++)
        FD_TRY(fd_lane_open(e, &l->idle[l->n]));
    *out = l;
    l = NULL;
done:
    fd_lanes_close(l);
    return err;
}

void fd_lanes_close(fd_lanes *l)
{
    if (!l)
        return;
    for (int i = 0; i < l->free; i++)
        fd_lane_close(l->idle[i]);
    free(l->idle);
    pthread_cond_destroy(&l->given);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

fd_lane *fd_lanes_take(fd_lanes *l)
{
    pthread_mutex_lock(&l->lock);
    while (l->free == 0)
        pthread_cond_wait(&l->given, &l->lock);
    fd_lane *lane = l->idle[--l->free];
    pthread_mutex_unlock(&l->lock);
    return lane;
}

void fd_lanes_give(fd_lanes *l, fd_lane *lane)
{
    pthread_mutex_lock(&l->lock);
    l->idle[l->free++] = lane;
    pthread_cond_signal(&l->given);
    pthread_mutex_unlock(&l->lock);
}
