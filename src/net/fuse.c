/* Fusion: one walk in running order, in which every operator tries to take in the one that makes its input. The result stands at the place
 * of the later operator, so that all it reads is there. */
#include "net/fuse.h"

#include <string.h>

static fd_node *maker(const fd_graph *g, int value)
{
    return g->value[value].node < 0 ? NULL : &g->node[g->value[value].node];
}

/* The operator that makes input k of n, when it is of this kind. */
static fd_node *made_by(const fd_graph *g, const fd_node *n, int k, fd_op_kind kind)
{
    fd_node *p = maker(g, n->input[k]);
    return p && p->op.kind == kind ? p : NULL;
}

static bool sole_reader(const fd_graph *g, const fd_node *n, int k)
{
    return g->value[n->input[k]].uses == 1;
}

/* One reader less; an operator that nobody reads is dead, and reads nothing. */
static void unread(fd_graph *g, int value)
{
    fd_node *p = maker(g, value);
    if (--g->value[value].uses > 0 || !p)
        return;
    p->dead = true;
    for (int k = 0; k < p->op.inputs; k++)
        unread(g, p->input[k]);
}

static void read_instead(fd_graph *g, fd_node *n, int k, int value)
{
    g->value[value].uses++;
    unread(g, n->input[k]);
    n->input[k] = value;
    n->op.input[k] = g->value[value].shape;
}

/* n, now doing p's work as well, takes p's inputs in place of its own; p had no other reader. */
static void replace(fd_graph *g, fd_node *n, fd_node *p)
{
    g->value[p->output].uses = 0;
    memcpy(n->input, p->input, sizeof n->input);
    n->op.name = p->op.name;
    p->dead = true;
}

static fd_node *sums(const fd_graph *g, const fd_node *n, int k)
{
    fd_node *p = made_by(g, n, k, FD_OP_CONV);
    if (!p)
        p = made_by(g, n, k, FD_OP_GEMM);
    return p && sole_reader(g, n, k) && p->op.activation == FD_ACT_NONE ? p : NULL;
}

static fd_error *fuse_scale(fd_graph *g, fd_node *n, bool *changed)
{
    fd_error *err = NULL;
    fd_node *p = sums(g, n, 0), *first = made_by(g, n, 0, FD_OP_SCALE);
    if (p && !p->op.residual) {
        fd_op_desc fused = p->op;
        FD_TRY(fd_absorb_scale_after(g, &fused, &n->op));
        n->op = fused;
        replace(g, n, p);
        *changed = true;
    } else if (first && sole_reader(g, n, 0)) {
        FD_TRY(fd_absorb_scale_in_scale(g, &n->op, &first->op));
        read_instead(g, n, 0, first->input[0]);
        *changed = true;
    }
done:
    return err;
}

/* act(sum) */
static void fuse_activation(fd_graph *g, fd_node *n, bool *changed)
{
    fd_node *p = sums(g, n, 0);
    if (!p || n->op.activation == FD_ACT_SQRT)
        return;
    fd_op_desc fused = p->op;
    fused.activation = n->op.activation;
    fused.low = n->op.low;
    fused.high = n->op.high;
    fused.slope = n->op.slope;
    fused.slopes = n->op.slopes;
    fused.n_slopes = n->op.n_slopes;
    n->op = fused;
    replace(g, n, p);
    *changed = true;
}

/* sum + x: x becomes the residual of the sum. Of two sums the later one takes the other. */
static void fuse_residual(fd_graph *g, fd_node *n, bool *changed)
{
    if (n->op.inputs != 2 || n->op.binary != FD_ADD || n->input[0] == n->input[1] ||
        !fd_shape_equal(&n->op.input[0], &n->op.output) || !fd_shape_equal(&n->op.input[1], &n->op.output))
        return;
    fd_node *p = NULL;
    int other = -1;
    for (int k = 0; k < 2; k++) {
        fd_node *candidate = sums(g, n, k);
        if (candidate && !candidate->op.residual && !g->value[n->input[1 - k]].data && (!p || candidate > p)) {
            p = candidate;
            other = n->input[1 - k];
        }
    }
    if (!p)
        return;
    fd_op_desc fused = p->op;
    fused.residual = true;
    fused.input[fused.inputs++] = n->op.output;
    n->op = fused;
    replace(g, n, p);
    n->input[fused.inputs - 1] = other;
    *changed = true;
}

/* A padding with zeros of height and width is the convolution's own. */
static void fuse_padding(fd_graph *g, fd_node *n, bool *changed)
{
    fd_node *p = made_by(g, n, 0, FD_OP_PAD);
    if (!p || p->op.pad_mode != 0 || p->op.pad_value != 0 || p->op.before[0] || p->op.after[0] || p->op.before[1] || p->op.after[1])
        return;
    for (int i = 0; i < 2; i++)
        if (p->op.before[2 + i] < 0 || p->op.after[2 + i] < 0)
            return;
    for (int i = 0; i < 2; i++) {
        n->op.pad_begin[i] += p->op.before[2 + i];
        n->op.pad_end[i] += p->op.after[2 + i];
    }
    read_instead(g, n, 0, p->input[0]);
    *changed = true;
}

static fd_error *fuse_conv(fd_graph *g, fd_node *n, bool *changed)
{
    fd_error *err = NULL;
    const fd_op_desc *op = &n->op;
    fd_node *p = made_by(g, n, 0, FD_OP_SCALE);
    bool padded = op->pad_begin[0] || op->pad_begin[1] || op->pad_end[0] || op->pad_end[1];
    if (p && sole_reader(g, n, 0) && !padded && !op->residual) {
        FD_TRY(fd_absorb_scale_before_conv(g, &n->op, &p->op));
        read_instead(g, n, 0, p->input[0]);
        *changed = true;
        return NULL;
    }
    fuse_padding(g, n, changed);
done:
    return err;
}

/* gemm(flatten(transpose or scale)): the flatten then reads what came before. */
static fd_error *fuse_gemm(fd_graph *g, fd_node *n, bool *changed)
{
    fd_error *err = NULL;
    fd_node *flat = made_by(g, n, 0, FD_OP_RESHAPE), *scale = made_by(g, n, 0, FD_OP_SCALE);
    if (scale && sole_reader(g, n, 0)) {
        FD_TRY(fd_absorb_scale_before_gemm(g, &n->op, &scale->op));
        read_instead(g, n, 0, scale->input[0]);
        *changed = true;
        return NULL;
    }
    if (!flat || !sole_reader(g, n, 0) || flat->op.input[0].rank < 2 || flat->op.input[0].dim[0] != flat->op.output.dim[0])
        return NULL;
    fd_node *transpose = made_by(g, flat, 0, FD_OP_TRANSPOSE);
    scale = made_by(g, flat, 0, FD_OP_SCALE);
    if (transpose && transpose->op.permutation[0] == 0) {
        FD_TRY(fd_absorb_transpose(g, &n->op, &transpose->op));
        read_instead(g, flat, 0, transpose->input[0]);
        *changed = true;
    } else if (scale && sole_reader(g, flat, 0)) {
        FD_TRY(fd_absorb_scale_before_gemm(g, &n->op, &scale->op));
        read_instead(g, flat, 0, scale->input[0]);
        *changed = true;
    }
done:
    return err;
}

/* transpose(transpose(x)) -> one, or none. */
static void fuse_transpose(fd_graph *g, fd_node *n, bool *changed)
{
    fd_node *p = made_by(g, n, 0, FD_OP_TRANSPOSE);
    if (!p)
        return;
    int64_t joined[FD_MAX_RANK];
    bool identity = true;
    for (int i = 0; i < n->op.output.rank; i++) {
        joined[i] = p->op.permutation[n->op.permutation[i]];
        identity = identity && joined[i] == i;
    }
    memcpy(n->op.permutation, joined, sizeof joined);
    read_instead(g, n, 0, p->input[0]);
    if (identity)
        n->op.kind = FD_OP_RESHAPE;
    *changed = true;
}

/* unary(transpose(x)) -> transpose(unary(x)), so that transposes meet and cancel (softmax between two of them). */
static void sink_transpose(fd_graph *g, fd_node *n, bool *changed)
{
    fd_node *p = made_by(g, n, 0, FD_OP_TRANSPOSE);
    bool by_channel = n->op.kind == FD_OP_ACTIVATE && n->op.activation == FD_ACT_PRELU;
    if (!p || !sole_reader(g, n, 0) || by_channel || n->op.flat)
        return;
    fd_op_desc unary = n->op, transpose = p->op;
    if (unary.kind != FD_OP_ACTIVATE)
        unary.axis = (int)transpose.permutation[unary.axis];
    unary.input[0] = unary.output = transpose.input[0];
    p->op = unary;
    g->value[p->output].shape = unary.output;
    n->op = transpose;
    *changed = true;
}

/* A reshape to the same shape goes: what made its input makes its output. */
static void fuse_reshape(fd_graph *g, fd_node *n, bool *changed)
{
    fd_node *p = maker(g, n->input[0]);
    if (p && sole_reader(g, n, 0) && fd_shape_equal(&n->op.input[0], &n->op.output)) {
        g->value[p->output].uses = 0;
        p->output = n->output;
        g->value[n->output].node = (int)(p - g->node);
        n->dead = true;
    } else if (p && p->op.kind == FD_OP_RESHAPE) {
        read_instead(g, n, 0, p->input[0]);
        *changed = true;
    }
}

static fd_error *fuse_node(fd_graph *g, fd_node *n, bool *changed)
{
    switch (n->op.kind) {
    case FD_OP_SCALE:
        return fuse_scale(g, n, changed);
    case FD_OP_CONV:
        return fuse_conv(g, n, changed);
    case FD_OP_GEMM:
        return fuse_gemm(g, n, changed);
    case FD_OP_BINARY:
        fuse_residual(g, n, changed);
        break;
    case FD_OP_TRANSPOSE:
        fuse_transpose(g, n, changed);
        break;
    case FD_OP_RESHAPE:
        fuse_reshape(g, n, changed);
        break;
    case FD_OP_ACTIVATE:
        fuse_activation(g, n, changed);
        if (!*changed)
            sink_transpose(g, n, changed);
        break;
    case FD_OP_SOFTMAX:
    case FD_OP_LPNORM:
        sink_transpose(g, n, changed);
        break;
    default:
        break;
    }
    return NULL;
}

fd_error *fd_graph_fuse(fd_graph *g)
{
    fd_error *err = NULL;
    bool any = true;
    FD_TRY(fd_graph_tidy(g));
    for (int walk = 0; any && walk < 8; walk++) {   /* the second walk meets what sunk transposes uncovered; a third finds nothing to do */
        any = false;
        for (size_t i = 0; i < g->nodes; i++) {
            bool changed = !g->node[i].dead;
            while (changed && !g->node[i].dead) {   /* ends: every change takes an operator out, or a transpose one place down */
                changed = false;
                FD_TRY(fuse_node(g, &g->node[i], &changed));
                any = any || changed;
            }
        }
    }
    FD_TRY(fd_graph_tidy(g));
done:
    return err;
}

fd_error *fd_graph_tidy(fd_graph *g)
{
    fd_error *err = NULL;
    size_t kept = 0;
    bool *wanted = NULL;
    FD_TRY(fd_heap_alloc(g->heap, &wanted, g->values, sizeof *wanted));
    for (int i = 0; i < g->outputs; i++)
        wanted[g->output[i]] = true;
    for (size_t i = g->nodes; i-- > 0;) {
        fd_node *n = &g->node[i];
        n->dead = n->dead || !wanted[n->output];
        for (int k = 0; !n->dead && k < n->op.inputs; k++)
            wanted[n->input[k]] = true;
    }
    for (size_t i = 0; i < g->nodes; i++)
        if (!g->node[i].dead)
            g->node[kept++] = g->node[i];
    g->nodes = kept;
    for (size_t i = 0; i < kept; i++)
        g->value[g->node[i].output].node = (int)i;
    fd_graph_count_uses(g);
done:
    return err;
}
