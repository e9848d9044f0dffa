/* Agreement: one rank's error becomes everybody's, so that no rank enters a collective that another will never reach. */
#include "comm/comm_private.h"

#include <stdio.h>
#include <string.h>

/* What an error is worth telling: a cause before its consequence on other ranks, any failure before a wish to stop. */
static int severity(const fd_error *e)
{
    return !e ? 0 : fd_error_code(e) == FD_INTERRUPTED ? 1 : fd_error_code(e) == FD_COMM ? 2 : 3;
}

typedef struct fd_verdict {
    int64_t code;
    char message[2040];
} fd_verdict;

fd_error *fd_comm_agree(fd_comm *c, fd_error *own)
{
    fd_error *err = NULL;
    fd_verdict verdict = {0};
    if (c->ranks == 1)
        return own;
    /* The largest key is the worst error, of the lowest rank that has one like it. */
    int64_t key = severity(own) ? (int64_t)severity(own) * c->ranks + (c->ranks - 1 - c->rank) : 0;
    FD_TRY(fd_comm_reduce_i64(c, &key, 1, FD_COMBINE_MAX));
    if (key == 0)
        return NULL;
    int worst = c->ranks - 1 - (int)(key % c->ranks);
    verdict.code = fd_error_code(own);
    snprintf(verdict.message, sizeof verdict.message, "rank %d (%s): %s", c->rank, c->host, fd_error_message(own));
    FD_TRY(fd_comm_broadcast(c, &verdict, sizeof verdict, worst));
    if (!own)
        FD_THROW((fd_code)verdict.code, "%s", verdict.message);
done:
    if (!own)
        return err;
    fd_error_free(err);
    return own;
}
