/* What a run would take: bytes and memory by arithmetic, time by short measurements on the input's first rows. */
#include <stdio.h>

#include "run/pairs/distances_measure.h"
#include "store/packed.h"

static double pairs_of(const fd_pairing *p)
{
    const double rows = (double)p->n[0];
    return !p->symmetric ? rows * (double)p->n[1] : rows > 0 ? rows * (rows - 1) / 2 : 0;
}

static void print_bytes(const char *what, double bytes)
{
    char text[16];
    printf("%-30s %22.0f bytes  (%s)\n", what, bytes, fd_bytes_text(text, bytes));
}

static void print_time(const char *what, double seconds)
{
    char text[24];
    printf("%-30s %22s        (%.3g s)\n", what, fd_seconds_text(text, seconds), seconds);
}

/* --- bytes ------------------------------------------------------------------------------------------------------------------------------- */

/* Of the matrix in the file: whole tiles; compressed, what deflate may make of noise. */
static double matrix_in_file(const fd_pairing *p)
{
    const double height = (double)(p->plan[0].side < p->n[0] ? p->plan[0].side : p->n[0]);
    const double width = (double)(p->plan[1].side < p->n[1] ? p->plan[1].side : p->n[1]);
    const double tiles = (double)p->plan[0].blocks * (double)p->plan[1].blocks, tile = height * width * (p->wanted.half ? 2 : 4);
    return tiles * (p->wanted.compress ? (double)fd_chunk_pack_bound((size_t)tile) : tile);
}

static double radius_at_most(const fd_pairing *p)
{
    return (double)(p->n[0] + 1) * 8 + pairs_of(p) * (p->symmetric ? 2 : 1) * 12;
}

static void print_file(fd_distances_run *r, const fd_measured *m)
{
    const fd_pairing *p = &r->pairing;
    const double values = (double)p->n[0] * (double)p->n[1];
    fd_column columns[8];
    const int n = fd_distances_columns(r, columns);
    double all = (double)fd_result_predict(columns, n);
    print_bytes("matrix (--matrix full)", values * (p->wanted.half ? 2 : 4));
    if (p->wanted.matrix)
        print_bytes(p->wanted.compress ? "  compressed, at most" : "  in whole tiles", matrix_in_file(p));
    if (p->wanted.matrix && p->wanted.compress)
        print_bytes("  compressed, about", values * (p->wanted.half ? 2 : 4) * m->packed);
    if (p->wanted.k > 0)
        print_bytes("nearest (--topk)", (double)p->n[0] * (double)p->wanted.k * 12);
    if (p->wanted.radius_given)
        print_bytes("radius, at most", radius_at_most(p));
    if (p->wanted.histogram)
        print_bytes("histogram", FD_HISTOGRAM_BINS * 8);
    all += p->wanted.matrix && p->wanted.compress ? matrix_in_file(p) : 0;
    all += p->wanted.radius_given ? radius_at_most(p) + (1 << 20) : 0;
    all += p->wanted.clusters != FD_CLUSTERS_NONE ? (double)p->n[0] * 16 + (1 << 20) : 0;
    print_bytes("file, at most", all);
    if (p->wanted.k > 0)
        print_bytes("journal, nearest, at most", 2 * (double)p->n[0] * (double)p->wanted.k * 12);
}

static void print_ranks(const fd_distances_run *r, double ranks)
{
    const fd_pairing *p = &r->pairing;
    int64_t fixed = 0, rows = 0;
    fd_pairing_memory(p, &fixed, &rows);
    print_bytes("memory of a rank, rows", (double)rows);
    if (ranks > 1)
        print_bytes("  in a ring", (double)fd_pairing_ring_memory(p, (int64_t)ranks));
    print_bytes("memory of a rank, the rest", (double)fixed);
    const double travelling = (double)((p->symmetric ? 0 : p->n[0]) + p->n[1]) * (double)p->dim * 4 * (ranks - 1) / ranks;
    print_bytes("network, rows to each rank", travelling);
    print_bytes("network, nearest of each rank", (double)p->n[0] * (double)p->wanted.k * 12 * (ranks - 1) / ranks);
}

/* --- time -------------------------------------------------------------------------------------------------------------------------------- */

static void print_times(const fd_distances_run *r, const fd_measured *m, double ranks)
{
    const fd_pairing *p = &r->pairing;
    const double rows = (double)((p->symmetric ? 0 : p->n[0]) + p->n[1]), workers = ranks * p->threads, pairs = pairs_of(p);
    const double values = p->wanted.matrix ? (double)p->n[0] * (double)p->n[1] : 0, lists = (double)p->n[0] * (double)p->wanted.k * 12;
    const double read = rows * (m->survey / ranks + m->row);
    const double filling = p->wanted.k > 0 ? m->fill * (double)p->n[0] * fd_measured_fill(p->n[1], p->wanted.k) : 0;
    const double computed = (pairs * m->pair + filling + values * m->value) / workers;
    const double written = ((p->wanted.compress ? 2 * m->packed : 1) * values * (p->wanted.half ? 2 : 4)) * m->byte;   /* compressed: by way of parts */
    print_time("time, rows", read);
    print_time("time, pairs", computed);
    if (values > 0)
        print_time("time, writing the matrix", written);
    print_time("time in all", read + computed + written + lists * m->byte);
    printf("%-30s %22.0f ranks of %d threads: a thread has %.1f million pairs/s here", "", ranks, p->threads,
           computed > 0 ? pairs / (computed * workers) / 1e6 : 0);
    if (m->byte > 0)
        printf(", the disk %.0f MB/s", 1e-6 / m->byte);
    printf(" (measured)\n");
}

fd_error *fd_distances_forecast(fd_distances_run *r)
{
    fd_error *err = NULL;
    fd_measured measured;
    const fd_pairing *p = &r->pairing;
    const double ranks = (double)fd_opt_int(r->options, "ranks");
    if (r->rank != 0)
        return NULL;
    fd_pairing_plan(&r->pairing);
    FD_TRY(fd_distances_measure(r, &measured));
    printf("%-30s %22lld by %lld, %lld dimensions\n", "rows", (long long)p->n[0], (long long)p->n[1], (long long)p->dim);
    printf("%-30s %22.0f\n", "pairs", pairs_of(p));
    printf("%-30s %22.4g FLOP\n", "products", pairs_of(p) * 2 * (double)p->dim);
    print_file(r, &measured);
    print_ranks(r, ranks);
    print_times(r, &measured, ranks);
    fflush(stdout);
done:
    return err;
}
