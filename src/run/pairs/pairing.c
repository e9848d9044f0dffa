#include "run/pairs/checkpoint.h"
#include "run/together.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void fd_wanted_of(const fd_options *o, fd_wanted *out)
{
    *out = (fd_wanted){.radius_given = fd_opt_set(o, "radius"), .histogram = fd_opt_flag(o, "histogram"), .include_self = fd_opt_flag(o, "include-self")};
    out->half = strcmp(fd_opt_text(o, "matrix-type"), "f16") == 0;
    out->compress = fd_opt_flag(o, "compress");
    if (fd_opt_set(o, "topk"))
        out->k = fd_opt_int(o, "topk");
    out->clusters = (fd_clusters)fd_opt_choice(o, "clusters");
    if (out->radius_given)
        out->radius = (float)fd_opt_real(o, "radius");
}

fd_error *fd_wanted_check(const fd_options *o)
{
    if (fd_opt_choice(o, "clusters") != FD_CLUSTERS_NONE && !fd_opt_set(o, "radius"))
        return FD_FAIL(FD_USAGE, "--clusters needs --radius, the distance below which two are linked");
    return NULL;
}

bool fd_wanted_any(const fd_wanted *w)
{
    return w->matrix || w->k > 0 || w->radius_given || w->histogram;
}

bool fd_row_is_valid(const float *row, int64_t dim, fd_metric metric)
{
    const int32_t bits = fd_largest_bits(row, dim);
    return bits < 0x7f800000 && !(metric == FD_COSINE && bits == 0);
}

fd_error *fd_survey_reduce(fd_comm *c, fd_survey *s)
{
    fd_error *err = NULL;
    int64_t values[] = {s->largest, s->out_of_range};
    FD_TRY(fd_comm_reduce_i64(c, values, 2, FD_COMBINE_MAX));
    FD_TRY(fd_comm_reduce_f64(c, &s->norm, 1, FD_COMBINE_MAX));
    s->largest = values[0];
    s->out_of_range = values[1];
done:
    return err;
}

/* The least of 1, 2, 5, 10, ... that no value exceeds but by rounding (rows of length 1 to the last bit have none above 2). */
static double round_bound(double x)
{
    static const double steps[] = {1, 2, 5, 10};
    if (!(x > 0))
        return 1;
    const double power = pow(10, floor(log10(x)));
    for (int i = 0; i < 4; i++)
        if (x <= steps[i] * power * (1 + 1e-5))
            return steps[i] * power;
    return 10 * power;
}

/* Edges that hold all values: what two rows of the largest length can have. */
static void set_bins(fd_pairing *p, double norm)
{
    double high = p->metric == FD_COSINE ? 2 : p->metric == FD_EUCLIDEAN ? 2 * sqrt(norm) : p->metric == FD_SQEUCLIDEAN ? 4 * norm : norm;
    high = round_bound(high);
    const double low = p->metric == FD_INNER ? -high : 0;
    p->bins.bins = FD_HISTOGRAM_BINS;
    p->bins.low = low;
    p->bins.scale = FD_HISTOGRAM_BINS / (high - low);
    snprintf(p->low, sizeof p->low, "%.15g", low);
    snprintf(p->high, sizeof p->high, "%.15g", high);
    snprintf(p->limit, sizeof p->limit, "%.9g", (double)p->wanted.radius);
}

static fd_error *open_own(fd_pairing *p)
{
    fd_error *err = NULL;
    if (p->wanted.k > 0)
        FD_TRY(fd_lists_open(p->metric, p->n[0], p->plan[0].side, p->wanted.k, &p->lists));
    if (p->wanted.radius_given)
        FD_TRY(fd_alloc(&p->row_count, (size_t)p->n[0] + 1, sizeof *p->row_count));
    if (p->wanted.histogram)
        FD_TRY(fd_alloc(&p->bins.count, FD_HISTOGRAM_BINS + 2, sizeof *p->bins.count));
    FD_TRY(fd_alloc(&p->lane, (size_t)p->threads, sizeof(fd_lane *)));
    p->lanes = p->threads;
done:
    return err;
}

/* Bytes of a rank for each row of a block: prepared, as it was read, and in the lists and waiting pairs of a sweep. */
static int64_t bytes_of_row(const fd_pairing *p)
{
    enum { SAMPLE = 512 };
    const fd_block_desc d = {.metric = p->metric, .precision = p->precision, .n = SAMPLE, .dim = p->dim};
    const fd_distance_table *table = p->engine->kind->distance;
    const size_t sample = table->block_bytes(p->engine, &d) + table->sweep_bytes(p->engine, &d, p->wanted.k);
    return (int64_t)sample / SAMPLE + p->dim * (int64_t)sizeof(float) + p->wanted.k * (int64_t)(sizeof(float) + sizeof(int64_t));
}

/* Tiles of the matrix are chunks of the file, and all pairs of a tile may be within a radius. Else sweeps are as large as memory and a fair share for
 * every thread allow, because the waiting pairs of a row are settled at the end of each: 20 tiles for each thread, or the fewest of which one thread of each
 * rank gets its share. */
void fd_pairing_plan(fd_pairing *p)
{
    static const double TILE = 1.4e11;   /* multiplications: some seconds; between tiles a run can stop */
    const int64_t most = p->memory > 0 && p->memory / 16 < 256 << 20 ? p->memory / 16 : 256 << 20, quick = (int64_t)sqrt(TILE / (double)(p->dim > 128 ? p->dim : 128));
    const bool half = p->symmetric && 5 * p->n[0] < 7 * quick;   /* one tile, of which half is computed */
    const int64_t fitting = most / bytes_of_row(p), soon = half ? p->n[0] + quick : quick, rows = fitting < soon ? fitting : soon;
    const int ranks = fd_comm_ranks(p->comm), parts = ranks * p->threads;
    const int64_t blocks = parts == 1 ? 1 : (int64_t)ceil(sqrt(2.0 * 20 * parts)), largest = p->side > 0 ? p->side : rows;
    for (int i = 0; i < 2; i++)
        if (p->wanted.matrix || p->wanted.radius_given)
            p->plan[i] = fd_tile_plan_of(p->n[i]);
        else if (p->symmetric && p->threads == 1)
            p->plan[i] = fd_tile_plan_even(p->n[i], ranks, blocks, largest);
        else
            p->plan[i] = fd_tile_plan_wide(p->n[i], blocks, largest);
}

fd_error *fd_pairing_prepare(fd_pairing *p, const fd_survey *survey)
{
    fd_error *err = NULL;
    const int lanes = p->engine->kind->lanes;
    if (lanes && lanes < p->threads)   /* few threads keep a GPU busy */
        p->threads = lanes;
    fd_pairing_plan(p);
    int64_t side[] = {p->plan[0].side, p->plan[1].side};   /* by this rank's memory and threads: all take the smallest */
    FD_TRY(fd_comm_reduce_i64(p->comm, side, 2, FD_COMBINE_MIN));
    for (int i = 0; i < 2; i++)
        p->plan[i] = fd_tile_plan_with(p->n[i], side[i]);
    p->scaling = fd_scale_of(survey, p->metric);
    set_bins(p, survey->norm);
    FD_TRY(fd_checkpoint_find(p));
    FD_TRY(fd_comm_agree(p->comm, open_own(p)));
    FD_TRY(fd_together(p->comm, p->timeout, fd_checkpoint_take, p));
done:
    return err;
}

void fd_pairing_free(fd_pairing *p)
{
    fd_lists_close(p->lists);
    fd_tiles_close(p);
    fd_checkpoint_close(p->checkpoint);
    for (int t = 0; t < p->spills; t++)
        fd_spill_close(p->spill[t]);
    for (int t = 0; t < p->lanes; t++)
        fd_lane_close(p->lane[t]);
    free(p->lane);
    free(p->spill);
    free(p->row_count);
    free(p->bins.count);
    p->checkpoint = NULL;
    p->lists = NULL;
    p->spill = NULL;
    p->spills = 0;
    p->lane = NULL;
    p->lanes = 0;
    p->row_count = NULL;
    p->bins.count = NULL;
}

/* --- datasets ------------------------------------------------------------------------------------------------------------------------ */

static fd_column column_of(fd_pairing *p, int which, const char *path, fd_column_type type, const char *meaning)
{
    const char *unit = fd_metric_at((int)p->metric)->unit;
    p->attribute[which][0] = (fd_attribute){"meaning", meaning};
    p->attribute[which][1] = (fd_attribute){"unit", unit};
    return (fd_column){.path = path, .type = type, .rank = 2, .attributes = p->attribute[which], .n_attributes = 2, .scale = p->scale};
}

int fd_pairing_columns(fd_pairing *p, fd_column *out)
{
    const int64_t m = p->n[0], k = p->wanted.k;
    const fd_column *start = out;
    if (p->wanted.matrix) {
        *out = column_of(p, 0, "/distances/full", p->wanted.half ? FD_COL_F16 : FD_COL_F32,
                         p->symmetric ? "distance between the embeddings of two rows" : "distance between a query and a row of the gallery");
        p->attribute[0][2] = (fd_attribute){"axes", p->scale ? "face, face" : p->symmetric ? "row, row" : "query, row"};
        *out = (fd_column){.path = out->path, .type = out->type, .rank = 2, .dim = {m, p->n[1]}, .chunk = {p->plan[0].side, p->plan[1].side},
                           .compress = p->wanted.compress, .scale = p->scale, .scaled_axes = 2, .attributes = out->attributes, .n_attributes = 3};
        out++;
    }
    if (k > 0) {
        *out = column_of(p, 1, "/distances/topk/index", FD_COL_I64, "rows nearest to each row, nearest first, of equal ones the lower; -1: there are no more");
        p->attribute[1][1] = (fd_attribute){"axes", p->scale ? "face, place" : "row, place"};
        out->dim[0] = m, out->dim[1] = k;
        out++;
        *out = column_of(p, 2, "/distances/topk/distance", FD_COL_F32, "their distances; NaN where there is no such row");
        p->attribute[2][2] = (fd_attribute){"axes", p->scale ? "face, place" : "row, place"};
        out->dim[0] = m, out->dim[1] = k, out->n_attributes = 3;
        out++;
    }
    if (p->wanted.histogram) {
        *out = column_of(p, 3, "/distances/histogram", FD_COL_I64,
                         p->symmetric ? "number of pairs i < j by their distance, in bins of equal width"
                                      : "number of pairs by their distance, in bins of equal width");
        p->attribute[3][2] = (fd_attribute){"first edge", p->low};
        p->attribute[3][3] = (fd_attribute){"last edge", p->high};
        out->rank = 1, out->dim[0] = FD_HISTOGRAM_BINS, out->n_attributes = 4, out->scale = NULL;
        out++;
    }
    return (int)(out - start);
}
