/* Operators that only move numbers: Transpose, Concat, Slice, Split, Gather, Pad. */
#include "net/lower.h"

#include <string.h>

/* When axes of one element are all that changes place, the numbers stay where they are. */
static bool moves_nothing(const fd_tensor *in, const int64_t *permutation)
{
    int64_t last = -1;
    for (int i = 0; i < in->rank; i++) {
        if (in->dim[permutation[i]] == 1)
            continue;
        if (permutation[i] < last)
            return false;
        last = permutation[i];
    }
    return true;
}

fd_error *fd_add_transpose(fd_lower *l, int value, const int64_t *permutation, int *out)
{
    fd_tensor in = l->graph->value[value].shape, shape = {.rank = in.rank};
    for (int i = 0; i < in.rank; i++)
        shape.dim[i] = in.dim[permutation[i]];
    if (moves_nothing(&in, permutation))
        return fd_add_reshape(l, value, &shape, out);
    fd_op_desc desc = fd_desc(l, FD_OP_TRANSPOSE, 1, &shape);
    memcpy(desc.permutation, permutation, (size_t)in.rank * sizeof *permutation);
    return fd_add1(l, &desc, value, out);
}

fd_error *fd_lower_transpose(fd_lower *l)
{
    fd_error *err = NULL;
    const int64_t *stated;
    int64_t permutation[FD_MAX_RANK];
    int n, rank = fd_in(l, 0).shape.rank;
    bool seen[FD_MAX_RANK] = {false};
    FD_TRY(fd_attr_ints(l, "perm", &stated, &n));
    if (n >= 0 && n != rank)
        FD_THROW(FD_FORMAT, "%s: a permutation of %d axes for a tensor with %d dimensions", l->label, n, rank);
    for (int i = 0; i < rank; i++) {
        permutation[i] = n < 0 ? rank - 1 - i : stated[i];
        if (permutation[i] < 0 || permutation[i] >= rank || seen[permutation[i]])
            FD_THROW(FD_FORMAT, "%s: attribute 'perm' is no permutation", l->label);
        seen[permutation[i]] = true;
    }
    if (rank)
        FD_TRY(fd_keep_batch(l, permutation[0] != 0 ? 0 : 1));
    FD_TRY(fd_add_transpose(l, l->input[0], permutation, &l->output[0]));
done:
    return err;
}

/* Joins up to FD_MAX_INPUTS values. */
static fd_error *join(fd_lower *l, const int *values, int n, int axis, int *out)
{
    fd_tensor shape = l->graph->value[values[0]].shape;
    *out = values[0];
    if (n == 1)
        return NULL;
    for (int i = 1; i < n; i++) {
        const fd_tensor *next = &l->graph->value[values[i]].shape;
        for (int k = 0; k < shape.rank; k++)
            if (next->rank != shape.rank || (k != axis && next->dim[k] != shape.dim[k])) {
                char a[FD_SHAPE_TEXT], b[FD_SHAPE_TEXT];
                return FD_FAIL(FD_FORMAT, "%s: %s does not fit %s", l->label, fd_shape_text(next, a), fd_shape_text(&shape, b));
            }
        shape.dim[axis] += next->dim[axis];
    }
    fd_op_desc desc = fd_desc(l, FD_OP_CONCAT, n, &shape);
    desc.axis = axis;
    return fd_graph_add(l->graph, &desc, values, out);
}

/* A constant for every sample (a class token) that the file holds for its own batch of one. */
static fd_error *spread_over_batch(fd_lower *l, int value, int axis, int *out)
{
    fd_value v = l->graph->value[value];
    *out = value;
    if (l->graph->batch == l->graph->file_batch || axis == 0 || !v.data || v.type != FD_F32 || v.shape.dim[0] != 1)
        return NULL;
    v.shape.dim[0] = l->graph->batch;
    fd_op_desc desc = fd_desc(l, FD_OP_EXPAND, 1, &v.shape);
    return fd_add1(l, &desc, value, out);
}

fd_error *fd_lower_concat(fd_lower *l)
{
    fd_error *err = NULL;
    int64_t stated;
    int axis, group[FD_MAX_INPUTS], n = 0;
    FD_TRY(fd_attr_int(l, "axis", 1, &stated));
    for (int i = 0; i < l->inputs; i++)
        if (!fd_has(l, i))
            FD_THROW(FD_FORMAT, "%s: input %d is left out", l->label, i);
    FD_TRY(fd_axis(l, stated, fd_in(l, 0).shape.rank, &axis));
    FD_TRY(fd_keep_batch(l, axis));
    for (int i = 0; i < l->inputs; i++) {
        FD_TRY(spread_over_batch(l, l->input[i], axis, &group[n++]));
        if (n == FD_MAX_INPUTS || i == l->inputs - 1) {   /* more than an operator takes: what is joined so far is the next one's first */
            FD_TRY(join(l, group, n, axis, &group[0]));
            n = 1;
        }
    }
    l->output[0] = group[0];
done:
    return err;
}

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* One axis of Slice: from where and how many, after ONNX's rules for negative and overlong bounds. */
static void cut_axis(int64_t size, int64_t start, int64_t end, int64_t step, int64_t *from, int64_t *count)
{
    *from = clamp(start < 0 ? start + size : start, 0, step > 0 ? size : size - 1);
    end = clamp(end < 0 ? end + size : end, step > 0 ? 0 : -1, size);
    int64_t span = step > 0 ? end - *from : *from - end, width = step > 0 ? step : -step;
    *count = span > 0 ? (span - 1) / width + 1 : 0;
}

static fd_error *add_slice(fd_lower *l, int value, const fd_op_desc *cut, int *out)
{
    const fd_value *v = &l->graph->value[value];
    *out = value;
    bool whole = fd_shape_equal(&v->shape, &cut->output);
    for (int i = 0; i < v->shape.rank; i++) {
        whole = whole && cut->step[i] == 1;
        if (cut->output.dim[i] == 0 && !v->data)
            return FD_FAIL(FD_UNSUPPORTED, "%s leaves nothing of axis %d", l->label, i);
    }
    return whole ? NULL : fd_add1(l, cut, value, out);
}

typedef struct list { const int64_t *at; int64_t n; } list;   /* n -1: absent */

static fd_error *slice_lists(const fd_lower *l, list out[4])
{
    fd_error *err = NULL;
    static const char *const names[] = {"starts", "ends", "axes", NULL};
    for (int i = 0; i < 4; i++)
        FD_TRY(fd_ints_of(l, names[i], i + 1, &out[i].at, &out[i].n));
    int64_t n = out[0].n;
    if (n < 0 || out[1].n != n || (out[2].n >= 0 && out[2].n != n) || (out[3].n >= 0 && out[3].n != n))
        FD_THROW(FD_FORMAT, "%s: starts, ends, axes and steps are not of one length", l->label);
done:
    return err;
}

fd_error *fd_lower_slice(fd_lower *l)
{
    fd_error *err = NULL;
    list lists[4];
    fd_tensor in = fd_in(l, 0).shape;
    fd_op_desc desc = fd_desc(l, FD_OP_SLICE, 1, &in);
    FD_TRY(slice_lists(l, lists));
    for (int i = 0; i < in.rank; i++)
        desc.step[i] = 1;
    for (int64_t i = 0; i < lists[0].n; i++) {
        int axis;
        FD_TRY(fd_axis(l, lists[2].n < 0 ? i : lists[2].at[i], in.rank, &axis));
        int64_t step = lists[3].n < 0 ? 1 : clamp(lists[3].at[i], INT32_MIN, INT32_MAX);
        if (step == 0)
            FD_THROW(FD_FORMAT, "%s: a step of 0", l->label);
        if (in.dim[axis] > 0)
            cut_axis(in.dim[axis], lists[0].at[i], lists[1].at[i], step, &desc.start[axis], &desc.output.dim[axis]);
        desc.step[axis] = step;
        if (step != 1 || desc.output.dim[axis] != in.dim[axis])
            FD_TRY(fd_keep_batch(l, axis));
    }
    FD_TRY(add_slice(l, l->input[0], &desc, &l->output[0]));
done:
    return err;
}

/* Sizes of the parts: stated, or as equal as they can be (the last one smaller). */
static fd_error *part_size(const fd_lower *l, const list *sizes, int64_t whole, int i, int64_t *out)
{
    int64_t each = (whole + l->outputs - 1) / l->outputs, before = each * i;
    *out = sizes->n >= 0 ? (i < sizes->n ? sizes->at[i] : -1) : before + each <= whole ? each : whole - before;
    if (*out < 1 || *out > whole)
        return FD_FAIL(FD_FORMAT, "%s: %lld elements do not divide into its %d outputs", l->label, (long long)whole, l->outputs);
    return NULL;
}

fd_error *fd_lower_split(fd_lower *l)
{
    fd_error *err = NULL;
    fd_tensor in = fd_in(l, 0).shape;
    list sizes;
    int64_t stated, at = 0, size;
    int axis;
    FD_TRY(fd_attr_int(l, "axis", 0, &stated));
    FD_TRY(fd_axis(l, stated, in.rank, &axis));
    FD_TRY(fd_keep_batch(l, axis));
    FD_TRY(fd_ints_of(l, "split", 1, &sizes.at, &sizes.n));
    for (int i = 0; i < l->outputs; i++, at += size) {
        FD_TRY(part_size(l, &sizes, in.dim[axis], i, &size));
        fd_op_desc desc = fd_desc(l, FD_OP_SLICE, 1, &in);
        for (int k = 0; k < in.rank; k++)
            desc.step[k] = 1;
        desc.start[axis] = at;
        desc.output.dim[axis] = size;
        if (at + size > in.dim[axis])
            FD_THROW(FD_FORMAT, "%s: its parts are more than the whole", l->label);
        FD_TRY(add_slice(l, l->input[0], &desc, &l->output[i]));
    }
done:
    return err;
}

/* Constant indices, negative ones resolved, within [0, size). */
static fd_error *indices_of(fd_lower *l, const fd_value *from, int64_t size, int64_t **out, int64_t *n)
{
    fd_error *err = NULL;
    if (!from->data)
        FD_THROW(FD_UNSUPPORTED, "%s: its indices are computed by the network", l->label);
    if (from->type != FD_I64 || !fd_shape_count(&from->shape, n))
        FD_THROW(FD_FORMAT, "%s: its indices are not whole numbers", l->label);
    FD_TRY(fd_heap_alloc(l->graph->heap, out, (size_t)*n, sizeof **out));
    for (int64_t i = 0; i < *n; i++) {
        int64_t index = ((const int64_t *)from->data)[i];
        if (index < -size || index >= size)
            FD_THROW(FD_FORMAT, "%s: index %lld of an axis with %lld elements", l->label, (long long)index, (long long)size);
        (*out)[i] = index < 0 ? index + size : index;
    }
done:
    return err;
}

fd_error *fd_lower_gather(fd_lower *l)
{
    fd_error *err = NULL;
    fd_value x = fd_in(l, 0), from = fd_in(l, 1);
    fd_tensor out = {.rank = x.shape.rank - 1 + from.shape.rank};
    int64_t stated, *indices;
    int axis;
    FD_TRY(fd_attr_int(l, "axis", 0, &stated));
    FD_TRY(fd_axis(l, stated, x.shape.rank, &axis));
    FD_TRY(fd_keep_batch(l, axis));
    if (out.rank > FD_MAX_RANK)
        FD_THROW(FD_UNSUPPORTED, "%s: a result with %d dimensions; %d are supported", l->label, out.rank, FD_MAX_RANK);
    fd_op_desc desc = fd_desc(l, FD_OP_GATHER, 1, &x.shape);
    FD_TRY(indices_of(l, &from, x.shape.dim[axis], &indices, &desc.n_indices));
    desc.axis = axis;
    desc.indices = indices;
    desc.output.dim[axis] = desc.n_indices;
    for (int i = 0; i < out.rank; i++)
        out.dim[i] = i < axis                     ? x.shape.dim[i]
                     : i < axis + from.shape.rank ? from.shape.dim[i - axis]
                                                  : x.shape.dim[i - from.shape.rank + 1];
    FD_TRY(fd_add1(l, &desc, l->input[0], &l->output[0]));
    FD_TRY(fd_add_reshape(l, l->output[0], &out, &l->output[0]));
done:
    return err;
}

/* Pads per axis of the input: before and after. Axes not named have none. */
static fd_error *read_pads(const fd_lower *l, const fd_tensor *in, fd_op_desc *desc)
{
    fd_error *err = NULL;
    list pads, axes = {NULL, -1};
    FD_TRY(fd_ints_of(l, "pads", 1, &pads.at, &pads.n));
    if (fd_has(l, 3))
        FD_TRY(fd_ints_of(l, NULL, 3, &axes.at, &axes.n));
    int64_t n = axes.n < 0 ? in->rank : axes.n;
    if (pads.n != 2 * n)
        FD_THROW(FD_FORMAT, "%s: %lld paddings for %lld axes", l->label, (long long)pads.n, (long long)n);
    for (int64_t i = 0; i < n; i++) {
        int axis;
        FD_TRY(fd_axis(l, axes.n < 0 ? i : axes.at[i], in->rank, &axis));
        desc->before[axis] = pads.at[i];
        desc->after[axis] = pads.at[n + i];
    }
done:
    return err;
}

fd_error *fd_lower_pad(fd_lower *l)
{
    fd_error *err = NULL;
    static const char *const modes[] = {"constant", "reflect", "edge"};
    fd_tensor in = fd_in(l, 0).shape;
    fd_op_desc desc = fd_desc(l, FD_OP_PAD, 1, &in);
    char mode[32];
    bool found, any = false;
    FD_TRY(fd_attr_text(l, "mode", "constant", mode));
    for (desc.pad_mode = 0; desc.pad_mode < 3 && strcmp(mode, modes[desc.pad_mode]) != 0; desc.pad_mode++)
        ;
    if (desc.pad_mode == 3)
        FD_THROW(FD_UNSUPPORTED, "%s: a mode other than constant, reflect or edge", l->label);
    FD_TRY(read_pads(l, &in, &desc));
    FD_TRY(fd_attr_float(l, "value", 0, &desc.pad_value));
    FD_TRY(fd_float_input(l, 2, &desc.pad_value, &found));
    for (int i = 0; i < in.rank; i++) {
        int64_t b = desc.before[i], a = desc.after[i];
        if (b < -in.dim[i] || a < -in.dim[i] || b > 1 << 20 || a > 1 << 20 || in.dim[i] + b + a < 1)
            FD_THROW(FD_FORMAT, "%s: a padding of %lld and %lld on an axis of %lld", l->label, (long long)b, (long long)a,
                     (long long)in.dim[i]);
        if (desc.pad_mode == 1 && (b >= in.dim[i] || a >= in.dim[i]))
            FD_THROW(FD_FORMAT, "%s: it reflects more than there is", l->label);
        desc.output.dim[i] += b + a;
        any = any || a || b;
        if (a || b)
            FD_TRY(fd_keep_batch(l, i));
    }
    l->output[0] = l->input[0];
    if (any)
        FD_TRY(fd_add1(l, &desc, l->input[0], &l->output[0]));
done:
    return err;
}
