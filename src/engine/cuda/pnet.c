/* P-Net as one kernel, on images of any size. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cuda/operators.h"
#include "kernels/pnet.h"

typedef struct pnet_op {
    fd_op base;
    fd_cuda_engine *engine;
    int32_t channels[3];
    float *packed;   /* device */
} pnet_op;

static void release(fd_op *base)
{
    pnet_op *op = (pnet_op *)base;
    fd_cuda_give(op->engine, NULL, op->packed);
    free(op);
}

fd_error *fd_cuda_pnet_prepare(fd_engine *e, const fd_pnet_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    pnet_op *op = NULL;
    float *packed = NULL;
    fd_pnet_weights w = {.box_weight = d->box_weight, .box_bias = d->box_bias, .prob_weight = d->prob_weight, .prob_bias = d->prob_bias};
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base.release = release;
    op->engine = fd_cuda(e);
    for (int i = 0; i < 3; i++) {
        w.channels[i] = op->channels[i] = d->channels[i];
        w.weight[i] = d->weight[i];
        w.bias[i] = d->bias[i];
        w.slopes[i] = d->slopes[i];
    }
    const size_t n = (size_t)fd_pnet_packed(op->channels);
    FD_TRY(fd_alloc(&packed, n, sizeof *packed));
    fd_pnet_pack(&w, packed);
    FD_TRY(fd_cuda_keep(op->engine, packed, n * sizeof *packed, &op->packed));
    *out = &op->base;
    op = NULL;
done:
    free(packed);
    if (op)
        release(&op->base);
    return err;
}

fd_error *fd_cuda_pnet_run(const fd_op *base, fd_lane *lane, const float *image, int64_t height, int64_t width, float *box, float *prob)
{
    const pnet_op *op = (const pnet_op *)base;
    const fd_pnet_image job = {.pixels = image, .height = height, .width = width, .box = box, .prob = prob};
    return fd_cuda_error(op->engine, fd_pnet(op->channels, op->packed, job, fd_cuda_stream((fd_cuda_lane *)lane)), "P-Net");
}
