/* A video is decoded, compared, painted and encoded frame by frame, so that its length costs no memory; one thread of one rank has it from its first frame
 * to its last. */
#include "run/video/video.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/entry.h"
#include "data/partition.h"
#include "run/pool.h"
#include "run/signals.h"
#include "run/video/video_private.h"

static const char WHAT[] = "What is done";

static const fd_option table[] = {
    {"list", 0, FD_OPT_TEXT, NULL, "FILE", NULL, 0, 0, FD_AFFECTS_RUN, "Input", "Also take the paths in FILE, one a line; - reads them from standard input."},
    {"glob", 0, FD_OPT_TEXT, NULL, "PATTERN", NULL, 0, 0, FD_AFFECTS_RUN, "Input", "Take only files whose name matches PATTERN, such as '*.mp4'."},
    {"rotation", 0, FD_OPT_CHOICE, "apply", NULL, "apply|ignore", 0, 0, FD_AFFECTS_RESULT, "Input", "Turn frames upright by the video's display matrix, or leave them as they lie."},
    {"max-pixels", 0, FD_OPT_COUNT, "64M", "N", NULL, 1, 4e8, FD_AFFECTS_RESULT, "Input", "Refuse videos of larger frames (recorded as too_large)."},
    {"accept-truncated", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RESULT, "Input", "Use the frames that there are of a video that is cut short."},
    {"threshold", 0, FD_OPT_INT, "25", "LEVELS", NULL, 0, 255, FD_AFFECTS_RESULT, WHAT, "A pixel moves when its gray changes by more than this."},
    FD_MOTION_TIMES_OPTION,
    {"output", 'o', FD_OPT_TEXT, NULL, "DIR|FILE", NULL, 0, 0, FD_AFFECTS_RUN, "Output",
     "The folder for the painted videos, made if need be; for a single video also its name, ending in .mkv, .mp4, .mov, .avi or .nut."},
    {"container", 0, FD_OPT_CHOICE, "mkv", NULL, "mkv|mp4|mov|avi|nut", 0, 0, FD_AFFECTS_RESULT, "Output",
     "Of videos in a folder. Matroska (mkv) keeps times to a millisecond, the others as they are."},
    {"codec", 0, FD_OPT_TEXT, "ffv1", "NAME", NULL, 0, 0, FD_AFFECTS_RESULT, "Output",
     "The encoder, by FFmpeg's name. ffv1 keeps every bit; libx264, mpeg4 and others are smaller and lossy."},
    {"codec-options", 0, FD_OPT_TEXT, NULL, "NAME=VALUE:...", NULL, 0, 0, FD_AFFECTS_RESULT, "Output", "Options of the encoder, such as crf=18:preset=slow."},
    {"sound", 0, FD_OPT_FLAG, "true", NULL, NULL, 0, 0, FD_AFFECTS_RESULT, "Output", "Copy the sound, packet by packet."},
    {"masks", 0, FD_OPT_TEXT, NULL, "DIR", NULL, 0, 0, FD_AFFECTS_RUN, "Output",
     "Write the masks too, white where something moves: 000000.png and so on (gray), of several videos in a folder for each."},
    {"compression", 0, FD_OPT_INT, "3", "LEVEL", NULL, 0, 9, FD_AFFECTS_RESULT, "Output", "Of the masks: 0 none, 1 fast, 9 small."},
    {"table", 0, FD_OPT_TEXT, NULL, "DIR|FILE.tsv", NULL, 0, 0, FD_AFFECTS_RUN, "Output",
     "Write a line for each frame: its time, the area that moves, in pixels and as a share, and the boxes of its connected regions. A folder where --output is one."},
    {"plot", 0, FD_OPT_TEXT, NULL, "DIR|FILE.svg", NULL, 0, 0, FD_AFFECTS_RUN, "Output", "Draw the share that moves over time. A folder where --output is one."},
    {"ledger", 0, FD_OPT_TEXT, NULL, "FILE.tsv", NULL, 0, 0, FD_AFFECTS_RUN, "Output", "Write a line for each video: its name, what became of it, why, and where it went."},
    {"strict", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RUN, "Output", "Exit with 3 when videos failed (the others are written all the same)."},
    FD_PICTURE_MACHINE_OPTIONS,
};

const fd_program fd_motion_video_program = {
    .name = "facesdist-motion-video",
    .summary = "what moves in videos",
    .usage = "[mpirun -np N] facesdist-motion-video [options] FILE|FOLDER... -o DIR|FILE",
    .description = "facesdist-motion for videos, by FFmpeg's libraries. A pixel moves when its gray level differs by more than the threshold from that of the frame before; "
                   "single pixels and rims are taken away (erosion, 3x3); what is left is painted red. Frames keep their times, sound and subtitles are copied as they are, and the rotation that "
                   "phones note is carried out once. Gray is (4899 R + 9617 G + 1868 B + 8192) >> 14.\n\n"
                   "Frames stream through: memory does not grow with the length. Started under mpirun or srun, the ranks share the videos; each belongs to one. Only files "
                   "are opened, never addresses, and playlists are refused. A video that is cut short or damaged, or whose frames change their size, is recorded and leaves nothing; "
                   "--accept-truncated takes the frames so far.\n\n"
                   "Exit status: 0 done; 1 failed, or no video could be used; 2 wrong usage; 3 done, but videos failed and --strict was given; 75 interrupted.",
    .options = table,
    .n = sizeof table / sizeof *table,
    .min_positional = 0,
    .max_positional = -1,
};

/* --- one video ---------------------------------------------------------------------------------------------------------------------------- */

/* A video in hand. */
typedef struct passage {
    fd_video_job *job;
    int64_t id, told;            /* told: bytes of it that the progress knows of */
    int64_t room;                /* bytes of memory that it takes */
    fd_video *video;
    fd_video_writer *writer;
    fd_video_outputs outputs;
    fd_motion_step step;
    fd_verdict verdict;
} passage;

static void tell(passage *p, int64_t frames)
{
    const int64_t bytes = p->job->pictures.job.manifest.entry[p->id].probe.bytes, expected = fd_video_about(p->video)->frames;
    const int64_t now = expected > 0 && frames < expected ? (int64_t)((double)bytes * (double)frames / (double)expected) : bytes;
    atomic_fetch_add(&p->job->bytes_done, now - p->told);
    p->told = now;
}

/* Frame after frame, until there are no more, or someone asks to stop. */
static fd_error *stream(passage *p, bool *whole)
{
    fd_error *err = NULL;
    fd_video_frame frame;
    fd_moved moved;
    bool got = true;
    *whole = false;
    while (!fd_signals_seen()) {
        FD_TRY(fd_video_next(p->video, &frame, &got, &p->verdict));
        if (!got)
            break;
        FD_TRY(fd_motion_compute(&p->step, &frame.image));
        FD_TRY(fd_motion_measure(&p->step, &moved));
        FD_TRY(fd_video_add(p->writer, &frame));
        FD_TRY(fd_video_outputs_add(&p->outputs, &frame, &p->step, &moved));
        tell(p, frame.number + 1);
    }
    if (!got && p->verdict.status == FD_IMAGE_TRUNCATED && p->job->config.accept_truncated)
        p->verdict.status = FD_IMAGE_OK;
    *whole = !got && p->verdict.status == FD_IMAGE_OK;
done:
    return err;
}

/* Waits until the memory holds this video beside the others in hand; one may have more than there is, alone. Frames are in the decoder (those that others lean
 * on, too), as RGB, turned, in the engine, and in the encoder with its packets: 200 bytes a pixel, by the resident size of 1080p H.264 that became FFV1. */
static void take_room(passage *p)
{
    enum { PIXEL = 200, NAP = 250000000 };
    fd_video_job *job = p->job;
    const fd_video_facts *f = fd_video_about(p->video);
    p->room = (int64_t)f->width * f->height * PIXEL;
    pthread_mutex_lock(&job->lock);
    while (job->in_use > 0 && job->in_use + p->room > job->pictures.job.memory / 2 && !fd_signals_seen()) {
        struct timespec until;   /* signals wake nobody here */
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += (until.tv_nsec + NAP) / 1000000000;
        until.tv_nsec = (until.tv_nsec + NAP) % 1000000000;
        pthread_cond_timedwait(&job->room, &job->lock, &until);
    }
    job->in_use += p->room;
    pthread_mutex_unlock(&job->lock);
}

static void give_room(passage *p)
{
    pthread_mutex_lock(&p->job->lock);
    p->job->in_use -= p->room;
    pthread_cond_broadcast(&p->job->room);
    pthread_mutex_unlock(&p->job->lock);
}

static void note_left_out(passage *p)
{
    const char *codec = fd_video_left_out(p->writer);
    if (codec[0] && (!p->verdict.detail[0] || strcmp(p->verdict.detail, fd_video_may_be_cut) == 0))
        snprintf(p->verdict.detail, sizeof p->verdict.detail, "subtitles (%.30s) are left out: not for this container", codec);
}

static fd_error *pass(passage *p)
{
    fd_error *err = NULL;
    char *path = NULL;
    bool whole;
    const fd_video_job *job = p->job;
    const fd_entry *entry = &job->pictures.job.manifest.entry[p->id];
    p->verdict = fd_entry_verdict(entry);
    if (p->verdict.status == FD_IMAGE_OK)
        FD_TRY(fd_video_open(entry->path, &job->config, &p->video, &p->verdict));
    if (!p->video)
        goto done;
    const fd_video_facts *facts = fd_video_about(p->video);
    fd_say(FD_VERBOSE, "%s: %s in %s, %dx%d, orientation %d, %d streams of sound", entry->key, facts->codec, facts->container, facts->width, facts->height,
           facts->orientation, facts->audio);
    take_room(p);
    FD_TRY(fd_pictures_path(&job->pictures, p->id, &path));
    FD_TRY(fd_video_create(path, p->video, &job->output, &p->writer, &p->verdict));
    if (!p->writer)
        goto done;
    FD_TRY(fd_video_outputs_open(job, p->id, &p->outputs));
    FD_TRY(stream(p, &whole));
    if (whole) {
        FD_TRY(fd_video_outputs_commit(&p->outputs));
        FD_TRY(fd_video_commit(p->writer));
        note_left_out(p);
    }
done:
    free(path);
    return err;
}

static fd_error *do_video(void *self, fd_lane *lane, int64_t id)
{
    fd_video_job *job = self;
    passage p = {.job = job, .id = id, .step = {.lane = lane, .threshold = job->threshold, .times = job->timed}};
    fd_error *err = pass(&p);
    if (p.video && !err)
        tell(&p, INT64_MAX);
    fd_video_outputs_close(&p.outputs);
    fd_video_writer_close(p.writer);
    fd_video_close(p.video);
    fd_motion_step_free(&p.step);
    give_room(&p);
    job->pictures.verdict[id] = p.verdict;
    return err;
}

/* To be opened; how much its frames take is known only then. */
static int64_t bytes_of(void *self, int64_t id)
{
    (void)self, (void)id;
    return (int64_t)32 << 20;
}

static int64_t bytes_done(void *self)
{
    return atomic_load(&((fd_video_job *)self)->bytes_done);
}

/* --- the job ------------------------------------------------------------------------------------------------------------------------------ */

static bool is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* One file, and an output that is called as a video is and is no folder: the video's own name. */
static fd_error *choose(fd_video_job *job, const char **extension)
{
    static const char *const extensions[] = {".mkv", ".mp4", ".mov", ".avi", ".nut"};
    fd_error *err = NULL;
    fd_pictures *p = &job->pictures;
    const fd_options *o = p->job.options;
    const char *output = fd_opt_text(o, "output");
    if (!output || !*output)
        FD_THROW(FD_USAGE, "where shall the videos go? --output names a folder, or the video itself where it is one");
    FD_TRY(fd_strdup(&p->output, output));
    const char *end = output + fd_picture_stem(output);
    p->one = fd_positionals(o) == 1 && !fd_opt_text(o, "list") && !is_folder(fd_positional(o, 0)) && !is_folder(output) && *end && output[strlen(output) - 1] != '/';
    *extension = p->one ? end : extensions[fd_opt_choice(o, "container")];
    if (p->one && fd_opt_given(o, "container") && strcmp(end, extensions[fd_opt_choice(o, "container")]) != 0)
        FD_THROW(FD_USAGE, "--container and the name of --output do not agree");
    FD_TRY(fd_video_check_output(p->one ? output : *extension, &job->output));
done:
    return err;
}

static fd_error *resolve(fd_video_job *job)
{
    fd_error *err = NULL;
    fd_pictures *p = &job->pictures;
    const fd_options *o = p->job.options;
    FD_TRY(fd_pictures_resolve_machine(p));
    p->compression = (int)fd_opt_int(o, "compression");
    job->threshold = (int)fd_opt_int(o, "threshold");
    job->timed = fd_opt_flag(o, "by-stage") ? &job->times : NULL;
    job->masks = fd_opt_text(o, "masks");
    job->table = fd_opt_text(o, "table");
    job->plot = fd_opt_text(o, "plot");
    job->config = (fd_video_config){.max_pixels = fd_opt_int(o, "max-pixels"), .ignore_rotation = fd_opt_choice(o, "rotation") == 1,
                                    .accept_truncated = fd_opt_flag(o, "accept-truncated")};
    job->output = (fd_video_output){.codec = fd_opt_text(o, "codec"), .options = fd_opt_text(o, "codec-options"), .sound = fd_opt_flag(o, "sound")};
done:
    return err;
}

/* By their sizes. The threads that are more than a rank has videos help with one. */
static fd_error *share_out(fd_video_job *job)
{
    fd_error *err = NULL;
    fd_pictures *p = &job->pictures;
    const int64_t n = p->job.manifest.n;
    double *cost = NULL;
    FD_TRY(fd_alloc(&cost, (size_t)n, sizeof *cost));
    FD_TRY(fd_alloc(&p->first, (size_t)p->job.ranks + 1, sizeof *p->first));
    FD_TRY(fd_alloc(&p->verdict, (size_t)n, sizeof *p->verdict));
    for (int64_t i = 0; i < n; i++) {
        job->bytes_all += p->job.manifest.entry[i].probe.bytes;
        cost[i] = 1 + (double)p->job.manifest.entry[i].probe.bytes;
    }
    fd_partition(cost, n, p->job.ranks, p->first);
    const int64_t own = p->first[p->job.rank + 1] - p->first[p->job.rank];
    job->config.threads = job->output.threads = own > 0 && own < p->job.threads ? (int)(p->job.threads / own) : 1;
done:
    free(cost);
    return err;
}

static fd_error *measure(fd_manifest *m)
{
    for (int64_t i = 0; i < m->n; i++) {
        struct stat s;
        m->entry[i].probe.bytes = fd_stat_path(m->entry[i].path, &s) == 0 && S_ISREG(s.st_mode) ? (int64_t)s.st_size : 0;
    }
    return NULL;
}

/* Rank 0's sizes on all ranks, for they say who does what. */
static fd_error *share_sizes(fd_video_job *job)
{
    fd_error *err = NULL;
    fd_job *j = &job->pictures.job;
    int64_t *bytes = NULL;
    FD_TRY(fd_comm_agree(j->comm, fd_alloc(&bytes, (size_t)j->manifest.n, sizeof *bytes)));
    if (j->rank == 0)
        FD_TRY(measure(&j->manifest));
    for (int64_t i = 0; i < j->manifest.n; i++)
        bytes[i] = j->manifest.entry[i].probe.bytes;
    FD_TRY(fd_comm_broadcast(j->comm, bytes, j->manifest.n * (int64_t)sizeof *bytes, 0));
    for (int64_t i = 0; i < j->manifest.n; i++)
        j->manifest.entry[i].probe.bytes = bytes[i];
done:
    free(bytes);
    return err;
}

/* What was cut short and used all the same is said, and how many may be cut short; where nothing could be used, the job failed. */
static fd_error *conclude(const fd_video_job *job)
{
    const fd_pictures *p = &job->pictures;
    int64_t done = 0, unknown = 0;
    char shown[FD_ESCAPED];
    for (int64_t i = 0; i < p->job.manifest.n; i++) {
        const fd_verdict *v = &p->verdict[i];
        const bool silent = v->status == FD_IMAGE_OK && strcmp(v->detail, fd_video_may_be_cut) == 0;
        done += v->status == FD_IMAGE_OK;
        unknown += silent;
        if (p->job.rank == 0 && v->status == FD_IMAGE_OK && v->detail[0] && !silent)
            fd_say(FD_NORMAL, "%s: %s", fd_escape(shown, sizeof shown, p->job.manifest.entry[i].key), v->detail);
    }
    if (p->job.rank == 0 && unknown > 0)
        fd_say(FD_NORMAL, "videos of kinds that do not say where they end (MPEG streams, for one), which may be cut short: %lld (--ledger names them)",
               (long long)unknown);
    return done > 0 ? NULL : FD_FAIL(FD_IO, "none of %lld videos could be used", (long long)p->job.manifest.n);
}

static fd_error *run(fd_video_job *job, int *exit_code)
{
    fd_error *err = NULL;
    bool interrupted;
    const char *extension = NULL;
    fd_pictures *p = &job->pictures;
    FD_TRY(resolve(job));
    FD_TRY(fd_comm_agree(p->job.comm, choose(job, &extension)));
    FD_TRY(fd_video_find(job));
    FD_TRY(share_sizes(job));
    FD_TRY(fd_pictures_place_as(p, extension));
    FD_TRY(fd_comm_agree(p->job.comm, p->job.rank == 0 ? fd_video_outputs_make_folders(job) : NULL));
    FD_TRY(fd_comm_agree(p->job.comm, share_out(job)));
    const fd_pool pool = {.comm = p->job.comm, .engine = p->job.engine, .threads = p->job.threads, .first = p->first[p->job.rank], .last = p->first[p->job.rank + 1],
                          .all = job->bytes_all, .done = bytes_done, .what = "bytes of video", .memory = p->job.memory / 2, .bytes = bytes_of, .work = do_video, .self = job};
    FD_TRY(fd_pool_run(&pool, &interrupted));
    if (!interrupted && job->timed) {
        FD_TRY(fd_motion_times_sum(p->job.comm, job->timed));
        FD_TRY(fd_comm_agree(p->job.comm, p->job.rank == 0 ? fd_motion_times_print(job->timed, p->job.engine->kind->description(p->job.engine)) : NULL));
    }
    FD_TRY(fd_pictures_finish(p, interrupted, exit_code));
    if (!interrupted)
        FD_TRY(conclude(job));
done:
    return err;
}

fd_error *fd_run_motion_video(fd_comm *c, fd_options *o, int *exit_code)
{
    fd_video_job job = {.pictures = fd_pictures_begin(c, o), .lock = PTHREAD_MUTEX_INITIALIZER, .room = PTHREAD_COND_INITIALIZER};
    job.pictures.work = &(const fd_picture_work){.done = "painted", .what = "videos"};
    fd_signals_catch();
    fd_error *err = run(&job, exit_code);
    fd_pictures_free(&job.pictures);
    return err;
}
