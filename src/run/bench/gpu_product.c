#include "run/bench/gpu_product.h"

#include "base/clock.h"
#include "run/bench/single.h"

static size_t bytes_of(const fd_gpu_product *g)
{
    return (size_t)(g->n * g->n) * (g->rung == FD_GPU_WIDE ? sizeof(double) : sizeof(float));
}

fd_error *fd_gpu_product_open(fd_gpu_product *g, const void *a, const void *b, double *prepared)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = g->engine->kind;
    FD_TRY(kind->alloc(g->engine, bytes_of(g), &g->a));
    FD_TRY(kind->alloc(g->engine, bytes_of(g), &g->b));
    FD_TRY(kind->alloc(g->engine, bytes_of(g), &g->c));
    FD_TRY(fd_single_put(g->engine, g->a, a, bytes_of(g)));
    FD_TRY(fd_single_put(g->engine, g->b, b, bytes_of(g)));
    const double start = fd_now();
    if (g->rung == FD_GPU_WIDE)
        FD_TRY(kind->lesson->wide_open(g->engine, g->n, &g->plan));
    *prepared = fd_now() - start;
done:
    return err;
}

fd_error *fd_gpu_product_run(const fd_gpu_product *g, fd_lane *lane)
{
    const fd_lesson_table *lesson = g->engine->kind->lesson;
    return g->rung == FD_GPU_WIDE ? lesson->wide_run(g->plan, lane, g->a, g->b, g->c) : lesson->rung(lane, g->rung, g->n, g->a, g->b, g->c);
}

fd_error *fd_gpu_product_get(const fd_gpu_product *g, void *c)
{
    return fd_single_get(g->engine, c, g->c, bytes_of(g));
}

void fd_gpu_product_close(fd_gpu_product *g)
{
    void *const arrays[] = {g->a, g->b, g->c};
    if (g->plan)
        g->engine->kind->lesson->wide_close(g->plan);
    for (int i = 0; i < 3; i++)
        if (arrays[i])
            g->engine->kind->release(g->engine, arrays[i]);
    *g = (fd_gpu_product){0};
}
