/* Distances between embeddings: the ten nearest of one set for each row of another. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/distance.h"
#include "run/bench/single.h"
#include "run/bench/suite.h"

enum { NEAREST = 10 };

/* Each thread has some rows of one set; all share the other, a block that is prepared once. */
typedef struct job {
    fd_engine *engine;
    int64_t n, dim;
    int parts;
    float *host;
    void *rows; /* the engine's */
    fd_block *all, **some; /* some: [parts] */
    float *distance; /* [n][NEAREST] */
    int64_t *index;
} job;

static int64_t row(const job *j, int part)
{
    return j->n * part / j->parts;
}

static fd_error *sweep(void *self, fd_lane *lane, int part)
{
    const job *j = self;
    const int64_t first = row(j, part);
    const fd_topk list = {NEAREST, j->distance + first * NEAREST, j->index + first * NEAREST};
    const fd_sweep s = {.a = j->some[part], .b = j->all, .first_a = first, .first_b = j->n, .topk_a = list};
    fd_topk_clear(&list, FD_EUCLIDEAN, row(j, part + 1) - first);
    return j->engine->kind->distance->sweep(lane, &s);
}

static fd_error *open_blocks(job *j, fd_lane *lane)
{
    fd_error *err = NULL;
    const fd_distance_table *table = j->engine->kind->distance;
    fd_block_desc d = {.metric = FD_EUCLIDEAN, .row = j->rows, .n = j->n, .dim = j->dim};
    FD_TRY(table->block_open(lane, &d, &j->all));
    for (int i = 0; i < j->parts; i++) {
        d.row = (const float *)j->rows + row(j, i) * j->dim;
        d.n = row(j, i + 1) - row(j, i);
        FD_TRY(table->block_open(lane, &d, &j->some[i]));
    }
    FD_TRY(j->engine->kind->lane_sync(lane));
done:
    return err;
}

static fd_error *open_job(job *j)
{
    fd_error *err = NULL;
    fd_lane *lane = NULL;
    const size_t numbers = (size_t)(j->n * j->dim);
    uint32_t seed = 1;
    FD_TRY(fd_alloc(&j->some, (size_t)j->parts, sizeof(fd_block *)));
    FD_TRY(fd_alloc(&j->distance, (size_t)(j->n * NEAREST), sizeof *j->distance));
    FD_TRY(fd_alloc(&j->index, (size_t)(j->n * NEAREST), sizeof *j->index));
    FD_TRY(fd_alloc_aligned(&j->host, numbers, sizeof *j->host));
    for (size_t i = 0; i < numbers; i++) {
        seed = seed * 1664525u + 1013904223u;
        j->host[i] = (float)(seed >> 8) * 0x1p-23F - 1;
    }
    FD_TRY(j->engine->kind->alloc(j->engine, numbers * sizeof *j->host, &j->rows));
    FD_TRY(fd_single_put(j->engine, j->rows, j->host, numbers * sizeof *j->host));
    FD_TRY(fd_lane_open(j->engine, &lane));
    FD_TRY(open_blocks(j, lane));
done:
    fd_lane_close(lane);
    return err;
}

static void close_job(job *j)
{
    for (int i = 0; j->some && i < j->parts; i++)
        j->engine->kind->distance->block_close(j->some[i]);
    j->engine->kind->distance->block_close(j->all);
    if (j->rows)
        j->engine->kind->release(j->engine, j->rows);
    free(j->some);
    free(j->distance);
    free(j->index);
    free(j->host);
}

/* Both sets are the same rows: each one's nearest is itself, at no distance. */
static fd_error *check(const job *j)
{
    for (int64_t i = 0; i < j->n; i++)
        if (j->index[i * NEAREST] != j->n + i || j->distance[i * NEAREST] != 0)
            return FD_FAIL(FD_MISMATCH, "row %lld is not its own nearest", (long long)i);
    return NULL;
}

static fd_error *point(fd_session *s, const fd_place *p, int64_t n, int64_t dim)
{
    fd_error *err = NULL;
    bool fits;
    const double began = fd_now(), pairs = (double)n * (double)n;
    job j = {.engine = p->engine, .n = n, .dim = dim, .parts = p->threads < n ? p->threads : (int)n};
    fd_trial t = fd_trial_of("distances", p->name, j.parts, (double)n, "dim %lld", (long long)dim);
    t.items = pairs;
    t.operations = 2 * pairs * (double)dim;
    t.bytes = 8.0 * (double)n * (double)dim + 12.0 * NEAREST * (double)n;
    FD_TRY(fd_session_fits(s, &t, &fits));
    if (!fits)
        return NULL;
    FD_TRY(open_job(&j));
    t.first = fd_now() - began;
    FD_TRY(fd_session_measure(s, &(fd_work){p, j.parts, sweep, &j}, &t));
    FD_TRY(check(&j));
    FD_TRY(fd_session_transfer(p, (size_t)(n * dim) * sizeof(float), (size_t)(n * NEAREST) * (sizeof(float) + sizeof(int64_t)), &t));
    snprintf(t.note, sizeof t.note, "the %d nearest; verified: each row finds itself", NEAREST);
    FD_TRY(fd_session_add(s, &t, began));
done:
    close_job(&j);
    return err;
}

static fd_error *run(fd_session *s)
{
    fd_error *err = NULL;
    static const int64_t rows[] = {1000, 2000, 4000, 8000, 16000, 32000}, dims[] = {128, 512};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        for (int d = 0; d < 2; d++)
            for (int p = 0; p < s->places; p++)
                FD_TRY(point(s, &s->place[p], rows[k], dims[d]));
done:
    return err;
}

const fd_suite fd_suite_distances = {
    .name = "distances",
    .title = "Distances between embeddings",
    .size = "rows of each set",
    .item = "pairs",
    .rate = FD_RATE_ITEMS,
    .text = "A face becomes a row of 128 or 512 numbers, and faces of one person have rows that lie near each other. Each row of one set is "
            "compared with each row of "
            "another, and the ten nearest are kept. The work grows with the square of the rows. Most of it is a matrix product, of which only "
            "the bound of an error is "
            "needed to tell which pairs can matter: where the processor or GPU has units for half precision they find the candidates, and "
            "those are computed in full.",
    .run = run,
};
