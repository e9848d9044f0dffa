/* What a run would take: bytes and memory by arithmetic, time from a short measurement on the input's first rows. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/distances_job.h"

static const double MEASURE = 0.5;   /* seconds */
enum { ROWS = 8192 };                /* most of what a list takes is found in its first few thousand */

static double pairs_of(const fd_pairing *p)
{
    return p->symmetric ? (double)p->n[0] * (double)(p->n[0] - 1) / 2 : (double)p->n[0] * (double)p->n[1];
}

/* Pairs per second of one thread, without the writing of a matrix; 0 where there are too few rows to tell. */
static fd_error *measure(fd_distances_run *r, double *rate)
{
    fd_error *err = NULL;
    fd_lane *lane = NULL;
    fd_slabs slabs = {0};
    fd_panel panel = {0};
    fd_lists *lists = NULL;
    fd_pairing *p = &r->pairing;
    fd_survey survey = FD_SURVEY_EMPTY;
    const fd_scale scale = fd_scale_of(&survey, p->metric);
    const int64_t rows = p->n[1] < ROWS ? p->n[1] : ROWS;
    const fd_tile_plan plan = fd_tile_plan_wide(rows, 1, p->plan[1].side);
    const int64_t blocks = plan.blocks, side = plan.side;
    const fd_panel_desc desc = {.metric = p->metric, .precision = p->precision, .dim = p->dim, .plan = plan, .source = {0}, .scale = &scale,
                                .tiles = false, .sweeps = true};
    fd_panel_desc d = desc;
    double start = 0, pairs = 0;
    *rate = 0;
    if (blocks == 0)
        return NULL;
    FD_TRY(fd_lane_open(r->engine, &lane));
    FD_TRY(fd_slabs_open(r->vectors[1], NULL, p->metric, &slabs));
    d.source = fd_slabs_source(&slabs);
    FD_TRY(fd_panel_open(lane, &d, 0, blocks, &panel));
    start = fd_now();
    for (int round = 0; round == 0 || fd_now() - start < MEASURE; round++) {
        fd_deal deal = {.window = {.triangle = true, .rows = blocks, .columns = blocks}};
        fd_deal_share(&deal, 1, 0);
        fd_lists_close(lists);
        lists = NULL;
        FD_TRY(fd_lists_open(p->metric, rows, side, p->wanted.k > 0 ? p->wanted.k : 1, &lists));
        const fd_dist_job job = {.metric = p->metric, .dim = p->dim, .side = {side, side}, .symmetric = true, .a = &panel, .b = &panel,
                                 .deal = &deal, .scale = &scale, .lists = lists};
        FD_TRY(fd_distances(lane, &job));
        pairs += (double)rows * (double)rows / 2;
    }
    *rate = pairs / (fd_now() - start);
done:
    fd_lists_close(lists);
    fd_panel_close(&panel);
    fd_slabs_close(&slabs);
    fd_lane_close(lane);
    return err;
}

static void print_bytes(const char *what, double bytes)
{
    char text[16];
    printf("%-26s %22.0f bytes  (%s)\n", what, bytes, fd_bytes_text(text, bytes));
}

static void print(const fd_distances_run *r, double rate)
{
    const fd_pairing *p = &r->pairing;
    const double ranks = (double)fd_opt_int(r->options, "ranks"), pairs = pairs_of(p);
    int64_t fixed = 0, rows = 0;
    char seconds[24];
    fd_pairing_memory(p, &fixed, &rows);
    printf("%-26s %22lld by %lld, %lld dimensions\n", "rows", (long long)p->n[0], (long long)p->n[1], (long long)p->dim);
    printf("%-26s %22.0f\n", "pairs", pairs);
    printf("%-26s %22.4g FLOP\n", "products", pairs * 2 * (double)p->dim);
    print_bytes("matrix (--matrix full)", (double)p->n[0] * (double)p->n[1] * 4);
    if (p->wanted.k > 0)
        print_bytes("nearest (--topk)", (double)p->n[0] * (double)p->wanted.k * 12);
    if (p->wanted.radius_given)
        print_bytes("radius, at most", (double)(p->n[0] + 1) * 8 + pairs * (p->symmetric ? 2 : 1) * 12);
    if (p->wanted.histogram)
        print_bytes("histogram", FD_HISTOGRAM_BINS * 8);
    print_bytes("memory of a rank, rows", (double)rows);
    print_bytes("memory of a rank, the rest", (double)fixed);
    printf("%-26s %22s on %.0f ranks of %d threads", "time of the pairs", rate > 0 ? fd_seconds_text(seconds, pairs / rate / ranks / p->threads) : "n/a", ranks,
           p->threads);
    printf(" (%.1f million pairs/s a thread, measured; writing a matrix not counted)\n", rate / 1e6);
    fflush(stdout);
}

fd_error *fd_distances_forecast(fd_distances_run *r)
{
    fd_error *err = NULL;
    double rate = 0;
    if (r->rank != 0)
        return NULL;
    fd_pairing_plan(&r->pairing);
    FD_TRY(measure(r, &rate));
    print(r, rate);
done:
    return err;
}
