#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/comm_private.h"
#include "comm/nccl_plugin.h"

struct fd_nccl {
    const fd_nccl_table *table;
    fd_nccl_link *link;   /* NULL: parted */
    int64_t slab;
    const char *option;   /* NULL: no advice */
    int64_t gathers;      /* number of the current one */
    fd_nccl_facts facts;
};

enum { SLAB = 32 << 20 };

/* --- one rank ------------------------------------------------------------------------------------------------------------------------- */

static void version_text(int version, char out[24])
{
    snprintf(out, 24, "%d.%d.%d", version / 10000, version / 100 % 100, version % 100);
}

/* A newer library of the same major version knows the structures of an older header, not the other way round. */
static fd_error *check_version(fd_nccl *n)
{
    char built[24], loaded[24];
    n->facts.built = n->table->built;
    fd_error *err = n->table->version(&n->facts.loaded);
    version_text(n->facts.built, built);
    version_text(n->facts.loaded, loaded);
    if (!err && (n->facts.loaded < n->facts.built || n->facts.loaded / 10000 != n->facts.built / 10000))
        err = FD_FAIL(FD_DEVICE, "NCCL %s is loaded, and this program was built with %s: it needs that or a newer one of the same major version",
                      loaded, built);
    return err;
}

/* Plugin and library, without a GPU. */
static fd_error *open_library(fd_nccl **out, fd_plugin_status *status)
{
    fd_error *err = NULL;
    fd_nccl *n = NULL;
    const void *table;
    const char *emulator = getenv("FACESDIST_EMULATOR");   /* for tests, as engine/plugin.c: the same plugin on a stand-in of NCCL */
    FD_TRY(fd_plugin_open(emulator && *emulator ? "libfacesdist-nccl-emu.so" : "libfacesdist-nccl.so", "exchange", &table, status));
    FD_TRY(fd_alloc(&n, 1, sizeof *n));
    n->table = table;
    *status = FD_PLUGIN_OTHER_LIBRARY;
    FD_TRY(check_version(n));
    *status = FD_PLUGIN_READY;
    *out = n;
    n = NULL;
done:
    free(n);
    return err;
}

fd_error *fd_nccl_open(const fd_nccl_config *config, fd_nccl **out, fd_plugin_status *status)
{
    fd_error *err = NULL;
    fd_nccl *n = NULL;
    FD_TRY(open_library(&n, status));
    n->slab = config->slab ? config->slab : SLAB;
    n->option = config->option;
    FD_TRY(n->table->open(config->uuid, (size_t)n->slab, &n->link));
    *out = n;
    n = NULL;
done:
    fd_nccl_close(n);
    return err;
}

void fd_nccl_library(char *out, size_t size)
{
    fd_plugin_status status;
    fd_nccl *n = NULL;
    char version[24];
    fd_error *err = open_library(&n, &status);
    if (n)
        version_text(n->facts.loaded, version);
    snprintf(out, size, "%s%s", err ? "no NCCL: " : "NCCL ", err ? fd_error_message(err) : version);
    fd_error_free(err);
    free(n);
}

void fd_nccl_close(fd_nccl *n)
{
    if (n && n->link)
        n->table->close(n->link);
    free(n);
}

/* --- all ranks ------------------------------------------------------------------------------------------------------------------------- */

/* The end of the exchange, and of the job: other ranks may be in the middle of what failed here. Takes e over. */
static fd_error *lost(fd_comm *c, const char *what, fd_error *e)
{
    char hint[128];
    fd_error *told;
    const bool late = c->broken;   /* then the message names this rank, what it waited for, and who is missing */
    const char *option = c->nccl->option;
    snprintf(hint, sizeof hint, "NCCL_DEBUG=WARN tells more%s%s%s", option ? ", " : "", option ? option : "", option ? " mpi goes without NCCL" : "");
    c->broken = true;
    c->nccl->table->abort(c->nccl->link);
    if (late)
        told = FD_FAIL(FD_COMM, "%s (%s)", fd_error_message(e), hint);
    else
        told = FD_FAIL(FD_COMM, "rank %d (%s): %s: %s (%s)", c->rank, c->host, what, fd_error_message(e), hint);
    fd_error_free(e);
    return told;
}

static fd_error *is_settled(void *self, bool *done)
{
    const fd_nccl *n = self;
    return n->table->settled(n->link, done);
}

/* Waits until the call that gave `begun` has taken effect. Errors are the end. */
static fd_error *settle(fd_comm *c, fd_error *begun, const char *what)
{
    fd_error *err = begun;
    c->collective++;
    if (!err)
        err = fd_comm_poll(c, &(fd_polling){is_settled, c->nccl}, what, false);
    return err ? lost(c, what, err) : NULL;
}

static fd_error *same_version(fd_comm *c)
{
    fd_error *err = NULL;
    int *loaded = NULL;
    char one[24], other[24];
    FD_TRY(fd_comm_agree(c, fd_alloc(&loaded, (size_t)c->ranks, sizeof *loaded)));
    FD_TRY(fd_comm_all_gather_fixed(c, &c->nccl->facts.loaded, loaded, sizeof *loaded));
    for (int r = 1; r < c->ranks; r++)
        if (loaded[r] != loaded[0]) {
            version_text(loaded[0], one);
            version_text(loaded[r], other);
            FD_THROW(FD_DEVICE, "rank 0 (%s) has NCCL %s, rank %d (%s) has %s: all ranks need the same", c->hosts[0], one, r, c->hosts[r],
                     other);
        }
done:
    free(loaded);
    return err;
}

fd_error *fd_comm_join(fd_comm *c, fd_nccl *n)
{
    fd_error *err = NULL;
    uint8_t id[FD_NCCL_ID_BYTES] = {0};
    assert(!c->nccl && n->slab >= (int64_t)c->ranks * FD_NCCL_ALIGN);
    c->nccl = n;
    FD_TRY(same_version(c));
    FD_TRY(fd_comm_agree(c, c->rank == 0 ? n->table->id(id) : NULL));
    FD_TRY(fd_comm_broadcast(c, id, sizeof id, 0));
    FD_TRY(settle(c, n->table->start(n->link, id, c->rank, c->ranks), "start of NCCL"));
    FD_TRY(fd_comm_agree(c, NULL));   /* a rank that is through knows nothing of those that are not */
    return NULL;
done:
    c->nccl = NULL;
    fd_nccl_close(n);
    return err;
}

fd_error *fd_comm_part(fd_comm *c)
{
    fd_nccl *n = c->nccl;
    if (!n || !n->link)
        return NULL;
    fd_error *err = settle(c, n->table->finish(n->link), "end of NCCL");
    n->table->close(n->link);
    n->link = NULL;
    return err;
}

bool fd_comm_nccl_facts(const fd_comm *c, fd_nccl_facts *out)
{
    *out = c->nccl ? c->nccl->facts : (fd_nccl_facts){0};
    return c->nccl != NULL;
}

/* --- all-gather -------------------------------------------------------------------------------------------------------------------------- */

typedef struct gathering {
    fd_comm *comm;
    char *all;
    const int64_t *counts;
    int64_t *first;                        /* [ranks] where a rank's part begins in `all` */
    fd_nccl_round round[FD_NCCL_SLABS];    /* in flight: one is on its way while the other is taken out */
} gathering;

static fd_error *open_rounds(gathering *g)
{
    fd_error *err = NULL;
    const size_t ranks = (size_t)g->comm->ranks;
    FD_TRY(fd_alloc(&g->first, (1 + 2 * FD_NCCL_SLABS) * ranks, sizeof *g->first));
    for (int s = 0; s < FD_NCCL_SLABS; s++) {
        int64_t *bytes = g->first + (size_t)(1 + 2 * s) * ranks;
        g->round[s] = (fd_nccl_round){.slab = s, .ranks = g->comm->ranks, .bytes = bytes, .place = bytes + ranks};
    }
    for (int r = 1; r < g->comm->ranks; r++)
        g->first[r] = g->first[r - 1] + g->counts[r - 1];
done:
    return err;
}

/* This rank's bytes of a round to all; their way back to the host is queued behind. */
static fd_error *send(gathering *g, const fd_nccl_round *r)
{
    fd_error *err = NULL;
    fd_comm *c = g->comm;
    fd_nccl *n = c->nccl;
    const int self = c->rank;
    char what[80];
    snprintf(what, sizeof what, "NCCL all-gather (number %lld, from byte %lld)", (long long)n->gathers, (long long)r->at);
    if (r->bytes[self])
        memcpy(n->table->slab(n->link, r->slab) + r->place[self], g->all + g->first[self] + r->at, (size_t)r->bytes[self]);
    FD_TRY(settle(c, n->table->gather(n->link, r), what));
    err = n->table->fetch(n->link, r);
    if (err)
        err = lost(c, what, err);
    n->facts.padded += r->padded;
    n->facts.broadcast += !r->padded;
done:
    return err;
}

typedef struct arrival { const fd_nccl *nccl; const fd_nccl_round *round; } arrival;

static fd_error *is_fetched(void *self, bool *done)
{
    const arrival *a = self;
    return a->nccl->table->fetched(a->nccl->link, a->round, done);
}

/* Waits for the bytes of a round, and puts those of the other ranks where they belong. */
static fd_error *take(gathering *g, const fd_nccl_round *r)
{
    fd_comm *c = g->comm;
    const fd_nccl *n = c->nccl;
    char what[80];
    snprintf(what, sizeof what, "NCCL all-gather (number %lld, bytes from %lld on)", (long long)n->gathers, (long long)r->at);
    c->collective++;
    fd_error *err = fd_comm_poll(c, &(fd_polling){is_fetched, &(arrival){n, r}}, what, false);
    if (err)
        return lost(c, what, err);
    const unsigned char *slab = n->table->slab(n->link, r->slab);
    for (int k = 0; k < c->ranks; k++)
        if (k != c->rank && r->bytes[k])
            memcpy(g->all + g->first[k] + r->at, slab + r->place[k], (size_t)r->bytes[k]);
    return NULL;
}

static fd_error *by_rounds(gathering *g)
{
    fd_error *err = NULL;
    fd_nccl_round *before = NULL;
    int64_t longest = 0, at = 0;
    for (int r = 0; r < g->comm->ranks; r++)
        longest = g->counts[r] > longest ? g->counts[r] : longest;
    for (int k = 0; at < longest; k++) {
        fd_nccl_round *r = &g->round[k % FD_NCCL_SLABS];
        fd_nccl_round_plan(g->counts, at, g->comm->nccl->slab, r);
        FD_TRY(send(g, r));
        if (before)
            FD_TRY(take(g, before));
        before = r;
        at += r->part;
    }
    if (before)
        FD_TRY(take(g, before));
done:
    return err;
}

fd_error *fd_comm_all_gather_bulk(fd_comm *c, const void *own, void *all, const int64_t *counts)
{
    fd_error *err = NULL;
    gathering g = {.comm = c, .all = all, .counts = counts};
    if (!c->nccl || !c->nccl->link)
        return fd_comm_all_gather(c, own, all, counts);
    c->nccl->gathers++;
    FD_TRY(fd_comm_agree(c, open_rounds(&g)));   /* and so the ranks meet, sleeping: the rounds then wait for nobody */
    char *place = g.all + g.first[c->rank];
    if (counts[c->rank] > 0 && own != place)
        memmove(place, own, (size_t)counts[c->rank]);
    FD_TRY(by_rounds(&g));
    for (int r = 0; r < c->ranks; r++)
        c->nccl->facts.bytes += counts[r];
done:
    free(g.first);
    return err;
}

/* The all-gather of parts of which one alone has bytes. */
fd_error *fd_comm_broadcast_bulk(fd_comm *c, void *bytes, int64_t n, int root)
{
    fd_error *err = NULL;
    int64_t *counts = NULL;
    if (!c->nccl || !c->nccl->link)
        return fd_comm_broadcast(c, bytes, n, root);
    FD_TRY(fd_comm_agree(c, fd_alloc(&counts, (size_t)c->ranks, sizeof *counts)));
    counts[root] = n;
    FD_TRY(fd_comm_all_gather_bulk(c, bytes, bytes, counts));
done:
    free(counts);
    return err;
}
