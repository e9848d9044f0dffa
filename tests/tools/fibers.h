/* Fibers: they run one after the other on the thread that began, and change when they say so. ASan and TSan are told. By one thread at a time. */
#ifndef TESTS_TOOLS_FIBERS_H
#define TESTS_TOOLS_FIBERS_H

#include <ucontext.h>

#include <cstddef>

struct fd_fiber {
    void *place[5];                /* of __builtin_setjmp */
    const void *bottom = nullptr;  /* of its stack */
    size_t size = 0;
    void *fake = nullptr, *tsan = nullptr;
    ucontext_t birth;
    bool unborn = false;
};

void fd_fiber_begin(fd_fiber *self);                 /* the calling thread is `self` from now on */
void fd_fiber_make(fd_fiber *f, void (*live)());     /* one that has yet to begin: `live` calls fd_fiber_arrive first and never returns */
void fd_fiber_change(fd_fiber *to);                  /* comes back when some fiber changes to this one */
void fd_fiber_arrive();

/* For TSan, which orders nothing between fibers by itself: what came before `release` at an address comes before what follows `acquire` there. */
void fd_fiber_release(void *at);
void fd_fiber_acquire(void *at);

#endif
