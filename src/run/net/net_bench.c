#include "run/net/net_bench.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

enum { WARM_UP = 3 };   /* runs: memory touched, caches filled, clock speed settled */

/* One lane with its arrays in the engine's memory. */
typedef struct desk {
    const fd_bench *bench;
    fd_lane *lane;
    float *input, *output[16];
} desk;

static size_t bytes_of(const fd_tensor *t)
{
    return (size_t)fd_tensor_count(t) * sizeof(float);
}

fd_tensor fd_bench_output(const fd_bench *b, int i)
{
    fd_tensor t = *fd_net_output(b->net, i);
    if (fd_net_any_size(b->net)) {   /* P-Net: a cell for every second pixel, 12 pixels wide (design section 5) */
        t.dim[2] = (b->input.dim[2] - 1) / 2 - 4;
        t.dim[3] = (b->input.dim[3] - 1) / 2 - 4;
    }
    return t;
}

static void leave(desk *d)
{
    const fd_engine_kind *kind = d->bench->engine->kind;
    if (d->input)
        kind->release(d->bench->engine, d->input);
    for (int i = 0; i < fd_net_outputs(d->bench->net); i++)
        if (d->output[i])
            kind->release(d->bench->engine, d->output[i]);
    fd_lane_close(d->lane);
}

static fd_error *take(desk *d, const fd_bench *b)
{
    fd_error *err = NULL;
    void *memory;
    *d = (desk){.bench = b};
    FD_TRY(fd_lane_open(b->engine, &d->lane));
    FD_TRY(b->engine->kind->alloc(b->engine, bytes_of(&b->input), &memory));
    d->input = memory;
    for (int i = 0; i < fd_net_outputs(b->net); i++) {
        fd_tensor t = fd_bench_output(b, i);
        FD_TRY(b->engine->kind->alloc(b->engine, bytes_of(&t), &memory));
        d->output[i] = memory;
    }
done:
    return err;
}

static fd_error *run(const desk *d)
{
    fd_error *err = NULL;
    const fd_bench *b = d->bench;
    if (fd_net_any_size(b->net)) {
        int box = fd_net_find_output(b->net, "box"), prob = fd_net_find_output(b->net, "prob");
        FD_TRY(fd_net_run_at(b->net, d->lane, d->input, b->input.dim[2], b->input.dim[3], d->output[box], d->output[prob]));
    } else {
        FD_TRY(fd_net_run(b->net, d->lane, d->input, d->output));
    }
    FD_TRY(b->engine->kind->lane_sync(d->lane));
done:
    return err;
}

/* Output i of one batch, of which `used` samples count, to its place among the results. */
static fd_error *fetch(const desk *d, int i, int64_t first, int64_t used, float *result)
{
    fd_error *err = NULL;
    float *host = NULL;
    fd_tensor t = fd_bench_output(d->bench, i);
    int64_t size = d->bench->input.dim[0], whole = fd_tensor_count(&t), from = whole / size * first;
    int64_t part = used == size ? whole : whole / size * used;   /* an output without a batch comes in one piece: see net_job.c */
    FD_TRY(fd_alloc(&host, (size_t)whole, sizeof *host));
    FD_TRY(d->bench->engine->kind->download(d->lane, host, d->output[i], bytes_of(&t)));
    FD_TRY(d->bench->engine->kind->lane_sync(d->lane));
    memcpy(result + from, host, (size_t)part * sizeof *host);
done:
    free(host);
    return err;
}

fd_error *fd_bench_run(const fd_bench *b, const float *samples, int64_t n, float *const *results)
{
    fd_error *err = NULL;
    desk d;
    float *batch = NULL;
    int64_t size = b->input.dim[0], each = fd_tensor_count(&b->input) / size;
    FD_TRY(take(&d, b));
    FD_TRY(fd_alloc(&batch, (size_t)(size * each), sizeof *batch));
    for (int64_t first = 0; first < n; first += size) {
        int64_t used = n - first < size ? n - first : size;
        memset(batch, 0, bytes_of(&b->input));
        memcpy(batch, samples + first * each, (size_t)(used * each) * sizeof *batch);
        FD_TRY(b->engine->kind->upload(d.lane, d.input, batch, bytes_of(&b->input)));
        FD_TRY(run(&d));
        for (int i = 0; i < fd_net_outputs(b->net); i++)
            FD_TRY(fetch(&d, i, first, used, results[i]));
    }
done:
    leave(&d);
    free(batch);
    return err;
}

typedef struct worker {
    const fd_bench *bench;
    const float *batch;
    int runs, threads;
    double *times;              /* of this thread */
    pthread_barrier_t *start;
    fd_error *err;
} worker;

static void *work(void *argument)
{
    worker *w = argument;
    fd_error *err = NULL;
    desk d;
    FD_TRY(take(&d, w->bench));
    FD_TRY(w->bench->engine->kind->upload(d.lane, d.input, w->batch, bytes_of(&w->bench->input)));
    for (int i = 0; i < WARM_UP; i++)
        FD_TRY(run(&d));
done:
    pthread_barrier_wait(w->start);
    for (int i = 0; i < w->runs && !err; i++) {
        double before = fd_now();
        err = run(&d);
        w->times[i] = (fd_now() - before) * 1e3 / (double)w->bench->input.dim[0] / w->threads;
    }
    leave(&d);
    w->err = err;
    return NULL;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

fd_error *fd_bench_time(const fd_bench *b, const float *batch, int threads, int runs, double *times)
{
    fd_error *err = NULL;
    pthread_t *thread = NULL;
    worker *w = NULL;
    pthread_barrier_t start;
    FD_TRY(fd_alloc(&thread, (size_t)threads, sizeof *thread));
    FD_TRY(fd_alloc(&w, (size_t)threads, sizeof *w));
    pthread_barrier_init(&start, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++) {
        w[i] = (worker){b, batch, runs, threads, times + (size_t)i * (size_t)runs, &start, NULL};
        if (i > 0 && pthread_create(&thread[i], NULL, work, &w[i]) != 0)
            abort();   /* the others wait at the barrier: nothing can be undone */
    }
    work(&w[0]);
    for (int i = 1; i < threads; i++)
        pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&start);
    for (int i = 0; i < threads; i++) {
        if (!err)
            err = w[i].err;
        else
            fd_error_free(w[i].err);
    }
    qsort(times, (size_t)threads * (size_t)runs, sizeof *times, ascending);
done:
    free(thread);
    free(w);
    return err;
}
