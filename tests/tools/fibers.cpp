/* Built without sanitizers: it tells them what happens. */
#include "tools/fibers.h"

#include <sys/mman.h>

extern "C" {
void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size) __attribute__((weak));
void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *size) __attribute__((weak));
void *__tsan_get_current_fiber() __attribute__((weak));
void *__tsan_create_fiber(unsigned flags) __attribute__((weak));
void __tsan_switch_to_fiber(void *fiber, unsigned flags) __attribute__((weak));
void __tsan_acquire(void *at) __attribute__((weak));
void __tsan_release(void *at) __attribute__((weak));
}

static const size_t STACK = 256 * 1024;
static const unsigned NOT_SYNCHRONISED = 1;
static fd_fiber *now, *left;   /* the one that runs, and the one that ran before it */

void fd_fiber_begin(fd_fiber *self)
{
    now = self;
    self->tsan = __tsan_get_current_fiber ? __tsan_get_current_fiber() : nullptr;
}

void fd_fiber_make(fd_fiber *f, void (*live)())
{
    void *stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    f->bottom = stack;
    f->size = STACK;
    f->unborn = true;
    f->tsan = __tsan_create_fiber ? __tsan_create_fiber(0) : nullptr;
    getcontext(&f->birth);
    f->birth.uc_stack.ss_sp = stack;
    f->birth.uc_stack.ss_size = STACK;
    makecontext(&f->birth, live, 0);
}

void fd_fiber_arrive()
{
    if (__sanitizer_finish_switch_fiber)
        __sanitizer_finish_switch_fiber(now->fake, &left->bottom, &left->size);
}

static __attribute__((noinline)) void go(fd_fiber *to)
{
    if (to->unborn) {
        to->unborn = false;
        setcontext(&to->birth);
    }
    __builtin_longjmp(to->place, 1);
}

__attribute__((noinline)) void fd_fiber_change(fd_fiber *to)
{
    left = now;
    now = to;
    if (__sanitizer_start_switch_fiber)
        __sanitizer_start_switch_fiber(&left->fake, to->bottom, to->size);
    if (__tsan_switch_to_fiber)
        __tsan_switch_to_fiber(to->tsan, NOT_SYNCHRONISED);
    if (!__builtin_setjmp(left->place))
        go(to);
    fd_fiber_arrive();
}

void fd_fiber_release(void *at)
{
    if (__tsan_release)
        __tsan_release(at);
}

void fd_fiber_acquire(void *at)
{
    if (__tsan_acquire)
        __tsan_acquire(at);
}
