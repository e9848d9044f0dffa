/* The end table: what became of the images, and where the time went. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "run/faces/job.h"

static void print_ledger(const fd_tally *t)
{
    printf("\n%-22s %9lld\n", "images", (long long)t->images);
    for (int s = 0; s < FD_IMAGE_STATUSES; s++)
        if (t->status[s] || s <= FD_IMAGE_NO_FACE)
            printf("  %-20s %9lld\n", fd_image_status_name((fd_image_status)s), (long long)t->status[s]);
    printf("%-22s %9lld\n", "faces", (long long)t->faces);
    if (t->invalid)
        printf("  %-20s %9lld\n", "without embedding", (long long)t->invalid);
    if (t->duplicates)
        printf("%-22s %9lld\n", "duplicate images", (long long)t->duplicates);
}

/* One line of a stage: totals, rate, and how evenly the ranks share it. */
static void print_stage(const fd_stage_row *all, int ranks, fd_stage s)
{
    double items = 0, sum = 0, least = 1e300, most = -1;
    int slowest = 0;
    for (int r = 0; r < ranks; r++) {
        const fd_stage_row *row = &all[r * FD_STAGES + s];
        items += row->items;
        sum += row->seconds;
        if (row->seconds > most)
            slowest = r, most = row->seconds;
        if (row->seconds < least)
            least = row->seconds;
    }
    if (items == 0 && sum == 0)
        return;
    double per_second = most > 0 ? items / (fd_stage_is_threaded(s) ? sum : most) : 0;
    printf("%-11s %9.0f %-7s %10.1f/s %9.3f %9.3f %9.3f  rank %d%s\n", fd_stage_name(s), items, fd_stage_items_name(s), per_second, least, sum / ranks, most,
           slowest, fd_stage_is_threaded(s) ? "  *" : "");
}

static void print_table(const fd_job *job, const fd_tally *t, const fd_stage_row *all)
{
    char seconds[24], bytes[16];
    print_ledger(t);
    printf("\n%-11s %9s %-7s %12s %9s %9s %9s  slowest\n", "stage", "items", "", "rate", "min s", "mean s", "max s");
    for (int s = 0; s < FD_STAGES; s++)
        print_stage(all, job->ranks, (fd_stage)s);
    printf("  * seconds summed over the threads of a rank, rate per thread; min, mean and max are over the ranks\n");
    if (job->bounded_by[0])
        printf("bounded by %s\n", job->bounded_by);
    printf("\n%s in %s (%s): %s\n", job->shown, fd_seconds_text(seconds, fd_now() - job->start), fd_bytes_text(bytes, (double)t->bytes),
           t->distances ? "faces, embeddings and distances" : "faces and embeddings");
    fflush(stdout);
}

fd_error *fd_job_report(fd_job *job, const fd_tally *tally)
{
    fd_error *err = NULL;
    fd_stage_row *all = NULL;
    FD_TRY(fd_comm_agree(job->comm, fd_alloc(&all, (size_t)(job->ranks * FD_STAGES), sizeof *all)));
    FD_TRY(fd_comm_all_gather_fixed(job->comm, job->stages, all, sizeof job->stages));
    if (job->rank == 0 && fd_log_level() > FD_QUIET)
        print_table(job, tally, all);
done:
    free(all);
    return err;
}
