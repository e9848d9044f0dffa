/* Frames of one folder are a sequence, in the order of the numbers in their names. A worker takes a run of neighbouring frames and reads the one before
 * it too, so that it does not matter who works on which. */
#include "run/pictures/motion.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/pictures/motion_private.h"
#include "run/pool.h"
#include "run/signals.h"

static const char WHAT[] = "What is done";

static const fd_option table[] = {
    FD_PICTURE_INPUT_OPTIONS,
    {"threshold", 0, FD_OPT_INT, "25", "LEVELS", NULL, 0, 255, FD_AFFECTS_RESULT, WHAT, "A pixel moves when its gray changes by more than this."},
    FD_MOTION_TIMES_OPTION,
    FD_PICTURE_OUTPUT_OPTIONS("png|jpeg", "PNG keeps every sample; JPEG is smaller and lossy."),
    {"masks", 0, FD_OPT_TEXT, NULL, "DIR", NULL, 0, 0, FD_AFFECTS_RUN, "Output", "Write the masks too, white where something moves (PNG, gray)."},
    {"table", 0, FD_OPT_TEXT, NULL, "FILE.tsv", NULL, 0, 0, FD_AFFECTS_RUN, "Output",
     "Write a line for each frame: the area that moves, in pixels and as a share, and the boxes of its connected regions."},
    {"plot", 0, FD_OPT_TEXT, NULL, "FILE.svg", NULL, 0, 0, FD_AFFECTS_RUN, "Output", "Draw the share that moves over the frames."},
    FD_PICTURE_MACHINE_OPTIONS,
};

const fd_program fd_motion_program = {
    .name = "facesdist-motion",
    .summary = "what moves from frame to frame",
    .usage = "[mpirun -np N] facesdist-motion [options] FOLDER... -o DIR",
    .description = "The frames of a folder are a sequence, in the order of the numbers in their names. A pixel moves when its gray level differs by more than the threshold "
                   "from that of the frame before; single pixels and rims are taken away (erosion, 3x3); what is left is painted red. The first frame has nothing before "
                   "it, nor has one after a frame that cannot be read or has another size: nothing moves there.\n\n"
                   "Gray is (4899 R + 9617 G + 1868 B + 8192) >> 14. Started under mpirun or srun, the ranks share the frames; the bytes are the same for any number of "
                   "ranks.\n\n"
                   "Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but frames failed and --strict was given; 75 interrupted.",
    .options = table,
    .n = sizeof table / sizeof *table,
    .min_positional = 0,
    .max_positional = -1,
};

/* --- sequences ----------------------------------------------------------------------------------------------------------------------- */

static size_t folder_length(const char *key)
{
    const char *slash = strrchr(key, '/');
    return slash ? (size_t)(slash - key) : 0;
}

static bool same_folder(const char *a, const char *b)
{
    const size_t n = folder_length(a);
    return n == folder_length(b) && memcmp(a, b, n) == 0;
}

/* Runs of digits as numbers: frame-2 before frame-10. Equal but for leading zeros: the bytes decide. */
static int by_numbers(const char *a, const char *b)
{
    const char *x = a, *y = b;
    while (*x && *y) {
        const size_t n = strspn(x, "0123456789"), m = strspn(y, "0123456789");
        if (n > 0 && m > 0) {
            const size_t zeros_x = strspn(x, "0") < n ? strspn(x, "0") : n - 1, zeros_y = strspn(y, "0") < m ? strspn(y, "0") : m - 1;
            const size_t digits = n - zeros_x, others = m - zeros_y;
            const int order = digits != others ? (digits > others ? 1 : -1) : memcmp(x + zeros_x, y + zeros_y, digits);
            if (order)
                return order;
            x += n;
            y += m;
        } else if (*x != *y) {
            return (unsigned char)*x > (unsigned char)*y ? 1 : -1;
        } else {
            x++, y++;
        }
    }
    return *x ? 1 : *y ? -1 : strcmp(a, b);
}

static int by_sequence(const void *a, const void *b)
{
    const char *x = ((const fd_entry *)a)->key, *y = ((const fd_entry *)b)->key;
    const size_t n = folder_length(x), m = folder_length(y);
    if (n == m && memcmp(x, y, n) == 0)
        return by_numbers(x + n, y + m);
    const int order = memcmp(x, y, n < m ? n : m);
    return order ? order : n > m ? 1 : -1;
}

static fd_error *find_sequences(fd_motion *m)
{
    fd_error *err = NULL;
    const fd_manifest *all = &m->pictures.job.manifest;
    FD_TRY(fd_alloc(&m->sequence, (size_t)all->n, sizeof *m->sequence));
    for (int64_t i = 0; i < all->n; i++)
        m->sequence[i] = i > 0 && same_folder(all->entry[i - 1].key, all->entry[i].key) ? m->sequence[i - 1] : i;
done:
    return err;
}

/* Long enough that the frame that is read twice costs little; short enough that all threads have work. */
enum { CHUNK = 16 };

static fd_error *cut_chunks(fd_motion *m)
{
    fd_error *err = NULL;
    const fd_pictures *p = &m->pictures;
    const int64_t first = p->first[p->job.rank], last = p->first[p->job.rank + 1];
    FD_TRY(fd_alloc(&m->chunk, (size_t)(last - first) + 1, sizeof *m->chunk));
    FD_TRY(fd_alloc(&m->moved, (size_t)p->job.manifest.n, sizeof *m->moved));
    FD_TRY(fd_alloc(&m->line, (size_t)p->job.manifest.n, sizeof *m->line));
    for (int64_t i = first; i < last; i++)
        if (i == first || m->sequence[i] == i || i - m->chunk[m->chunks - 1] == CHUNK)
            m->chunk[m->chunks++] = i;
    m->chunk[m->chunks] = last;
done:
    return err;
}

/* --- frames -------------------------------------------------------------------------------------------------------------------------- */

/* A run of frames in hand. */
typedef struct run { fd_motion *m; fd_motion_step step; } run;

static fd_error *write_mask(const run *r, int64_t i)
{
    fd_error *err = NULL;
    char *path = NULL;
    const fd_image mask = {.rgb = r->step.host_mask, .width = r->step.width, .height = r->step.height, .channels = 1, .depth = 8};
    FD_TRY(fd_pictures_path_in(&r->m->pictures, r->m->masks, i, &path));
    FD_TRY(fd_png_write_image(path, &mask, r->m->pictures.compression));
done:
    free(path);
    return err;
}

static fd_error *do_frame(run *r, int64_t i, bool wanted)
{
    fd_error *err = NULL;
    fd_motion *m = r->m;
    fd_image image = {0};
    fd_verdict verdict;
    FD_TRY(fd_pictures_read(&m->pictures, i, &image, &verdict));
    if (wanted)
        m->pictures.verdict[i] = verdict;
    if (verdict.status != FD_IMAGE_OK) {
        fd_motion_step_forget(&r->step);
        goto done;
    }
    FD_TRY(fd_motion_compute(&r->step, &image));
    if (!wanted)
        goto done;
    FD_TRY(fd_motion_measure(&r->step, &m->moved[i]));
    FD_TRY(fd_motion_line(m, i, &r->step.regions, &m->line[i]));
    if (m->masks)
        FD_TRY(write_mask(r, i));
    FD_TRY(fd_pictures_write(&m->pictures, i, &image));
done:
    fd_image_free(&image);
    return err;
}

static fd_error *do_chunk(void *self, fd_lane *lane, int64_t k)
{
    fd_error *err = NULL;
    fd_motion *m = self;
    run r = {.m = m, .step = {.lane = lane, .threshold = m->threshold, .times = m->timed}};
    const int64_t first = m->chunk[k], before = m->sequence[first] < first ? first - 1 : first;
    for (int64_t i = before; i < m->chunk[k + 1]; i++)
        FD_TRY(do_frame(&r, i, i >= first));
done:
    fd_motion_step_free(&r.step);
    return err;
}

static int64_t bytes_of(void *self, int64_t k)
{
    const fd_motion *m = self;
    int64_t most = 0;
    for (int64_t i = m->chunk[k]; i < m->chunk[k + 1]; i++) {
        const int64_t bytes = fd_pictures_bytes(&m->pictures, i);
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* --- the job ------------------------------------------------------------------------------------------------------------------------- */

static fd_error *start(fd_motion *m)
{
    fd_error *err = NULL;
    fd_pictures *p = &m->pictures;
    const fd_options *o = p->job.options;
    FD_TRY(fd_pictures_resolve(p));
    p->job.decode.as_stored = false;   /* gray is made of red, green and blue */
    m->threshold = (int)fd_opt_int(o, "threshold");
    m->timed = fd_opt_flag(o, "by-stage") ? &m->times : NULL;
    m->masks = fd_opt_text(o, "masks");
    m->table = fd_opt_text(o, "table");
    m->plot = fd_opt_text(o, "plot");
    FD_TRY(fd_job_scan(&p->job));
    qsort(p->job.manifest.entry, (size_t)p->job.manifest.n, sizeof *p->job.manifest.entry, by_sequence);
    FD_TRY(fd_pictures_place(p));
    if (m->masks)
        FD_TRY(fd_comm_agree(p->job.comm, p->job.rank == 0 ? fd_pictures_make_folders(p, m->masks) : NULL));
    FD_TRY(fd_comm_agree(p->job.comm, fd_pictures_share_out(p)));
    FD_TRY(fd_comm_agree(p->job.comm, find_sequences(m)));
    FD_TRY(fd_comm_agree(p->job.comm, cut_chunks(m)));
done:
    return err;
}

static fd_error *gather_moved(fd_motion *m)
{
    fd_error *err = NULL;
    const fd_pictures *p = &m->pictures;
    int64_t *counts = NULL;
    FD_TRY(fd_comm_agree(p->job.comm, fd_alloc(&counts, (size_t)p->job.ranks, sizeof *counts)));
    for (int r = 0; r < p->job.ranks; r++)
        counts[r] = (p->first[r + 1] - p->first[r]) * (int64_t)sizeof *m->moved;
    FD_TRY(fd_comm_all_gather(p->job.comm, m->moved + p->first[p->job.rank], m->moved, counts));
done:
    free(counts);
    return err;
}

static fd_error *run_all(fd_motion *m, int *exit_code)
{
    fd_error *err = NULL;
    bool interrupted;
    fd_pictures *p = &m->pictures;
    const fd_job *job = &p->job;
    FD_TRY(start(m));
    int64_t all = m->chunks;
    FD_TRY(fd_comm_reduce_i64(job->comm, &all, 1, FD_COMBINE_SUM));
    const fd_pool pool = {.comm = job->comm, .engine = job->engine, .threads = job->threads, .last = m->chunks, .all = all, .what = "runs of frames",
                          .memory = job->memory / 2, .bytes = bytes_of, .work = do_chunk, .self = m};
    FD_TRY(fd_pool_run(&pool, &interrupted));
    if (!interrupted && m->table)
        FD_TRY(fd_motion_write_table(m));
    if (!interrupted && m->plot) {
        FD_TRY(gather_moved(m));
        FD_TRY(fd_comm_agree(job->comm, job->rank == 0 ? fd_motion_write_plot(m) : NULL));
    }
    if (!interrupted && m->timed) {
        FD_TRY(fd_motion_times_sum(job->comm, m->timed));
        FD_TRY(fd_comm_agree(job->comm, job->rank == 0 ? fd_motion_times_print(m->timed, job->engine->kind->description(job->engine)) : NULL));
    }
    FD_TRY(fd_pictures_finish(p, interrupted, exit_code));
done:
    return err;
}

fd_error *fd_run_motion(fd_comm *c, fd_options *o, int *exit_code)
{
    fd_motion m = {.pictures = fd_pictures_begin(c, o)};
    m.pictures.work = &(const fd_picture_work){.done = "compared", .what = "pictures"};
    fd_signals_catch();
    fd_error *err = run_all(&m, exit_code);
    for (int64_t i = 0; m.line && i < m.pictures.job.manifest.n; i++)
        free(m.line[i]);
    free(m.line);
    free(m.sequence);
    free(m.chunk);
    free(m.moved);
    fd_pictures_free(&m.pictures);
    return err;
}
