/* Products of square matrices: by the engines, by OpenBLAS, and by the rungs of the ladder. Every one is verified. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/bench/blas.h"
#include "run/bench/gpu_product.h"
#include "run/bench/ladder.h"
#include "run/bench/product.h"
#include "run/bench/single.h"
#include "run/bench/suite.h"
#include "run/machine.h"

/* One product in hand. The factors and the result are the host's; an engine has its own beside them, a thread each some columns of b. */
typedef struct job {
    int64_t n;
    bool wide;
    void *a, *b, *c;
    int threads; /* of OpenBLAS */
    const fd_rung *rung;
    const fd_vectors *vectors;
    float *scratch;
    fd_engine *engine;
    fd_single *part; /* [parts] */
    int parts;
    void *shared; /* the engine's a */
    bool apart; /* `gpu` has it, not `part` */
    fd_gpu_product gpu;
} job;

static int64_t column(const job *j, int part)
{
    return j->n * part / j->parts;
}

static fd_error *open_job(job *j)
{
    fd_error *err = NULL;
    const size_t numbers = (size_t)(j->n * j->n), size = j->wide ? sizeof(double) : sizeof(float);
    FD_TRY(fd_alloc_aligned(&j->a, numbers, size));
    FD_TRY(fd_alloc_aligned(&j->b, numbers, size));
    FD_TRY(fd_alloc_aligned(&j->c, numbers, size));
    fd_product_fill(j->a, j->n * j->n, j->wide, 1);
    fd_product_fill(j->b, j->n * j->n, j->wide, 2);
    memset(j->c, 0, numbers * size);
    if (j->rung && !j->apart)
        FD_TRY(fd_alloc_aligned(&j->scratch, fd_ladder_scratch(j->n), sizeof(float)));
done:
    return err;
}

static void close_job(job *j)
{
    for (int i = 0; j->part && i < j->parts; i++)
        fd_single_close(&j->part[i], j->shared);
    if (j->shared)
        j->engine->kind->release(j->engine, j->shared);
    fd_gpu_product_close(&j->gpu);
    free(j->part);
    free(j->a);
    free(j->b);
    free(j->c);
    free(j->scratch);
}

/* --- the kernels --------------------------------------------------------------------------------------------------------------------- */

static fd_error *run_rung(void *self, fd_lane *lane, int part)
{
    const job *j = self;
    (void)lane, (void)part;
    j->rung->run(j->vectors, j->a, j->b, j->c, j->n, j->scratch);
    return NULL;
}

static fd_error *run_blas(void *self, fd_lane *lane, int part)
{
    const job *j = self;
    (void)lane, (void)part;
    fd_blas_product(j->a, j->b, j->c, j->n, j->wide, j->threads);
    return NULL;
}

static fd_error *run_engine(void *self, fd_lane *lane, int part)
{
    const job *j = self;
    return fd_single_run(&j->part[part], lane);
}

static fd_error *run_gpu(void *self, fd_lane *lane, int part)
{
    const job *j = self;
    (void)part;
    return fd_gpu_product_run(&j->gpu, lane);
}

/* Each thread has some columns of b, in the engine's own order, for good: as a network has its weights. */
static fd_error *prepare_part(job *j, int part, float *columns)
{
    const int64_t from = column(j, part), count = column(j, part + 1) - from;
    const float *b = j->b;
    fd_op_desc d = {.kind = FD_OP_MATMUL, .name = "product", .inputs = 1};
    for (int64_t k = 0; k < j->n; k++)
        memcpy(columns + k * count, b + k * j->n + from, (size_t)count * sizeof *columns);
    d.input[0] = fd_matrix_shape(j->n, j->n);
    d.constant[1] = columns;
    d.constant_shape = fd_matrix_shape(j->n, count);
    d.output = fd_matrix_shape(j->n, count);
    return fd_single_open(&j->part[part], j->engine, &d, j->shared);
}

static fd_error *prepare(job *j, fd_trial *t)
{
    fd_error *err = NULL;
    float *columns = NULL;
    const size_t bytes = (size_t)(j->n * j->n) * sizeof *columns;
    FD_TRY(fd_alloc_aligned(&columns, (size_t)(j->n * (j->n / j->parts + 1)), sizeof *columns));
    FD_TRY(fd_alloc(&j->part, (size_t)j->parts, sizeof *j->part));
    FD_TRY(j->engine->kind->alloc(j->engine, bytes, &j->shared));
    FD_TRY(fd_single_put(j->engine, j->shared, j->a, bytes));
    const double start = fd_now();
    for (int i = 0; i < j->parts; i++)
        FD_TRY(prepare_part(j, i, columns));
    t->first = fd_now() - start;
done:
    free(columns);
    return err;
}

static fd_error *check_engine(job *j)
{
    fd_error *err = NULL;
    for (int i = 0; i < j->parts; i++) {
        const int64_t from = column(j, i), count = column(j, i + 1) - from;
        const fd_product p = {j->n, j->n, count, j->a, (const float *)j->b + from, j->c, j->n, false};
        FD_TRY(fd_single_get(j->engine, j->c, j->part[i].out, (size_t)(j->n * count) * sizeof(float)));
        FD_TRY(fd_product_check(&p, 3 + (uint64_t)i));
    }
done:
    return err;
}

/* --- points -------------------------------------------------------------------------------------------------------------------------- */

static fd_error *check_whole(const job *j)
{
    return fd_product_check(&(fd_product){j->n, j->n, j->n, j->a, j->b, j->c, j->n, j->wide}, 3);
}

static fd_error *check(job *j)
{
    fd_error *err = NULL;
    if (j->engine)
        return check_engine(j);
    if (j->apart)
        FD_TRY(fd_gpu_product_get(&j->gpu, j->c));
    FD_TRY(check_whole(j));
done:
    return err;
}

static fd_error *measure(fd_session *s, job *j, const fd_place *place, fd_trial *t)
{
    fd_error *err = NULL;
    const double began = fd_now();
    const size_t bytes = (size_t)(j->n * j->n) * (j->wide ? sizeof(double) : sizeof(float));
    const fd_work w = {place, j->parts, j->engine ? run_engine : j->apart ? run_gpu : j->rung ? run_rung : run_blas, j};
    FD_TRY(open_job(j));
    if (j->engine)
        FD_TRY(prepare(j, t));
    if (j->apart)
        FD_TRY(fd_gpu_product_open(&j->gpu, j->a, j->b, &t->first));
    FD_TRY(fd_session_measure(s, &w, t));
    if (place)
        FD_TRY(fd_session_transfer(place, 2 * bytes, bytes, t));
    FD_TRY(check(j));
    snprintf(t->note, sizeof t->note, "verified: Freivalds, sampled rows");
    FD_TRY(fd_session_add(s, t, began));
done:
    close_job(j);
    return err;
}

/* A product that is wrong is a failed row, for all to see; the others go on. */
static fd_error *point(fd_session *s, job *j, const fd_place *place, fd_trial *t)
{
    fd_error *err = NULL;
    bool fits;
    const double n = (double)j->n, size = j->wide ? 8 : 4, need = n * n * size * (place ? 6 : 4);
    t->operations = 2 * n * n * n;
    t->bytes = 3 * n * n * size;
    t->items = 1;
    FD_TRY(fd_session_fits(s, t, &fits));
    if (!fits)
        goto done;
    if (need > 0.6 * (double)fd_machine_memory()) {
        FD_TRY(fd_session_pass(s, t, FD_TRIAL_SKIPPED, "needs %.1f GB of memory", need * 1e-9));
        goto done;
    }
    fd_error *wrong = measure(s, j, place, t);
    if (fd_error_code(wrong) == FD_MISMATCH || fd_error_code(wrong) == FD_UNSUPPORTED || fd_error_code(wrong) == FD_NOMEM) {
        err = fd_session_pass(s, t, FD_TRIAL_FAILED, "%s", fd_error_message(wrong));
        fd_error_free(wrong);
    } else
        err = wrong;
done:
    return err;
}

static fd_error *by_engine(fd_session *s, const fd_place *p, int threads, int64_t n)
{
    job j = {.n = n, .engine = p->engine, .parts = threads};
    fd_trial t = fd_trial_of("matmul", p->name, threads, (double)n, "engine f32");
    return point(s, &j, p, &t);
}

static fd_error *by_blas(fd_session *s, int threads, int64_t n, bool wide)
{
    job j = {.n = n, .wide = wide, .threads = threads, .parts = 1};
    fd_trial t = fd_trial_of("matmul", s->place[0].name, threads, (double)n, "OpenBLAS %s", wide ? "f64" : "f32");
    if (!fd_blas_name())
        return fd_session_pass(s, &t, FD_TRIAL_NOT_BUILT, "OpenBLAS (libopenblas-dev) was not there when this was built");
    return point(s, &j, NULL, &t);
}

static fd_error *by_rung(fd_session *s, const fd_rung *rung, int64_t n)
{
    job j = {.n = n, .rung = rung, .vectors = s->vectors, .parts = 1};
    fd_trial t = fd_trial_of("matmul", s->place[0].name, 1, (double)n, "%s", rung->series);
    return point(s, &j, NULL, &t);
}

/* What a GPU has beside its engine's products: the library in double precision, and its own ladder. */
static fd_error *by_lessons(fd_session *s, const fd_place *p, int64_t n)
{
    fd_error *err = NULL;
    for (int i = FD_GPU_WIDE; i < FD_LESSON_RUNGS; i++) {
        job j = {.n = n,
                 .wide = i == FD_GPU_WIDE,
                 .parts = 1,
                 .apart = true,
                 .rung = fd_gpu_rung_at(i),
                 .gpu = {.engine = p->engine, .rung = i, .n = n}};
        fd_trial t = fd_trial_of("matmul", p->name, 1, (double)n, "%s", j.wide ? "cuBLAS f64" : j.rung->series);
        FD_TRY(point(s, &j, p, &t));
    }
done:
    return err;
}

static fd_error *of_size(fd_session *s, int64_t n)
{
    fd_error *err = NULL;
    for (int i = 0; i < s->places; i++) {
        FD_TRY(by_engine(s, &s->place[i], s->place[i].threads, n));
        if (s->place[i].engine->kind->lesson)
            FD_TRY(by_lessons(s, &s->place[i], n));
    }
    FD_TRY(by_blas(s, s->threads, n, false));
    FD_TRY(by_blas(s, s->threads, n, true));
    if (s->threads > 1) {
        FD_TRY(by_engine(s, &s->place[0], 1, n));
        FD_TRY(by_blas(s, 1, n, false));
    }
    for (int i = 0; fd_rung_at(i) && n <= 2048; i++)
        FD_TRY(by_rung(s, fd_rung_at(i), n));
done:
    return err;
}

static fd_error *run(fd_session *s)
{
    fd_error *err = NULL;
    static const int64_t sizes[] = {64, 256, 512, 1024, 2048, 4096, 8192, 10000};
    const bool emulated = s->places > 1 && strcmp(s->place[1].name, "emulator") == 0; /* the first size is for it alone: a moment's work */
    for (size_t i = emulated ? 0 : 1; i < sizeof sizes / sizeof *sizes; i++)
        FD_TRY(of_size(s, sizes[i]));
done:
    return err;
}

const fd_suite fd_suite_matmul = {
    .name = "matmul",
    .title = "Matrix products",
    .size = "rows and columns",
    .item = "products",
    .rate = FD_RATE_OPERATIONS,
    .text = "The product of two square matrices of n rows takes 2 n^3 operations on 3 n^2 numbers, so there is much to compute for each number "
            "that is moved: the case "
            "in which processors and GPUs come nearest to their ceilings, and what most of a neural network consists of. \"engine f32\" is the "
            "code that "
            "facesdist's own networks run on; its second factor is put in order beforehand, as weights are. \"OpenBLAS\" is the library behind "
            "NumPy, in single "
            "and in double precision; cuBLAS is NVIDIA's. The numbered curves are the ladders below, on one thread of the processor and on the "
            "GPU. The matrices hold small whole numbers, so that the "
            "right result is known exactly in every precision: each product is verified by Freivalds' check, and some rows are computed anew.",
    .run = run,
};
