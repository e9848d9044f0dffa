/* What this machine can do at best, measured: multiply-adds in registers, McCalpin's STREAM triad, and a GPU's copy inside its memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/lesson.h"
#include "run/bench/single.h"
#include "run/bench/suite.h"
#include "run/machine.h"

/* --- multiply-adds ------------------------------------------------------------------------------------------------------------------- */

enum { ROUNDS = 100000 };

static fd_error *chain(void *self, fd_lane *lane, int part)
{
    const fd_vectors *v = self;
    volatile float sink;
    (void)lane, (void)part;
    sink = v->chains(ROUNDS);
    (void)sink;
    return NULL;
}

static fd_error *measure_chains(fd_session *s, int threads, fd_ceiling *out)
{
    fd_error *err = NULL;
    const double began = fd_now();
    fd_trial t = fd_trial_of("ceilings", s->place[0].name, threads, threads, "multiply-adds");
    const fd_work w = {NULL, threads, chain, (void *)(uintptr_t)s->vectors};
    t.operations = 2.0 * ROUNDS * FD_CHAINS * s->vectors->lanes * threads;
    snprintf(t.note, sizeof t.note, "%s, float32, all in registers", s->vectors->name);
    FD_TRY(fd_session_measure(s, &w, &t));
    FD_TRY(fd_session_add(s, &t, began));
    out->operations = t.operations / t.least;
done:
    return err;
}

/* --- the triad ----------------------------------------------------------------------------------------------------------------------- */

typedef struct stream {
    const fd_vectors *vectors;
    float *a, *b, *c;
    int64_t n;
    int parts;
} stream;

/* A thread's share is a whole number of the widest vectors. */
static fd_error *triad(void *self, fd_lane *lane, int part)
{
    const stream *s = self;
    const int64_t each = s->n / s->parts, at = part * each;
    (void)lane;
    s->vectors->triad(s->a + at, s->b + at, s->c + at, 3, each);
    return NULL;
}

/* The rule of STREAM is four times the last cache at least; no more than an eighth of the memory, and what the budget allows at a slow 10 GB/s.
 */
static double triad_bytes(const fd_session *s, double *cache)
{
    *cache = (double)sysconf(_SC_LEVEL3_CACHE_SIZE);
    const double wanted = fmax(4 * *cache, 256e6), room = (double)fd_machine_memory() / 8, time = s->budget * 50e6;
    return fmax(3e6, fmin(wanted, fmin(room, time)));
}

static fd_error *measure_triad(fd_session *s, int threads, fd_ceiling *out)
{
    fd_error *err = NULL;
    const double began = fd_now();
    double cache;
    const int64_t unit = (int64_t)threads * 16, n = (int64_t)(triad_bytes(s, &cache) / 12) / unit * unit + unit;
    stream all = {s->vectors, NULL, NULL, NULL, n, threads};
    fd_trial t = fd_trial_of("ceilings", s->place[0].name, threads, threads, "triad");
    FD_TRY(fd_alloc_aligned(&all.a, (size_t)n, sizeof(float)));
    FD_TRY(fd_alloc_aligned(&all.b, (size_t)n, sizeof(float)));
    FD_TRY(fd_alloc_aligned(&all.c, (size_t)n, sizeof(float)));
    for (int64_t i = 0; i < n; i++)
        all.a[i] = 0, all.b[i] = 1, all.c[i] = 2;
    t.bytes = 12.0 * (double)n;
    t.operations = 2.0 * (double)n;
    snprintf(t.note, sizeof t.note, "a = b + 3 c, arrays of %.0f MB in sum; the last cache has %.0f MB", t.bytes * 1e-6, cache * 1e-6);
    FD_TRY(fd_session_measure(s, &(fd_work){NULL, threads, triad, &all}, &t));
    FD_TRY(fd_session_add(s, &t, began));
    out->bytes = t.bytes / t.least;
done:
    free(all.a);
    free(all.b);
    free(all.c);
    return err;
}

/* --- a GPU --------------------------------------------------------------------------------------------------------------------------- */

static fd_error *copy(void *self, fd_lane *lane, int part)
{
    (void)part;
    return fd_single_run(self, lane);
}

static fd_error *measure_device(fd_session *s, const fd_place *p)
{
    fd_error *err = NULL;
    const double began = fd_now();
    const bool emulated = p->name[0] == 'e';
    const int64_t floats = emulated ? 1 << 18 : 1 << 26;
    fd_single one = {0};
    fd_op_desc d = {.kind = FD_OP_RESHAPE, .name = "copy", .inputs = 1};
    d.input[0] = d.output = fd_matrix_shape(1, floats);
    fd_trial t = fd_trial_of("ceilings", p->name, 1, 1, "device copy");
    FD_TRY(fd_single_open(&one, p->engine, &d, NULL));
    t.first = p->opened;
    t.bytes = 8.0 * (double)floats;
    snprintf(t.note, sizeof t.note, "%.0f MB read and %.0f MB written; first: opening the device and its libraries", t.bytes * 0.5e-6,
             t.bytes * 0.5e-6);
    FD_TRY(fd_session_measure(s, &(fd_work){p, 1, copy, &one}, &t));
    FD_TRY(fd_session_transfer(p, one.in_bytes, one.out_bytes, &t));
    FD_TRY(fd_session_add(s, &t, began));
    s->gpu.bytes = t.bytes / t.least;
done:
    fd_single_close(&one, NULL);
    return err;
}

static const int64_t EMULATED_ROUNDS = 64, GPU_ROUNDS = 20000; /* some 5 ms of a GPU: starting does not count */

typedef struct gpu_chains {
    const fd_place *place;
    double operations;
} gpu_chains;

static fd_error *chain_gpu(void *self, fd_lane *lane, int part)
{
    gpu_chains *g = self;
    (void)part;
    return g->place->engine->kind->lesson->chains(lane, g->place->name[0] == 'e' ? EMULATED_ROUNDS : GPU_ROUNDS, &g->operations);
}

static fd_error *measure_gpu_chains(fd_session *s, const fd_place *p)
{
    fd_error *err = NULL;
    const double began = fd_now();
    gpu_chains g = {p, NAN};
    fd_trial t = fd_trial_of("ceilings", p->name, 1, 1, "multiply-adds");
    FD_TRY(fd_session_measure(s, &(fd_work){p, 1, chain_gpu, &g}, &t));
    t.operations = g.operations;
    snprintf(t.note, sizeof t.note, "float32, all in registers; tensor cores are not ordinary units and may be faster");
    FD_TRY(fd_session_add(s, &t, began));
    s->gpu.operations = t.operations / t.least;
done:
    return err;
}

static fd_error *run(fd_session *s)
{
    fd_error *err = NULL;
    FD_TRY(measure_chains(s, 1, &s->one));
    FD_TRY(measure_triad(s, 1, &s->one));
    s->all = s->one;
    if (s->threads > 1) {
        FD_TRY(measure_chains(s, s->threads, &s->all));
        FD_TRY(measure_triad(s, s->threads, &s->all));
    }
    for (int i = 0; i < s->places; i++) {
        if (s->place[i].apart)
            FD_TRY(measure_device(s, &s->place[i]));
        if (s->place[i].engine->kind->lesson)
            FD_TRY(measure_gpu_chains(s, &s->place[i]));
    }
done:
    return err;
}

const fd_suite fd_suite_ceilings = {
    .name = "ceilings",
    .title = "Ceilings",
    .size = "threads",
    .item = "",
    .rate = FD_RATE_OPERATIONS,
    .text = "No program is faster than its machine, so the machine is measured first. \"multiply-adds\" keeps a dozen independent sums in "
            "registers and does nothing "
            "but multiply and add: what it reaches is the most arithmetic that this processor does, and no memory is involved. \"triad\" does "
            "the opposite: it "
            "computes a = b + 3 c over arrays that are as large as the budget and the memory allow, so that every number comes from memory, is "
            "used once, and "
            "goes back. It counts 12 bytes for each element, as STREAM does. Every other suite is held against these two. A GPU runs the same loop of "
            "multiply-adds in all its threads, and copies inside its own memory.",
    .run = run,
};
