/* Stands in for src/engine/cuda/library.c, conv.c, gemm.c and wide.c: convolutions and products by plain loops (the reference engine's), queued like kernels. */
#include "engine/cuda/library.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "engine/cuda/conv.h"
#include "engine/cuda/everywhere.h"
#include "engine/cuda/gemm.h"
#include "engine/cuda/wide.h"
#include "engine/ref/ref.h"

extern void *__asan_region_is_poisoned(void *, size_t) __attribute__((weak));

fd_error *fd_cuda_library_open(fd_cuda_engine *e, fd_cuda_library **out)
{
    (void)e;
    *out = NULL;
    return NULL;
}

void fd_cuda_library_close(fd_cuda_library *l)
{
    (void)l;
}

void fd_cuda_library_describe(const fd_cuda_library *l, char *out, size_t size)
{
    (void)l;
    snprintf(out, size, "the reference engine's convolutions");
}

fd_error *fd_cuda_handles_open(fd_cuda_lane *lane, fd_cuda_handles **out)
{
    (void)lane;
    *out = NULL;
    return NULL;
}

void fd_cuda_handles_close(fd_cuda_handles *h)
{
    (void)h;
}

/* One call on its way through the queue. */
typedef struct call {
    fd_op_desc d;
    fd_ref_operator *operator;
    const float *in[2];
    float *out;
} call;

static void perform(const void *argument)
{
    const call *c = argument;
    c->operator(&c->d, c->in, c->out);
}

/* The loops are compiled without sanitizers: what they will touch is looked at here. */
static void look(const void *p, const fd_tensor *t)
{
    if (!p || !__asan_region_is_poisoned || !__asan_region_is_poisoned((void *)(uintptr_t)p, (size_t)fd_tensor_count(t) * sizeof(float)))
        return;
    fprintf(stderr, "emulator: an operand of %lld numbers is longer than its memory\n", (long long)fd_tensor_count(t));
    abort();
}

static fd_error *queue(fd_cuda_lane *lane, const call *c)
{
    for (int i = 0; i < c->d.inputs; i++)
        look(c->in[i], &c->d.input[i]);
    look(c->out, &c->d.output);
    return fd_cuda_error(fd_cuda_of(lane), (int)fd_emu_host(fd_cuda_stream(lane), perform, c, sizeof *c), "the reference engine");
}

/* --- convolutions -------------------------------------------------------------------------------------------------------------------------- */

struct fd_cuda_conv { fd_op_desc d; };

fd_error *fd_cuda_conv_open(fd_cuda_engine *e, const fd_op_desc *d, const float *weight, fd_cuda_conv **out)
{
    (void)e;
    fd_cuda_conv *c;
    fd_error *err = fd_alloc(&c, 1, sizeof *c);
    if (err)
        return err;
    c->d = *d;
    c->d.inputs = 1;
    c->d.weight = weight;
    c->d.bias = NULL;
    c->d.residual = false;
    c->d.activation = FD_ACT_NONE;
    *out = c;
    return NULL;
}

void fd_cuda_conv_close(fd_cuda_conv *c)
{
    free(c);
}

size_t fd_cuda_conv_scratch(const fd_cuda_conv *c)
{
    (void)c;
    return 0;
}

fd_error *fd_cuda_conv_run(const fd_cuda_conv *c, fd_cuda_lane *lane, const float *x, float *y, void *scratch)
{
    (void)scratch;
    return queue(lane, &(call){.d = c->d, .operator = fd_ref_conv, .in = {x}, .out = y});
}

/* --- products ------------------------------------------------------------------------------------------------------------------------------ */

struct fd_cuda_gemm { fd_cuda_product p; };

static fd_tensor matrix(int64_t rows, int64_t columns)
{
    return (fd_tensor){.rank = 2, .dim = {rows, columns}};
}

typedef struct trial_of { const fd_cuda_gemm *gemm; const float *b; } trial_of;

static fd_error *trial(void *self, fd_cuda_lane *lane, const float *x, float *y)
{
    const trial_of *t = self;
    return fd_cuda_gemm_run(t->gemm, lane, x, t->b, y, NULL);
}

/* Tried as a library's algorithm is, so that the trial itself is tested; its right operand is memory of zeros. */
static fd_error *try_out(fd_cuda_engine *e, const fd_cuda_gemm *g)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = NULL;
    void *b = NULL;
    bool same = false;
    const fd_cuda_batch batch = {g->p.rows, g->p.depth, g->p.columns};
    FD_TRY(e->base.kind->alloc(&e->base, (size_t)(g->p.columns * g->p.depth) * sizeof(float), &b));
    FD_TRY(fd_cuda_setup_begin(e, &lane));
    FD_TRY(fd_cuda_same_everywhere(lane, &batch, trial, &(trial_of){g, b}, &same));
    if (!same)
        FD_THROW(FD_UNSUPPORTED, "a row of a product depends on its place");
done:
    if (lane)
        fd_cuda_setup_end(e);
    fd_cuda_give(e, NULL, b);
    return err;
}

fd_error *fd_cuda_gemm_open(fd_cuda_engine *e, const fd_cuda_product *p, fd_cuda_gemm **out)
{
    fd_error *err = NULL;
    fd_cuda_gemm *g;
    FD_TRY(fd_alloc(&g, 1, sizeof *g));
    g->p = *p;
    err = try_out(e, g);
    if (err)
        free(g);
    else
        *out = g;
done:
    return err;
}

void fd_cuda_gemm_close(fd_cuda_gemm *g)
{
    free(g);
}

size_t fd_cuda_gemm_scratch(const fd_cuda_gemm *g)
{
    (void)g;
    return 0;
}

fd_error *fd_cuda_gemm_run(const fd_cuda_gemm *g, fd_cuda_lane *lane, const float *a, const float *b, float *y, void *scratch)
{
    (void)scratch;
    const fd_cuda_product *p = &g->p;
    call c = {.in = {a, b}, .out = y, .d = {.input = {matrix(p->rows, p->depth), matrix(p->depth, p->columns)}, .output = matrix(p->rows, p->columns)}};
    c.operator = p->transposed ? fd_ref_gemm : fd_ref_matmul;
    c.d.inputs = p->transposed ? 1 : 2;
    c.d.weight = p->transposed ? b : NULL;
    return queue(lane, &c);
}

/* --- products in double precision ---------------------------------------------------------------------------------------------------------- */

struct fd_wide { fd_cuda_engine *engine; int64_t n; };

typedef struct wide_call { int64_t n; const double *a, *b; double *c; } wide_call;

static void perform_wide(const void *argument)
{
    const wide_call *w = argument;
    for (int64_t i = 0; i < w->n; i++) {
        for (int64_t j = 0; j < w->n; j++)
            w->c[i * w->n + j] = 0;
        for (int64_t k = 0; k < w->n; k++)
            for (int64_t j = 0; j < w->n; j++)
                w->c[i * w->n + j] += w->a[i * w->n + k] * w->b[k * w->n + j];
    }
}

fd_error *fd_cuda_wide_open(fd_engine *e, int64_t n, fd_wide **out)
{
    fd_error *err = fd_alloc(out, 1, sizeof **out);
    if (!err)
        **out = (fd_wide){fd_cuda(e), n};
    return err;
}

fd_error *fd_cuda_wide_run(const fd_wide *w, fd_lane *lane, const double *a, const double *b, double *c)
{
    const wide_call todo = {w->n, a, b, c};
    return fd_cuda_error(w->engine, (int)fd_emu_host(fd_cuda_stream((fd_cuda_lane *)lane), perform_wide, &todo, sizeof todo), "the emulator's product");
}

void fd_cuda_wide_close(fd_wide *w)
{
    free(w);
}
