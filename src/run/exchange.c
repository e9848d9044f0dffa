#include "run/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "comm/nccl.h"

/* The first rank before r on the same GPU; -1: none. */
static int same_gpu(const fd_exchange_end *end, int r)
{
    for (int q = 0; q < r; q++)
        if (strcmp(end[q].uuid, end[r].uuid) == 0)
            return q;
    return -1;
}

bool fd_exchange_possible(const fd_exchange_end *end, int ranks, char *reason, size_t size)
{
    for (int r = 0; r < ranks; r++)
        if (!end[r].uuid[0]) {
            snprintf(reason, size, "rank %d (%s) computes with engine %s, on no GPU", r, end[r].host, end[r].engine);
            return false;
        }
    for (int r = 0; r < ranks; r++) {
        const int other = same_gpu(end, r);
        if (other >= 0) {
            snprintf(reason, size, "ranks %d and %d (%s) share one GPU, %s, and NCCL takes one for each rank", other, r, end[r].host,
                     end[r].uuid);
            return false;
        }
        if (strncmp(end[r].uuid, "MIG-", 4) == 0) {
            snprintf(reason, size, "rank %d (%s) has a slice of a GPU, %s, and NCCL takes whole ones", r, end[r].host, end[r].uuid);
            return false;
        }
    }
    return true;
}

static fd_error *ends_of(fd_comm *c, const fd_engine *e, fd_exchange_end **all)
{
    fd_error *err = NULL;
    fd_exchange_end own;
    memset(&own, 0, sizeof own);
    snprintf(own.host, sizeof own.host, "%s", fd_comm_host(c));
    snprintf(own.engine, sizeof own.engine, "%s", e->kind->name);
    if (e->kind->uuid)
        snprintf(own.uuid, sizeof own.uuid, "%s", e->kind->uuid(e));
    FD_TRY(fd_comm_agree(c, fd_alloc(all, (size_t)fd_comm_ranks(c), sizeof **all)));
    FD_TRY(fd_comm_all_gather_fixed(c, &own, *all, sizeof own));
done:
    return err;
}

/* *unable: why NCCL cannot be had, on all ranks; NULL: they are joined. */
static fd_error *join(fd_comm *c, const fd_engine *e, const fd_exchange_wish *w, const fd_exchange_end *end, fd_error **unable)
{
    char reason[320];
    fd_plugin_status status;
    fd_nccl *n = NULL;
    if (!fd_exchange_possible(end, fd_comm_ranks(c), reason, sizeof reason)) {
        *unable = FD_FAIL(FD_DEVICE, "%s", reason);
        return NULL;
    }
    *unable = fd_comm_agree(c, fd_nccl_open(&(fd_nccl_config){.uuid = e->kind->uuid(e), .option = w->option}, &n, &status));
    if (!*unable)
        return fd_comm_join(c, n);
    fd_nccl_close(n);
    return NULL;
}

static void version_text(const fd_comm *c, char *out, size_t size)
{
    fd_nccl_facts f;
    fd_comm_nccl_facts(c, &f);
    snprintf(out, size, "NCCL %d.%d.%d", f.loaded / 10000, f.loaded / 100 % 100, f.loaded % 100);
}

fd_error *fd_exchange_open(fd_comm *c, const fd_engine *e, const fd_exchange_wish *w, char *chosen, size_t size)
{
    fd_error *err = NULL, *unable = NULL;
    fd_exchange_end *end = NULL;
    const bool by_nccl = strcmp(w->value, "nccl") == 0;
    snprintf(chosen, size, "MPI");
    if (strcmp(w->value, "mpi") == 0 || (fd_comm_ranks(c) == 1 && !by_nccl))
        return NULL;
    FD_TRY(ends_of(c, e, &end));
    FD_TRY(join(c, e, w, end, &unable));
    if (unable && (by_nccl || fd_error_code(unable) == FD_COMM)) {
        err = fd_error_prefix(unable, "%s %s", w->option, w->value);
        unable = NULL;
    } else if (unable) {
        snprintf(chosen, size, "MPI: %s", fd_error_message(unable));
        fd_say(end[0].uuid[0] ? FD_NORMAL : FD_DEBUG, "%s cross between ranks by MPI, not NCCL: %s", w->what, fd_error_message(unable));
    } else {
        version_text(c, chosen, size);
        fd_say(FD_NORMAL, "%s cross between %d GPUs by %s", w->what, fd_comm_ranks(c), chosen);
    }
done:
    fd_error_free(unable);
    free(end);
    return err;
}

void fd_exchange_text(const fd_comm *c, const char *chosen, char *out, size_t size)
{
    fd_nccl_facts f;
    if (!fd_comm_nccl_facts(c, &f)) {
        snprintf(out, size, "%s", chosen);
        return;
    }
    snprintf(out, size, "%s (built with %d.%d.%d): %lld bytes in %lld padded rounds and %lld of broadcasts", chosen, f.built / 10000,
             f.built / 100 % 100, f.built % 100, (long long)f.bytes, (long long)f.padded, (long long)f.broadcast);
}
