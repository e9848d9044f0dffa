/* What all ranks found, merged and written: each chunk of rows by one rank. */
#include <math.h>

#include "base/clock.h"
#include "run/pairs/pairing.h"
#include "run/together.h"

static fd_error *write_lists(void *self, int64_t first, int64_t rows, const fd_topk *lists)
{
    fd_error *err = NULL;
    for (int64_t i = 0; i < rows * lists->k; i++)
        if (lists->index[i] < 0)
            lists->distance[i] = NAN;
    FD_TRY(fd_result_write_rows(self, "/distances/topk/index", first, rows, lists->index));
    FD_TRY(fd_result_write_rows(self, "/distances/topk/distance", first, rows, lists->distance));
done:
    return err;
}

/* Values beyond the edges are so by rounding alone: they count in the outermost bins. */
static fd_error *write_histogram(fd_pairing *p, fd_result_writer *w)
{
    fd_error *err = NULL, *own = NULL;
    int64_t counts[FD_HISTOGRAM_BINS + 2];
    for (int i = 0; i < FD_HISTOGRAM_BINS + 2; i++)
        counts[i] = (int64_t)p->bins.count[i];
    FD_TRY(fd_comm_reduce_i64(p->comm, counts, FD_HISTOGRAM_BINS + 2, FD_COMBINE_SUM));
    counts[1] += counts[0];
    counts[FD_HISTOGRAM_BINS] += counts[FD_HISTOGRAM_BINS + 1];
    if (fd_comm_rank(p->comm) == 0)
        own = fd_result_write_rows(w, "/distances/histogram", 0, FD_HISTOGRAM_BINS, counts + 1);
    FD_TRY(fd_comm_agree(p->comm, own));
done:
    return err;
}

/* Also syncs what was written, however much that is. */
static fd_error *close_writer(void *self)
{
    fd_result_writer **w = self, *closing = *w;
    *w = NULL;
    return fd_result_writer_close(closing);
}

fd_error *fd_pairing_write(fd_pairing *p)
{
    fd_error *err = NULL;
    fd_result_writer *w = NULL;
    double mark = fd_now();
    if (p->wanted.matrix)
        FD_TRY(fd_pairing_write_matrix(p));
    if (p->wanted.radius_given)
        FD_TRY(fd_pairing_write_radius(p));
    if (p->wanted.clusters != FD_CLUSTERS_NONE)
        FD_TRY(fd_pairing_write_clusters(p));
    FD_TRY(fd_comm_agree(p->comm, fd_result_writer_open(p->temporary, &w)));
    if (p->lists)
        FD_TRY(fd_pairing_merge_lists(p, &(fd_lists_sink){w, write_lists}));
    if (p->wanted.histogram)
        FD_TRY(write_histogram(p, w));
    FD_TRY(fd_together(p->comm, p->timeout, close_writer, &w));
    fd_stage_add(p->stages, FD_STAGE_WRITE, &mark, 0, (double)(p->n[0] * p->wanted.k * 12));
done:
    fd_error_free(fd_result_writer_close(w));
    return err;
}
