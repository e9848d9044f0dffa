/* Writing a checkpoint: first the parts, then the record that makes them valid. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/machine.h"
#include "run/pairs/checkpoint.h"
#include "run/together.h"

static const double SHARE = 20;   /* a checkpoint takes at most this part of the time */

bool fd_checkpoint_due(const fd_pairing *p)
{
    const fd_checkpoint *c = p->checkpoint;
    const double spacing = p->saving.every > 0 && SHARE * c->cost > p->saving.every ? SHARE * c->cost : p->saving.every;
    return fd_now() - c->last >= spacing;
}

/* --- lists --------------------------------------------------------------------------------------------------------------------------- */

typedef struct lists_file { const fd_pairing *pairing; char *path; int fd; } lists_file;

/* Each block is its own: whoever reads it may have other chunks. */
static fd_error *write_blocks(void *self, int64_t first, int64_t rows, const fd_topk *lists)
{
    fd_error *err = NULL;
    const lists_file *f = self;
    const int64_t side = f->pairing->plan[0].side, k = lists->k;
    for (int64_t at = 0; at < rows; at += side) {
        const size_t places = (size_t)((rows - at < side ? rows - at : side) * k);
        const fd_lists_place to = fd_lists_place_of(f->pairing, (first + at) / side);
        const int64_t *index = lists->index + at * k;
        const float *distance = lists->distance + at * k;
        const uint32_t crc = fd_crc32c(fd_crc32c(0, index, places * sizeof *index), distance, places * sizeof *distance);
        FD_TRY(fd_file_pwrite(f->fd, f->path, index, places * sizeof *index, to.index));
        FD_TRY(fd_file_pwrite(f->fd, f->path, distance, places * sizeof *distance, to.distance));
        FD_TRY(fd_file_pwrite(f->fd, f->path, &crc, sizeof crc, to.check));
    }
done:
    return err;
}

static fd_error *write_lists(void *self, int64_t first, int64_t rows, const fd_topk *lists)
{
    const lists_file *f = self;
    const int step = fd_watch_begin(f->pairing->watch, FD_STAGE_JOURNAL, f->path, rows * lists->k * 12);
    fd_error *e = write_blocks(self, first, rows, lists);
    fd_watch_end(f->pairing->watch, step);
    return e;
}

static fd_error *open_lists(fd_pairing *p, int64_t generation, lists_file *f)
{
    fd_error *err = NULL;
    FD_TRY(fd_lists_path(&f->path, p->saving.folder, generation));
    f->fd = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (f->fd < 0)
        FD_TRY(fd_file_error(f->path, "make", errno));
done:
    return err;
}

static fd_error *save_lists(fd_pairing *p, int64_t generation)
{
    fd_error *err = NULL;
    lists_file f = {.pairing = p, .fd = -1};
    FD_TRY(fd_comm_agree(p->comm, open_lists(p, generation, &f)));
    FD_TRY(fd_pairing_merge_lists(p, &(fd_lists_sink){&f, write_lists}));
    FD_TRY(fd_comm_agree(p->comm, fdatasync(f.fd) == 0 ? NULL : fd_file_error(f.path, "sync", errno)));
done:
    if (f.fd >= 0)
        close(f.fd);
    free(f.path);
    return err;
}

/* --- pairs and matrix ---------------------------------------------------------------------------------------------------------------- */

static fd_error *add_number(fd_payload *out, int64_t number)
{
    return fd_payload_add(out, &number, sizeof number);
}

static fd_error *add_part(const fd_pairing *p, const fd_part *part, fd_payload *files)
{
    fd_error *err = NULL;
    FD_TRY(fd_payload_add(files, (int64_t[]){part->kind, p->checkpoint->run, fd_comm_rank(p->comm), part->thread, part->runs}, 5 * sizeof(int64_t)));
    FD_TRY(fd_payload_add(files, part->of, (size_t)part->runs * sizeof *part->of));
done:
    return err;
}

typedef struct saving { fd_pairing *pairing; fd_payload files; } saving;

/* This rank's files, made durable, and the matrix's tiles. Files of interrupted runs are in the record already. */
static fd_error *save_files(void *self)
{
    fd_error *err = NULL;
    saving *s = self;
    fd_pairing *p = s->pairing;
    fd_payload *files = &s->files;
    for (int t = 0; p->spill && t < p->threads; t++) {
        const fd_spill_run *run = NULL;
        size_t n = 0;
        FD_TRY(fd_spill_save(p->spill[t], &run, &n));
        if (n > 0)
            FD_TRY(add_part(p, &(fd_part){.kind = FD_PART_PAIRS, .thread = t, .runs = (int64_t)n, .of = (fd_spill_run *)run}, files));
    }
    for (int t = 0; p->tiles && t < p->threads; t++) {
        fd_spill_run whole = {0, 0};
        FD_TRY(fd_tiles_save(p, t, &whole.pairs));
        if (whole.pairs > 0)
            FD_TRY(add_part(p, &(fd_part){.kind = FD_PART_TILES, .thread = t, .runs = 1, .of = &whole}, files));
    }
    if (p->wanted.matrix && !p->wanted.compress && p->writer)
        FD_TRY(fd_result_writer_sync(p->writer));
done:
    return err;
}

/* The kernel keeps no more unwritten than a fifth of the memory. */
static fd_error *save_own(void *self)
{
    const saving *s = self;
    const int step = fd_watch_begin(s->pairing->watch, FD_STAGE_JOURNAL, s->pairing->saving.folder, fd_machine_memory() / 5);
    fd_error *e = save_files(self);
    fd_watch_end(s->pairing->watch, step);
    return e;
}

/* Of all ranks, on rank 0. */
static fd_error *gather_files(fd_pairing *p, const fd_payload *own, fd_payload *all)
{
    fd_error *err = NULL;
    int64_t *counts = NULL, bytes = (int64_t)own->n, sum = 0;
    FD_TRY(fd_comm_agree(p->comm, fd_alloc(&counts, (size_t)fd_comm_ranks(p->comm), sizeof *counts)));
    FD_TRY(fd_comm_all_gather_fixed(p->comm, &bytes, counts, sizeof bytes));
    for (int r = 0; r < fd_comm_ranks(p->comm); r++)
        sum += counts[r];
    FD_TRY(fd_comm_agree(p->comm, fd_grow(&all->bytes, &all->capacity, (size_t)sum + 1, 1)));
    all->n = (size_t)sum;
    FD_TRY(fd_comm_gather(p->comm, own->bytes ? own->bytes : all->bytes, all->bytes, counts, 0));
done:
    free(counts);
    return err;
}

/* --- record -------------------------------------------------------------------------------------------------------------------------- */

static fd_error *add_covers(fd_payload *out, const fd_cover *cover, size_t n)
{
    fd_error *err = NULL;
    int64_t numbers[FD_COVER_NUMBERS];
    for (size_t i = 0; i < n; i++) {
        fd_cover_pack(&cover[i], numbers);
        FD_TRY(fd_payload_add(out, numbers, sizeof numbers));
    }
done:
    return err;
}

static fd_error *add_parts(fd_payload *out, const fd_checkpoint *c)
{
    fd_error *err = NULL;
    for (size_t i = 0; i < c->parts; i++) {
        const fd_part *part = &c->part[i];
        FD_TRY(fd_payload_add(out, (int64_t[]){part->kind, part->run, part->rank, part->thread, part->runs}, 5 * sizeof(int64_t)));
        FD_TRY(fd_payload_add(out, part->of, (size_t)part->runs * sizeof *part->of));
    }
done:
    return err;
}

typedef struct saved { int64_t generation, saturated; const int64_t *counts; const fd_cover *now; size_t n_now; const fd_payload *files; } saved;

/* Rank 0. */
static fd_error *append(fd_pairing *p, const saved *s)
{
    fd_error *err = NULL;
    fd_payload out = {0};
    const fd_checkpoint *c = p->checkpoint;
    const uint8_t type = FD_RECORD_DISTANCES;
    const int64_t counts = p->wanted.histogram ? FD_HISTOGRAM_BINS + 2 : 0;
    FD_TRY(fd_payload_add(&out, &type, 1));
    FD_TRY(add_number(&out, (int64_t)strlen(p->saving.pin)));
    FD_TRY(fd_payload_add(&out, p->saving.pin, strlen(p->saving.pin)));
    FD_TRY(add_number(&out, s->generation));
    FD_TRY(add_number(&out, c->run));
    FD_TRY(add_number(&out, p->plan[0].side));
    FD_TRY(add_number(&out, p->plan[1].side));
    FD_TRY(add_number(&out, s->saturated));
    FD_TRY(add_number(&out, counts));
    FD_TRY(fd_payload_add(&out, s->counts, (size_t)counts * sizeof *s->counts));
    FD_TRY(add_number(&out, (int64_t)c->n_before + p->n_done + (int64_t)s->n_now));
    FD_TRY(add_covers(&out, c->before, c->n_before));
    FD_TRY(add_covers(&out, p->done, (size_t)p->n_done));
    FD_TRY(add_covers(&out, s->now, s->n_now));
    FD_TRY(add_parts(&out, c));
    FD_TRY(fd_payload_add(&out, s->files->bytes, s->files->n));
    FD_TRY(fd_journal_append(c->log, out.bytes, out.n, 1));
done:
    free(out.bytes);
    return err;
}

fd_error *fd_checkpoint_void(fd_pairing *p)
{
    const int64_t counts[FD_HISTOGRAM_BINS + 2] = {0};
    return append(p, &(saved){.counts = counts, .files = &(fd_payload){0}});
}

fd_error *fd_checkpoint_parts(fd_pairing *p)
{
    fd_error *err = NULL;
    saving own = {.pairing = p};
    fd_payload all = {0};
    bool good = true;
    FD_TRY(fd_together(p->comm, p->timeout, save_own, &own));
    FD_TRY(gather_files(p, &own.files, &all));
    if (fd_comm_rank(p->comm) == 0)
        FD_TRY(fd_parts_parse(all.bytes, all.n, p->checkpoint, &good));
    assert(good);
done:
    free(own.files.bytes);
    free(all.bytes);
    return err;
}

/* The lists of the checkpoint before. */
static void drop_lists(const fd_pairing *p, int64_t generation)
{
    char *path = NULL;
    fd_error *e = fd_lists_path(&path, p->saving.folder, generation);
    if (!e && p->lists && generation > 0)
        unlink(path);
    fd_error_free(e);
    free(path);
}

fd_error *fd_checkpoint_save(fd_pairing *p, const fd_cover *now, size_t n)
{
    fd_error *err = NULL;
    fd_checkpoint *c = p->checkpoint;
    saving own = {.pairing = p};
    fd_payload all = {0};
    int64_t counts[FD_HISTOGRAM_BINS + 2] = {0};
    const int64_t generation = c->generation + 1;
    int64_t saturated = p->saturated;
    c->last = fd_now();
    FD_TRY(fd_together(p->comm, p->timeout, save_own, &own));
    FD_TRY(gather_files(p, &own.files, &all));
    if (p->lists)
        FD_TRY(save_lists(p, generation));
    for (int i = 0; p->wanted.histogram && i < FD_HISTOGRAM_BINS + 2; i++)
        counts[i] = (int64_t)p->bins.count[i];
    if (p->wanted.histogram)
        FD_TRY(fd_comm_reduce_i64(p->comm, counts, FD_HISTOGRAM_BINS + 2, FD_COMBINE_SUM));
    FD_TRY(fd_comm_reduce_i64(p->comm, &saturated, 1, FD_COMBINE_SUM));
    FD_TRY(fd_comm_agree(p->comm, fd_comm_rank(p->comm) == 0 ? append(p, &(saved){generation, saturated, counts, now, n, &all}) : NULL));
    if (fd_comm_rank(p->comm) == 0)
        drop_lists(p, c->generation);
    c->generation = generation;
    c->cost = fd_now() - c->last;
done:
    free(own.files.bytes);
    free(all.bytes);
    return err;
}
