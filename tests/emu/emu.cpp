/* The machine under tests/emu/kernels/launch.cuh: blocks of fibers. Built without sanitizers, as tests/tools/fibers.cpp is.
 * FACESDIST_EMU_ORDER=backward: blocks and threads run last first. */
#include "emu.h"

#include <cstdio>
#include <cstdlib>

#include "tools/fibers.h"

static const unsigned WARP = 32, MOST_THREADS = 1024;

fd_emu_thread *fd_emu_self;
dim3 blockIdx, blockDim, gridDim;
void *fd_emu_shared;

/* What is switched: the scheduler, or a thread of a block. */
struct fiber : fd_emu_thread, fd_fiber {
    enum { READY, AT_WARP, AT_BLOCK, DONE } state = DONE;
};
static fiber scheduler, *running = &scheduler;
static fiber *threads[MOST_THREADS];   /* made when first needed */
static unsigned n_threads;             /* of the block */
static fd_emu_warp warps[MOST_THREADS / WARP];
static const fd_emu_task *task;
/* TSan orders by addresses: of a block's begin and end, and of each barrier (block, warps) an even and an odd one, so that who leaves a barrier is
 * not ordered after who has come to the next one. */
static char begun, ended, met[1 + MOST_THREADS / WARP][2];
static unsigned turn[1 + MOST_THREADS / WARP];

static void stuck()
{
    fprintf(stderr, "emulator: threads wait for each other at different barriers\n");
    abort();
}

static void change(fiber *to)
{
    running = to;
    fd_emu_self = to;
    fd_fiber_change(to);
}

static bool backward()
{
    static const char *const order = getenv("FACESDIST_EMU_ORDER");
    return order && !strcmp(order, "backward");
}

/* The next lane of the warp that can go on; lanes that all wait for each other all can. The scheduler where all are at the block's barrier or done. */
static fiber *next_lane(unsigned warp)
{
    const unsigned first = warp * WARP, n = n_threads - first < WARP ? n_threads - first : WARP, now = running != &scheduler ? running->lane : backward() ? 0 : n - 1;
    bool at_warp = false;
    for (unsigned k = 1; k <= n; k++) {
        fiber *f = threads[first + (backward() ? now + n - k : now + k) % n];
        if (f->state == fiber::READY)
            return f;
        at_warp = at_warp || f->state == fiber::AT_WARP;
    }
    if (!at_warp)
        return &scheduler;
    turn[1 + warp]++;
    for (unsigned k = 0; k < n; k++)
        if (threads[first + k]->state == fiber::AT_WARP)
            threads[first + k]->state = fiber::READY;
        else if (threads[first + k]->state == fiber::AT_BLOCK)
            stuck();
    return next_lane(warp);
}

static void pass_on(fiber *self)
{
    fiber *to = next_lane((unsigned)(self->warp - warps));
    if (to != self)
        change(to);
}

void fd_emu_wait(bool for_warp)
{
    fiber *self = running;
    const size_t barrier = for_warp ? 1 + (size_t)(self->warp - warps) : 0;
    char *at = &met[barrier][turn[barrier] % 2];
    self->state = for_warp ? fiber::AT_WARP : fiber::AT_BLOCK;
    fd_fiber_release(at);
    pass_on(self);
    fd_fiber_acquire(at);
}

static void live()
{
    fd_fiber_arrive();
    for (;;) {
        fiber *self = running;
        fd_fiber_acquire(&begun);
        task->run();
        fd_fiber_release(&ended);
        self->state = fiber::DONE;
        pass_on(self);
    }
}

static void run_block()
{
    for (unsigned k = 0; k < n_threads; k++) {
        if (!threads[k])
            fd_fiber_make(threads[k] = new fiber, live);
        fiber *f = threads[k];
        f->index = dim3(k % blockDim.x, k / blockDim.x % blockDim.y, k / blockDim.x / blockDim.y);
        f->lane = k % WARP;
        f->turn = 0;
        f->warp = &warps[k / WARP];
        f->state = fiber::READY;
    }
    memset(warps, 0, sizeof warps);
    fd_fiber_release(&begun);
    const unsigned n = (n_threads + WARP - 1) / WARP;
    for (bool alive = true; alive;) {
        for (unsigned w = 0; w < n; w++) {
            fiber *f = next_lane(backward() ? n - 1 - w : w);
            if (f != &scheduler)
                change(f);
        }
        alive = false;
        turn[0]++;
        for (unsigned k = 0; k < n_threads; k++)
            if (threads[k]->state == fiber::AT_BLOCK)
                threads[k]->state = fiber::READY, alive = true;
    }
    fd_fiber_acquire(&ended);
}

void fd_emu_run(const fd_emu_task *t, dim3 grid, dim3 block, size_t shared)
{
    const uint64_t blocks = (uint64_t)grid.x * grid.y * grid.z;
    task = t;
    blockDim = block;
    gridDim = grid;
    n_threads = block.x * block.y * block.z;
    fd_emu_shared = malloc(shared + 1);   /* no larger than asked for: ASan sees what is beyond */
    fd_fiber_begin(&scheduler);
    for (uint64_t k = 0; k < blocks; k++) {
        const uint64_t b = backward() ? blocks - 1 - k : k;
        blockIdx = dim3((unsigned)(b % grid.x), (unsigned)(b / grid.x % grid.y), (unsigned)(b / grid.x / grid.y));
        memset(fd_emu_shared, 0xff, shared);
        run_block();
    }
    free(fd_emu_shared);
}
