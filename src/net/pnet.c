#include "net/pnet.h"

#include <string.h>

static bool no_padding(const fd_op_desc *op)
{
    return !op->pad_begin[0] && !op->pad_begin[1] && !op->pad_end[0] && !op->pad_end[1];
}

static bool square(const fd_op_desc *op, int64_t kernel, int64_t stride)
{
    return op->kernel[0] == kernel && op->kernel[1] == kernel && op->stride[0] == stride && op->stride[1] == stride && op->dilation[0] == 1 &&
           op->dilation[1] == 1 && no_padding(op);
}

static bool plain_conv(const fd_node *n, int64_t kernel, int value)
{
    return n->op.kind == FD_OP_CONV && n->op.groups == 1 && !n->op.residual && n->input[0] == value && square(&n->op, kernel, 1);
}

/* Slopes of PReLU and its relatives, one per channel; NULL for an activation that is none of them. */
static fd_error *slopes_of(fd_graph *g, const fd_op_desc *op, const float **out)
{
    fd_error *err = NULL;
    float *slopes;
    int64_t n = op->output.dim[1];
    *out = op->activation == FD_ACT_PRELU ? op->slopes : NULL;
    if (op->activation != FD_ACT_RELU && op->activation != FD_ACT_LEAKY)
        return NULL;
    FD_TRY(fd_heap_alloc(g->heap, &slopes, (size_t)n, sizeof *slopes));
    for (int64_t i = 0; i < n; i++)
        slopes[i] = op->activation == FD_ACT_LEAKY ? op->slope : 0;
    *out = slopes;
done:
    return err;
}

static fd_error *bias_of(fd_graph *g, const fd_op_desc *op, const float **out)
{
    fd_error *err = NULL;
    float *zeros;
    *out = op->bias;
    if (op->bias)
        return NULL;
    FD_TRY(fd_heap_alloc(g->heap, &zeros, (size_t)op->output.dim[1], sizeof *zeros));
    *out = zeros;
done:
    return err;
}

/* The trunk: conv, pool, conv, conv, each reading the one before. */
static fd_error *match_trunk(fd_graph *g, fd_pnet_desc *d, bool *found)
{
    fd_error *err = NULL;
    int value = g->input, layer = 0;
    for (int i = 0; i < 4; i++) {
        const fd_node *n = &g->node[i];
        const fd_op_desc *op = &n->op;
        if (i == 1) {   /* the pool of 13 must give 7: ceil mode */
            if (op->kind != FD_OP_POOL || !op->pool_max || n->input[0] != value || !square(op, 2, 2) || op->output.dim[2] != 7)
                return NULL;
        } else {
            if (!plain_conv(n, 3, value) || (i == 0 && op->input[0].dim[1] != 3))
                return NULL;
            d->channels[layer] = (int)op->output.dim[1];
            d->weight[layer] = op->weight;
            FD_TRY(bias_of(g, op, &d->bias[layer]));
            FD_TRY(slopes_of(g, op, &d->slopes[layer]));
            if (!d->slopes[layer++])
                return NULL;
        }
        value = n->output;
    }
    *found = true;
done:
    return err;
}

/* The heads: two 1x1 convolutions of the trunk in any order, a softmax over the channels of the one with 2. */
static fd_error *match_heads(fd_graph *g, fd_pnet_match *m, bool *found)
{
    fd_error *err = NULL;
    const fd_node *box = NULL, *logit = NULL, *prob = NULL;
    int trunk = g->node[3].output;
    for (int i = 4; i < 7; i++) {
        const fd_node *n = &g->node[i];
        if (plain_conv(n, 1, trunk) && n->op.activation == FD_ACT_NONE && n->op.output.dim[1] == 4)
            box = n;
        else if (plain_conv(n, 1, trunk) && n->op.activation == FD_ACT_NONE && n->op.output.dim[1] == 2)
            logit = n;
        else if (n->op.kind == FD_OP_SOFTMAX && n->op.axis == 1 && !n->op.flat)
            prob = n;
    }
    if (!box || !logit || !prob || prob->input[0] != logit->output)
        return NULL;
    m->box = g->output[0] == box->output ? 0 : 1;
    m->prob = 1 - m->box;
    *found = g->output[m->box] == box->output && g->output[m->prob] == prob->output;
    m->desc.box_weight = box->op.weight;
    m->desc.prob_weight = logit->op.weight;
    FD_TRY(bias_of(g, &box->op, &m->desc.box_bias));
    FD_TRY(bias_of(g, &logit->op, &m->desc.prob_bias));
done:
    return err;
}

fd_error *fd_pnet_find(fd_graph *g, fd_pnet_match *out, bool *found)
{
    fd_error *err = NULL;
    bool trunk = false;
    *out = (fd_pnet_match){0};
    *found = false;
    if (g->nodes != 7 || g->outputs != 2)
        return NULL;
    FD_TRY(match_trunk(g, &out->desc, &trunk));
    if (trunk)
        FD_TRY(match_heads(g, out, found));
done:
    return err;
}
