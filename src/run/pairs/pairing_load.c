/* Reading a checkpoint back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/pairs/checkpoint.h"

fd_error *fd_part_path(char **out, const char *folder, const fd_part *part)
{
    char name[96];
    snprintf(name, sizeof name, "%s-%lld-%lld-%lld.part", part->kind == FD_PART_PAIRS ? "pairs" : "tiles", (long long)part->run, (long long)part->rank, (long long)part->thread);
    return fd_path_join(out, folder, name);
}

fd_error *fd_lists_path(char **out, const char *folder, int64_t generation)
{
    char name[40];
    snprintf(name, sizeof name, "lists-%lld.part", (long long)generation);
    return fd_path_join(out, folder, name);
}

fd_lists_place fd_lists_place_of(const fd_pairing *p, int64_t block)
{
    const int64_t n = p->n[0] * p->wanted.k, at = block * p->plan[0].side * p->wanted.k;
    const int64_t distances = n * (int64_t)sizeof(int64_t), checks = distances + n * (int64_t)sizeof(float);
    return (fd_lists_place){at * (int64_t)sizeof(int64_t), distances + at * (int64_t)sizeof(float), checks + block * (int64_t)sizeof(uint32_t)};
}

/* --- finding it ---------------------------------------------------------------------------------------------------------------------- */

typedef struct latest { uint8_t *bytes; size_t n; } latest;

static fd_error *keep_latest(void *self, const uint8_t *payload, size_t n, int64_t offset)
{
    latest *l = self;
    (void)offset;
    if (n == 0 || payload[0] != FD_RECORD_DISTANCES)
        return NULL;
    free(l->bytes);
    l->bytes = NULL;
    fd_error *e = fd_alloc(&l->bytes, n, 1);
    if (!e)
        memcpy(l->bytes, payload, n);
    l->n = n;
    return e;
}

/* Whether all that a record speaks of is there. */
static fd_error *parts_exist(const fd_pairing *p, const latest *l, bool *out)
{
    fd_error *err = NULL;
    fd_checkpoint *c = NULL;
    char *path = NULL;
    *out = !p->wanted.matrix || p->wanted.compress || access(p->temporary, F_OK) == 0;
    FD_TRY(fd_alloc(&c, 1, sizeof *c));
    FD_TRY(fd_checkpoint_parse(p, l->bytes, l->n, c));
    for (size_t i = 0; i <= c->parts; i++) {
        free(path);
        path = NULL;
        FD_TRY(i < c->parts ? fd_part_path(&path, p->saving.folder, &c->part[i]) : fd_lists_path(&path, p->saving.folder, c->generation));
        if (i < c->parts || (p->lists && c->generation > 0))
            *out = *out && access(path, F_OK) == 0;
    }
done:
    free(path);
    fd_checkpoint_close(c);
    return err;
}

/* Rank 0: the last record, where it was made with the same pin and what it speaks of is there; else l->n is 0. */
static fd_error *find_record(const fd_pairing *p, latest *l)
{
    fd_error *err = NULL;
    char *path = NULL;
    int64_t n = 0;
    bool there = false;
    FD_TRY(fd_path_join(&path, p->saving.folder, "rank-00000.log"));
    if (access(path, F_OK) == 0)
        FD_TRY(fd_journal_read(path, p->saving.header, keep_latest, l));
    const char *pin = fd_checkpoint_pin(l->bytes, l->n, &n);
    const bool same = pin && (size_t)n == strlen(p->saving.pin) && memcmp(pin, p->saving.pin, (size_t)n) == 0;
    if (same)
        FD_TRY(parts_exist(p, l, &there));
    if (l->bytes && !there) {
        fd_say(FD_NORMAL, "the distances start anew: %s", same ? "what an earlier run computed is gone" : "an earlier run computed them for other outputs");
        l->n = 0;
    }
done:
    free(path);
    return err;
}

static bool is_needed(const fd_checkpoint *c, const char *name)
{
    char *path = NULL;
    bool needed = false;
    for (size_t i = 0; i <= c->parts && !needed; i++) {
        fd_error *e = i < c->parts ? fd_part_path(&path, "", &c->part[i]) : fd_lists_path(&path, "", c->generation);
        needed = e || strcmp(path, name) == 0;
        fd_error_free(e);
        free(path);
        path = NULL;
    }
    return needed;
}

/* Files that the checkpoint (NULL: none) does not speak of. */
static fd_error *remove_stale(const char *folder, const fd_checkpoint *c)
{
    fd_error *err = NULL;
    char **names = NULL, *path = NULL;
    int n = 0;
    FD_TRY(fd_journal_parts(folder, &names, &n));
    for (int i = 0; i < n; i++) {
        free(path);
        path = NULL;
        FD_TRY(fd_path_join(&path, folder, names[i]));
        if (!(c && is_needed(c, names[i])) && unlink(path) != 0 && errno != ENOENT)
            FD_TRY(fd_file_error(path, "remove", errno));
    }
done:
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    free(path);
    return err;
}

void fd_checkpoint_drop(const char *folder)
{
    fd_error *e = remove_stale(folder, NULL);
    if (e)
        fd_warn("%s", fd_error_message(e));
    fd_error_free(e);
}

/* --- taking it over ------------------------------------------------------------------------------------------------------------------ */

static fd_error *load_block(const fd_pairing *p, int fd, const char *path, int64_t block)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    fd_topk lists;
    uint32_t crc = 0;
    const fd_lists_place from = fd_lists_place_of(p, block);
    const size_t places = (size_t)(fd_tile_plan_rows(&p->plan[0], block) * p->wanted.k);
    FD_TRY(fd_lists_lock(p->lists, block, &lists));
    err = fd_file_pread(fd, path, lists.index, places * sizeof *lists.index, from.index);
    if (!err)
        err = fd_file_pread(fd, path, lists.distance, places * sizeof *lists.distance, from.distance);
    if (!err)
        err = fd_file_pread(fd, path, &crc, sizeof crc, from.check);
    if (!err && crc != fd_crc32c(fd_crc32c(0, lists.index, places * sizeof *lists.index), lists.distance, places * sizeof *lists.distance))
        err = FD_FAIL(FD_FORMAT, "%s: damaged (--force starts anew)", fd_escape(name, sizeof name, path));
    fd_lists_unlock(p->lists, block);
done:
    return err;
}

/* Each block's lists become those of one rank. */
static fd_error *load_lists(const fd_pairing *p)
{
    fd_error *err = NULL;
    char *path = NULL;
    int fd = -1;
    FD_TRY(fd_lists_path(&path, p->saving.folder, p->checkpoint->generation));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        FD_TRY(fd_file_error(path, "open", errno));
    for (int64_t b = fd_comm_rank(p->comm); b < p->plan[0].blocks; b += fd_comm_ranks(p->comm))
        FD_TRY(load_block(p, fd, path, b));
done:
    if (fd >= 0)
        close(fd);
    free(path);
    return err;
}

/* Buffers of this run's threads, and this rank's share of the files that are there. */
static fd_error *open_spills(fd_pairing *p)
{
    fd_error *err = NULL;
    const fd_checkpoint *c = p->checkpoint;
    const int rank = fd_comm_rank(p->comm), ranks = fd_comm_ranks(p->comm);
    const int64_t room = 2 * p->plan[0].side * p->plan[1].side;   /* two whole tiles: 12 MiB */
    char *path = NULL;
    FD_TRY(fd_alloc(&p->spill, (size_t)p->threads + c->parts, sizeof *p->spill));
    for (int t = 0; t < p->threads; t++, p->spills++) {
        free(path);
        path = NULL;
        FD_TRY(fd_part_path(&path, p->saving.folder, &(fd_part){FD_PART_PAIRS, c->run, rank, t, 0, NULL}));
        FD_TRY(fd_spill_open(path, room, p->symmetric, p->row_count, &p->spill[p->spills]));
    }
    for (size_t i = (size_t)rank; i < c->parts; i += (size_t)ranks) {
        if (c->part[i].kind != FD_PART_PAIRS)
            continue;
        free(path);
        path = NULL;
        FD_TRY(fd_part_path(&path, p->saving.folder, &c->part[i]));
        FD_TRY(fd_spill_adopt(path, c->part[i].of, (size_t)c->part[i].runs, p->n[0], p->row_count, &p->spill[p->spills]));
        p->spills++;
    }
done:
    free(path);
    return err;
}

fd_error *fd_checkpoint_take(void *pairing)
{
    fd_error *err = NULL;
    fd_pairing *p = pairing;
    fd_checkpoint *c = p->checkpoint;
    if (!c)   /* nothing is wanted */
        return NULL;
    if (p->wanted.radius_given)
        FD_TRY(open_spills(p));
    FD_TRY(fd_tiles_open(p));
    if (p->lists && c->generation > 0)
        FD_TRY(load_lists(p));
    for (int i = 0; p->wanted.histogram && c->counts && fd_comm_rank(p->comm) == 0 && i < FD_HISTOGRAM_BINS + 2; i++)
        p->bins.count[i] = (uint64_t)c->counts[i];
    p->saturated = fd_comm_rank(p->comm) == 0 ? c->saturated : 0;
    p->before = (fd_coverage){{p->symmetric, {p->plan[0].blocks, p->plan[1].blocks}}, c->before, c->n_before};
    c->last = fd_now();
done:
    return err;
}

bool fd_checkpoint_resumed(const fd_pairing *p)
{
    return p->checkpoint && p->checkpoint->generation > 0;
}

fd_error *fd_checkpoint_find(fd_pairing *p)
{
    fd_error *err = NULL;
    fd_checkpoint *c = NULL;
    latest record = {0};
    const int rank = fd_comm_rank(p->comm);
    if (!fd_wanted_any(&p->wanted))
        return NULL;
    FD_TRY(fd_comm_agree(p->comm, fd_alloc(&c, 1, sizeof *c)));
    p->checkpoint = c;
    FD_TRY(fd_comm_agree(p->comm, rank == 0 ? find_record(p, &record) : NULL));
    int64_t n = (int64_t)record.n;
    FD_TRY(fd_comm_broadcast_buffer(p->comm, &record.bytes, &n, 0));
    FD_TRY(fd_comm_agree(p->comm, n > 0 ? fd_checkpoint_parse(p, record.bytes, (size_t)n, c) : NULL));
    fd_error *own = rank == 0 ? fd_journal_open(p->saving.folder, 0, p->saving.header, &c->log) : NULL;
    if (rank == 0 && !own && record.bytes && n == 0)
        own = fd_checkpoint_void(p);
    if (rank == 0 && !own)
        own = remove_stale(p->saving.folder, c);
    FD_TRY(fd_comm_agree(p->comm, own));
    for (int i = 0; i < 2 && n > 0; i++)
        p->plan[i] = fd_tile_plan_with(p->n[i], c->side[i]);
    if (fd_checkpoint_resumed(p))
        fd_say(FD_NORMAL, "going on: distances were saved by an earlier run");
done:
    free(record.bytes);
    return err;
}

void fd_checkpoint_close(fd_checkpoint *c)
{
    if (!c)
        return;
    fd_error_free(fd_journal_close(c->log));
    for (size_t i = 0; i < c->parts; i++)
        free(c->part[i].of);
    free(c->part);
    free(c->before);
    free(c->counts);
    free(c);
}
