/* From tables to faces.h5: rank 0 lays the file out, all ranks write their rows and tiles, rank 0 commits. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/faces/assemble.h"
#include "run/faces/columns.h"
#include "run/faces/history.h"
#include "run/faces/matrix.h"
#include "run/faces/provenance.h"
#include "run/pairs/checkpoint.h"
#include "run/together.h"
#include "run/usage.h"
#include "run/watch.h"
#include "store/result.h"

enum { AUTO_MATRIX_FACES = 20000 };

static bool wants_matrix(const fd_job *job, int64_t faces)
{
    const char *matrix = fd_opt_text(job->options, "matrix");
    if (strcmp(matrix, "auto") != 0)
        return strcmp(matrix, "full") == 0;
    if (faces > AUTO_MATRIX_FACES)
        fd_say(FD_NORMAL, "%lld faces: the matrix of all pairs is left out (--matrix full stores it)", (long long)faces);
    return faces <= AUTO_MATRIX_FACES;
}

/* Refuses before anything is written when the file cannot fit. */
static fd_error *check_room(const fd_job *job, const fd_column *columns, int n)
{
    fd_error *err = NULL;
    int64_t need = fd_result_predict(columns, n), have = 0;
    char need_text[16], have_text[16];
    FD_TRY(fd_file_free_bytes(job->output, &have));
    if (need > have)
        FD_THROW(FD_NOSPACE, "%s needs %s and the disk has %s free; the journal is kept: the same command with --matrix none --topk 50 goes on, with the "
                             "nearest 50 of each face in place of the matrix", job->shown, fd_bytes_text(need_text, (double)need),
                 fd_bytes_text(have_text, (double)have));
done:
    return err;
}

/* Rank 0. */
static fd_error *foresee(const fd_job *job)
{
    fd_error *err = NULL;
    const char *matrix = fd_opt_text(job->options, "matrix");
    const int64_t n = job->manifest.n, need = n * n * (int64_t)sizeof(float);
    int64_t have = 0;
    char need_text[16], have_text[16];
    if (strcmp(matrix, "none") == 0 || (strcmp(matrix, "auto") == 0 && n > AUTO_MATRIX_FACES))
        return NULL;
    FD_TRY(fd_file_free_bytes(job->output, &have));
    if (need > have)
        FD_THROW(FD_NOSPACE, "with one face in each of %lld photographs the matrix of all pairs needs %s and the disk has %s free: --matrix none --topk 50 "
                             "stores the nearest 50 of each in its place", (long long)n, fd_bytes_text(need_text, (double)need),
                 fd_bytes_text(have_text, (double)have));
done:
    return err;
}

fd_error *fd_job_foresee(fd_job *job)
{
    return fd_comm_agree(job->comm, job->rank == 0 ? foresee(job) : NULL);
}

/* What the steps of writing need. */
typedef struct writing { fd_job *job; const fd_assembly *assembly; fd_pairing *pairs; fd_result_writer *writer; const fd_provenance *provenance; } writing;

/* A step that is over when the disk says so. */
typedef struct step { fd_job *job; fd_stage stage; fd_error *(*work)(void *self); void *self; } step;

static fd_error *perform(void *self)
{
    const step *s = self;
    struct stat file;
    const int64_t bytes = stat(s->job->temporary, &file) == 0 ? file.st_size : 0;
    const int watched = fd_watch_begin(s->job->watch, s->stage, s->job->temporary, bytes);
    fd_error *e = s->work(s->self);
    fd_watch_end(s->job->watch, watched);
    return e;
}

static fd_error *together(fd_job *job, fd_stage stage, fd_error *(*work)(void *self), void *self)
{
    return fd_job_together(job, work ? perform : NULL, &(step){job, stage, work, self});
}

static fd_error *lay_out(void *self)
{
    fd_error *err = NULL;
    const writing *s = self;
    fd_columns c = {0};
    double mark = fd_now();
    FD_TRY(fd_columns_of(s->job, s->assembly, s->pairs, &c));
    const bool again = s->pairs->wanted.matrix && !s->pairs->wanted.compress && fd_checkpoint_resumed(s->pairs);   /* whatever an interrupted run computed of it stays */
    if (!again)
        FD_TRY(check_room(s->job, c.column, c.n));
    const int watched = fd_watch_begin(s->job->watch, FD_STAGE_WRITE, s->job->temporary, fd_result_predict(c.column, c.n));
    err = again ? fd_result_recreate(s->job->temporary, c.column, c.n) : fd_result_create(s->job->temporary, c.column, c.n);
    fd_watch_end(s->job->watch, watched);
    FD_TRY(err);
    fd_stage_add(s->job->stages, FD_STAGE_WRITE, &mark, 0, 0);
done:
    fd_columns_free(&c);
    return err;
}

/* This rank's embeddings: runs of neighbouring rows at once. */
static fd_error *write_embeddings(fd_job *job, const fd_assembly *a, fd_result_writer *w)
{
    fd_error *err = NULL;
    for (int64_t i = 0; i < a->own;) {
        int64_t n = 1;
        while (i + n < a->own && a->row[i + n] == a->row[i] + n)
            n++;
        FD_TRY(fd_result_write_rows(w, "/faces/embedding", a->row[i], n, a->embedding + i * job->shape.dim));
        i += n;
    }
done:
    return err;
}

typedef struct crop_writer { const fd_assembly *assembly; fd_result_writer *writer; } crop_writer;

static fd_error *write_crops(void *self, const fd_outcome *o)
{
    const crop_writer *c = self;
    return o->faces ? fd_result_write_rows(c->writer, "/faces/crop", c->assembly->first_face[o->image], o->faces, o->crop) : NULL;
}

static fd_error *write_own(void *self)
{
    fd_error *err = NULL;
    writing *s = self;
    fd_job *job = s->job;
    const fd_assembly *a = s->assembly;
    double mark = fd_now();
    FD_TRY(fd_result_writer_open(job->temporary, &s->writer));
    FD_TRY(write_embeddings(job, a, s->writer));
    if (job->shape.crop_bytes)
        FD_TRY(fd_job_each_outcome(job, write_crops, &(crop_writer){a, s->writer}));
    fd_stage_add(job->stages, FD_STAGE_WRITE, &mark, (double)a->own, (double)a->own * (double)(job->shape.dim * 4 + job->shape.crop_bytes));
done:
    return err;
}

static fd_error *close_own(void *self)
{
    writing *s = self;
    fd_result_writer *w = s->writer;
    s->writer = NULL;
    return fd_result_writer_close(w);
}

static fd_error *write_all(fd_job *job, const fd_assembly *a, fd_pairing *pairs)
{
    fd_error *err = NULL;
    writing s = {.job = job, .assembly = a, .pairs = pairs};
    FD_TRY(fd_job_together(job, job->rank == 0 ? lay_out : NULL, &s));
    FD_TRY(together(job, FD_STAGE_WRITE, write_own, &s));
    if (fd_wanted_any(&pairs->wanted))
        FD_TRY(fd_job_pairs(job, a, pairs, s.writer));
    FD_TRY(together(job, FD_STAGE_WRITE, close_own, &s));
    if (fd_wanted_any(&pairs->wanted))
        FD_TRY(fd_pairing_write(pairs));
done:
    if (s.writer)
        fd_error_free(close_own(&s));
    return err;
}

static void count(const fd_job *job, const fd_assembly *a, bool distances, fd_tally *t)
{
    *t = (fd_tally){.images = a->images, .faces = a->faces, .distances = distances};
    for (int64_t i = 0; i < a->faces; i++)
        t->invalid += !a->tables.valid[i];
    for (int64_t i = 0; job->rank == 0 && i < a->images; i++) {
        t->status[a->tables.status[i]]++;
        t->duplicates += a->tables.duplicate_of[i] >= 0;
    }
}

static fd_error *commit_file(void *self)
{
    const writing *s = self;
    const fd_provenance *p = s->provenance;
    return fd_result_commit(s->job->temporary, s->job->output, p->attribute, p->n_attributes, p->table, p->n_tables);
}

static fd_error *commit(fd_job *job)
{
    fd_error *err = NULL;
    fd_provenance p = {0};
    double mark = fd_now();
    FD_TRY(fd_provenance_of(job, &p));   /* collective: every rank's stages */
    FD_TRY(together(job, FD_STAGE_COMMIT, job->rank == 0 ? commit_file : NULL, &(writing){.job = job, .provenance = &p}));
    if (job->rank == 0 && !fd_opt_flag(job->options, "keep-journal"))
        fd_job_drop_journal(job);
    else if (job->rank == 0)
        fd_checkpoint_drop(job->journal);
    fd_stage_add(job->stages, FD_STAGE_COMMIT, &mark, job->rank == 0, 0);
done:
    fd_provenance_free(&p);
    return err;
}

fd_error *fd_job_publish(fd_job *job, fd_tally *tally)
{
    fd_error *err = NULL;
    fd_assembly a = {0};
    fd_pairing pairs = {0};
    bool created = false;
    FD_TRY(fd_assemble(job, &a));
    fd_wanted_of(job->options, &pairs.wanted);
    pairs.wanted.matrix = wants_matrix(job, a.faces);
    FD_TRY(fd_job_pairing(job, &a, &pairs));
    created = true;
    FD_TRY(write_all(job, &a, &pairs));
    fd_usage_sample(job);
    count(job, &a, fd_wanted_any(&pairs.wanted), tally);
    FD_TRY(commit(job));
    struct stat s;
    tally->bytes = stat(job->output, &s) == 0 ? s.st_size : 0;
    created = false;
done:
    if (created && job->rank == 0 && !fd_checkpoint_resumed(&pairs))
        unlink(job->temporary);
    fd_pairing_free(&pairs);
    fd_assembly_free(&a);
    return err;
}
