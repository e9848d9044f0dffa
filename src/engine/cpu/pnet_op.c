/* The fused P-Net as an operator of the cpu engine. */
#include <stdlib.h>

#include "base/memory.h"
#include "engine/cpu/cpu.h"
#include "engine/cpu/pnet.h"

typedef struct pnet_op { fd_op base; fd_pnet *pnet; } pnet_op;

static void release(fd_op *op)
{
    fd_pnet_free(((pnet_op *)op)->pnet);
    free(op);
}

fd_error *fd_cpu_pnet_prepare(fd_engine *e, const fd_pnet_desc *desc, fd_op **out)
{
    fd_error *err = NULL;
    pnet_op *op = NULL;
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base.release = release;
    FD_TRY(fd_pnet_prepare(desc, fd_cpu(e)->lanes, &op->pnet));
    op->base.scratch = fd_pnet_scratch(op->pnet);
    *out = &op->base;
    op = NULL;
done:
    free(op);
    return err;
}

fd_error *fd_cpu_pnet_run(const fd_op *op, fd_lane *lane, const float *image, int64_t height, int64_t width, float *box, float *prob)
{
    fd_error *err = NULL;
    void *scratch;
    FD_TRY(fd_host_lane_scratch(lane, op->scratch, &scratch));
    fd_pnet_run(((const pnet_op *)op)->pnet, image, height, width, box, prob, scratch);
done:
    return err;
}
