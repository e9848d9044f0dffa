/* The machine under tests/emu/kernels/launch.cuh: blocks of fibers. Built without sanitizers: it tells them what happens.
 * FACESDIST_EMU_ORDER=backward: blocks and threads run last first. */
#include "emu.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>

extern "C" {
void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size) __attribute__((weak));
void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *size) __attribute__((weak));
void *__tsan_get_current_fiber() __attribute__((weak));
void *__tsan_create_fiber(unsigned flags) __attribute__((weak));
void __tsan_switch_to_fiber(void *fiber, unsigned flags) __attribute__((weak));
void __tsan_acquire(void *at) __attribute__((weak));
void __tsan_release(void *at) __attribute__((weak));
}

enum { STACK = 256 * 1024, WARP = 32, MOST_THREADS = 1024, NOT_SYNCHRONISED = 1 };

fd_emu_thread *fd_emu_self;
dim3 blockIdx, blockDim, gridDim;
void *fd_emu_shared;

/* What is switched: the scheduler, or a thread of a block. */
struct fiber : fd_emu_thread {
    void *place[5];   /* of __builtin_setjmp */
    const void *bottom = nullptr;
    size_t size = STACK;
    void *fake = nullptr, *tsan = nullptr;
    ucontext_t birth;
    bool born = false;
    enum { READY, AT_WARP, AT_BLOCK, DONE } state = DONE;
    unsigned lanes = 0;   /* that it waits for; 0: all of the block */
};
static fiber scheduler, *running = &scheduler;
static fiber *threads[MOST_THREADS];   /* made when first needed */
static fd_emu_warp warps[MOST_THREADS / WARP];
static const fd_emu_task *task;
/* TSan orders by addresses: of a block's begin and end, and of each barrier (block, warps) an even and an odd one, so that who leaves a barrier is
 * not ordered after who has come to the next one. */
static char begun, ended, met[1 + MOST_THREADS / WARP][2];
static unsigned turn[1 + MOST_THREADS / WARP];

static void order_after(void *at)
{
    if (__tsan_acquire)
        __tsan_acquire(at);
}

static void order_before(void *at)
{
    if (__tsan_release)
        __tsan_release(at);
}

static void arrive()
{
    const void *bottom;
    size_t size;
    if (__sanitizer_finish_switch_fiber) {
        __sanitizer_finish_switch_fiber(running->fake, &bottom, &size);
        if (running != &scheduler)
            scheduler.bottom = bottom, scheduler.size = size;
    }
}

static __attribute__((noinline)) void go(fiber *to)
{
    if (to != &scheduler && !to->born) {
        to->born = true;
        setcontext(&to->birth);
    }
    __builtin_longjmp(to->place, 1);
}

static __attribute__((noinline)) void change(fiber *to)
{
    fiber *from = running;
    if (__sanitizer_start_switch_fiber)
        __sanitizer_start_switch_fiber(&from->fake, to->bottom, to->size);
    if (__tsan_switch_to_fiber)
        __tsan_switch_to_fiber(to->tsan, NOT_SYNCHRONISED);
    running = to;
    if (!__builtin_setjmp(from->place))
        go(to);
    arrive();
}

static void live()
{
    arrive();
    for (;;) {
        order_after(&begun);
        task->run();
        order_before(&ended);
        running->state = fiber::DONE;
        change(&scheduler);
    }
}

static fiber *conceive()
{
    fiber *f = new fiber;
    void *stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    f->bottom = stack;
    f->tsan = __tsan_create_fiber ? __tsan_create_fiber(0) : nullptr;
    getcontext(&f->birth);
    f->birth.uc_stack.ss_sp = stack;
    f->birth.uc_stack.ss_size = STACK;
    makecontext(&f->birth, live, 0);
    return f;
}

void fd_emu_wait(unsigned lanes)
{
    fiber *self = running;
    const size_t barrier = lanes ? 1 + (size_t)(self->warp - warps) : 0;
    char *at = &met[barrier][turn[barrier] % 2];
    self->state = lanes ? fiber::AT_WARP : fiber::AT_BLOCK;
    self->lanes = lanes;
    order_before(at);
    change(&scheduler);
    fd_emu_self = self;
    order_after(at);
}

/* Threads first .. end - 1 that wait in `state` for the same lanes go on once no other of those lanes is on its way. */
static bool release(unsigned first, unsigned end, int state, unsigned *times)
{
    bool some = false;
    for (unsigned k = first; k < end; k++) {
        const unsigned lanes = threads[k]->lanes;
        bool all = threads[k]->state == state;
        for (unsigned l = first; l < end && all; l++)
            all = (lanes && !(lanes >> (l - first) & 1)) || threads[l]->state == fiber::DONE || (threads[l]->state == state && threads[l]->lanes == lanes);
        for (unsigned l = first; l < end && all; l++)
            if (threads[l]->state == state && threads[l]->lanes == lanes)
                threads[l]->state = fiber::READY, some = true;
    }
    *times += some;
    return some;
}

static bool backward()
{
    const char *order = getenv("FACESDIST_EMU_ORDER");
    return order && !strcmp(order, "backward");
}

/* Runs every thread that is ready; whether any is not done. */
static bool go_round(unsigned n)
{
    bool alive = false;
    for (unsigned k = 0; k < n; k++) {
        fiber *f = threads[backward() ? n - 1 - k : k];
        fd_emu_self = f;
        if (f->state == fiber::READY)
            change(f);
        alive = alive || f->state != fiber::DONE;
    }
    return alive;
}

static void run_block(unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        if (!threads[k])
            threads[k] = conceive();
        fiber *f = threads[k];
        f->index = dim3(k % blockDim.x, k / blockDim.x % blockDim.y, k / blockDim.x / blockDim.y);
        f->lane = k % WARP;
        f->warp = &warps[k / WARP];
        f->state = fiber::READY;
    }
    order_before(&begun);
    while (go_round(n)) {
        bool some = release(0, n, fiber::AT_BLOCK, &turn[0]);
        for (unsigned k = 0; k < n; k += WARP)
            some = release(k, k + WARP < n ? k + WARP : n, fiber::AT_WARP, &turn[1 + k / WARP]) || some;
        if (!some) {
            fprintf(stderr, "emulator: threads wait for each other at different barriers\n");
            abort();
        }
    }
    order_after(&ended);
}

void fd_emu_run(const fd_emu_task *t, dim3 grid, dim3 block, size_t shared)
{
    const uint64_t blocks = (uint64_t)grid.x * grid.y * grid.z;
    task = t;
    blockDim = block;
    gridDim = grid;
    fd_emu_shared = malloc(shared + 1);   /* no larger than asked for: ASan sees what is beyond */
    scheduler.tsan = __tsan_get_current_fiber ? __tsan_get_current_fiber() : nullptr;
    for (uint64_t k = 0; k < blocks; k++) {
        const uint64_t b = backward() ? blocks - 1 - k : k;
        blockIdx = dim3((unsigned)(b % grid.x), (unsigned)(b / grid.x % grid.y), (unsigned)(b / grid.x / grid.y));
        memset(fd_emu_shared, 0xff, shared);
        run_block(block.x * block.y * block.z);
    }
    free(fd_emu_shared);
}
