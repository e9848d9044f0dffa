/* nccl_ranks SECONDS: ranks that join by NCCL, gather 1 MB from each and part; for tests of what goes wrong meanwhile. Exit code 0: all is
 * well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "comm/nccl.h"

enum { BYTES = 1 << 20 };

static fd_error *exchange(fd_comm *c)
{
    fd_error *err = NULL;
    fd_plugin_status status;
    fd_nccl *n = NULL;
    char uuid[64];
    uint8_t *own = NULL, *all = NULL;
    int64_t counts[64];
    const int rank = fd_comm_rank(c), ranks = fd_comm_ranks(c);
    snprintf(uuid, sizeof uuid, "GPU-656d756c-6174-6564-2064-6576696365%02x", rank);
    FD_TRY(fd_comm_agree(c, fd_nccl_open(&(fd_nccl_config){uuid, 1 << 18, "--exchange"}, &n, &status)));
    fd_nccl *joining = n;
    n = NULL;
    FD_TRY(fd_comm_join(c, joining));
    FD_TRY(fd_alloc(&own, BYTES, 1));
    FD_TRY(fd_alloc(&all, (size_t)ranks * BYTES, 1));
    memset(own, rank + 1, BYTES);
    for (int r = 0; r < ranks; r++)
        counts[r] = BYTES;
    FD_TRY(fd_comm_all_gather_bulk(c, own, all, counts));
    FD_TRY(fd_comm_part(c));
    for (int64_t i = 0; i < (int64_t)ranks * BYTES; i++)
        if (all[i] != i / BYTES + 1)
            FD_THROW(FD_COMM, "byte %lld is %d", (long long)i, all[i]);
done:
    free(own);
    free(all);
    fd_nccl_close(n);
    return err;
}

int main(int argc, char **argv)
{
    fd_comm *c = NULL;
    fd_error *err = fd_comm_open(&c);
    char unit[16];
    if (err || argc != 2)
        return 2;
    fd_log_init(fd_comm_rank(c), fd_comm_ranks(c), fd_comm_host(c), FD_NORMAL);
    fd_comm_set_timeout(c, strtod(argv[1], NULL));
    snprintf(unit, sizeof unit, "%d", fd_comm_rank(c));
    setenv("FACESDIST_EMULATOR", "1", 1);
    setenv("FACESDIST_EMU_UNIT", "FD_TEST_UNIT", 1);
    setenv("FD_TEST_UNIT", unit, 1);
    err = exchange(c);
    if (err) {
        fd_report("nccl_ranks", err);
        fd_comm_abort(c, 1);
    }
    fd_comm_close(c);
    return 0;
}
