/* bench_exchange [MB [REPEATS]]: the all-gather of embeddings by NCCL and by MPI, taken in turns, the least time of each; host memory to
 * host memory, as the program uses it. Under mpirun, a GPU for each rank. Prints GB/s that each rank receives from the others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "comm/nccl.h"
#include "engine/plugin.h"

typedef fd_error *all_gather(fd_comm *c, const void *own, void *all, const int64_t *counts);

typedef struct bench { fd_comm *comm; char *all; int64_t *counts; int64_t bytes; } bench;

/* The slowest rank's time. */
static fd_error *measure(bench *b, all_gather *how, double *least)
{
    fd_error *err = NULL;
    FD_TRY(fd_comm_barrier(b->comm));
    double begin = fd_now(), took;
    FD_TRY(how(b->comm, b->all + fd_comm_rank(b->comm) * b->bytes, b->all, b->counts));
    took = fd_now() - begin;
    FD_TRY(fd_comm_reduce_f64(b->comm, &took, 1, FD_COMBINE_MAX));
    *least = took < *least ? took : *least;
done:
    return err;
}

static fd_error *join(fd_comm *c, fd_engine **e)
{
    fd_error *err = NULL;
    char device[32];
    fd_driver driver;
    fd_plugin_status status;
    fd_nccl *n = NULL;
    fd_driver_ask(&driver);
    snprintf(device, sizeof device, "cuda:%d", driver.devices > 1 ? fd_comm_local_rank(c) : 0);   /* one: the rank's own */
    FD_TRY(fd_engine_open(device, &(fd_engine_config){.isa = "auto", .memory = 64 << 20}, e));
    FD_TRY(fd_nccl_open(&(fd_nccl_config){.uuid = (*e)->kind->uuid(*e)}, &n, &status));
done:
    err = fd_comm_agree(c, err);
    return err ? err : fd_comm_join(c, n);
}

static fd_error *compare(fd_comm *c, int64_t bytes, int repeats)
{
    fd_error *err = NULL;
    fd_engine *e = NULL;
    const int ranks = fd_comm_ranks(c);
    bench b = {.comm = c, .bytes = bytes};
    double nccl = 1e9, mpi = 1e9;
    FD_TRY(join(c, &e));
    FD_TRY(fd_alloc(&b.counts, (size_t)ranks, sizeof *b.counts));
    FD_TRY(fd_alloc_aligned(&b.all, (size_t)ranks * (size_t)bytes, 1));
    memset(b.all, fd_comm_rank(c), (size_t)ranks * (size_t)bytes);
    for (int r = 0; r < ranks; r++)
        b.counts[r] = bytes;
    for (int k = 0; k <= repeats; k++) {
        FD_TRY(measure(&b, fd_comm_all_gather_bulk, &nccl));
        FD_TRY(measure(&b, fd_comm_all_gather, &mpi));
        if (k == 0)
            nccl = mpi = 1e9;   /* the first ones open connections */
    }
    const double received = (double)(ranks - 1) * (double)bytes / 1e9;
    if (fd_comm_rank(c) == 0)
        printf("%d ranks, %.1f MB each: NCCL %.2f GB/s, MPI %.2f GB/s\n", ranks, (double)bytes / 1e6, received / nccl, received / mpi);
done:
    free(b.counts);
    free(b.all);
    fd_engine_close(e);
    return err;
}

int main(int argc, char **argv)
{
    fd_comm *c = NULL;
    fd_error *err = fd_comm_open(&c);
    if (!err) {
        fd_log_init(fd_comm_rank(c), fd_comm_ranks(c), fd_comm_host(c), FD_NORMAL);
        err = compare(c, (argc > 1 ? atoll(argv[1]) : 256) * 1000000, argc > 2 ? atoi(argv[2]) : 5);
    }
    if (err) {
        fd_report("bench_exchange", err);
        fd_comm_abort(c, 1);
    }
    fd_comm_close(c);
    return 0;
}
