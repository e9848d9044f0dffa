/* Convolutions and poolings. One-dimensional ones run as two-dimensional ones of height 1. */
#include "net/lower.h"

#include <string.h>

enum { MAX_EXTENT = 1 << 20 };   /* of kernels, strides, paddings and dilations */

typedef struct window {
    int axes;                    /* spatial axes in the file: 1 or 2 */
    int64_t kernel[2], stride[2], dilation[2], begin[2], end[2];
    bool ceil;
} window;

/* Reads an attribute with `axes` values per group into the last `axes` places; absent: `fallback`. */
static fd_error *extents(const fd_lower *l, const char *name, int64_t fallback, int axes, int64_t out[2])
{
    fd_error *err = NULL;
    const int64_t *values;
    int n;
    FD_TRY(fd_attr_ints(l, name, &values, &n));
    if (n >= 0 && n != axes)
        FD_THROW(FD_FORMAT, "%s: attribute '%s' has %d values for %d axes", l->label, name, n, axes);
    for (int i = 0; i < axes; i++) {
        out[2 - axes + i] = n < 0 ? fallback : values[i];
        if (out[2 - axes + i] < 1 || out[2 - axes + i] > MAX_EXTENT)
            FD_THROW(FD_FORMAT, "%s: attribute '%s' is out of range", l->label, name);
    }
done:
    return err;
}

static fd_error *explicit_pads(const fd_lower *l, window *w)
{
    fd_error *err = NULL;
    const int64_t *pads;
    int n;
    FD_TRY(fd_attr_ints(l, "pads", &pads, &n));
    if (n >= 0 && n != 2 * w->axes)
        FD_THROW(FD_FORMAT, "%s: attribute 'pads' has %d values for %d axes", l->label, n, w->axes);
    for (int i = 0; i < n; i++) {
        if (pads[i] < 0 || pads[i] > MAX_EXTENT)
            FD_THROW(FD_UNSUPPORTED, "%s: padding of %lld", l->label, (long long)pads[i]);
        (i < w->axes ? w->begin : w->end)[2 - w->axes + i % w->axes] = pads[i];
    }
done:
    return err;
}

/* SAME: as many outputs as strides fit into the input; an odd pixel of padding goes to the end (UPPER) or the beginning (LOWER). */
static void same_pads(window *w, const fd_tensor *in, bool upper)
{
    for (int i = 2 - w->axes; i < 2; i++) {
        int64_t size = in->dim[2 + i], outputs = (size + w->stride[i] - 1) / w->stride[i];
        int64_t total = (outputs - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 - size;
        total = total > 0 ? total : 0;
        w->begin[i] = upper ? total / 2 : total - total / 2;
        w->end[i] = total - w->begin[i];
    }
}

static fd_error *read_window(const fd_lower *l, const fd_tensor *in, int axes, window *w)
{
    fd_error *err = NULL;
    char pad[32];
    *w = (window){.axes = axes, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    FD_TRY(extents(l, "strides", 1, axes, w->stride));
    FD_TRY(extents(l, "dilations", 1, axes, w->dilation));
    FD_TRY(extents(l, "kernel_shape", MAX_EXTENT, axes, w->kernel));
    FD_TRY(fd_attr_text(l, "auto_pad", "NOTSET", pad));
    if (strcmp(pad, "SAME_UPPER") == 0 || strcmp(pad, "SAME_LOWER") == 0)
        same_pads(w, in, pad[5] == 'U');
    else if (strcmp(pad, "NOTSET") == 0 || !*pad)
        FD_TRY(explicit_pads(l, w));
    else if (strcmp(pad, "VALID") != 0)
        FD_THROW(FD_FORMAT, "%s: auto_pad is none of NOTSET, VALID, SAME_UPPER, SAME_LOWER", l->label);
done:
    return err;
}

static fd_error *outputs_along(const fd_lower *l, const window *w, int axis, int64_t size, int64_t *out)
{
    int64_t room = size + w->begin[axis] + w->end[axis] - ((w->kernel[axis] - 1) * w->dilation[axis] + 1);
    if (room < 0)
        return FD_FAIL(FD_FORMAT, "%s: a window larger than its input of %lld", l->label, (long long)size);
    int64_t n = room / w->stride[axis] + 1;
    /* The last window must begin inside the input or its leading padding. */
    if (w->ceil && room % w->stride[axis] && n * w->stride[axis] < size + w->begin[axis])
        n++;
    *out = n;
    return NULL;
}

/* Fills the description's window and the spatial part of its output. */
static fd_error *apply_window(const fd_lower *l, const window *w, const fd_tensor *in, fd_op_desc *desc)
{
    fd_error *err = NULL;
    memcpy(desc->kernel, w->kernel, sizeof w->kernel);
    memcpy(desc->stride, w->stride, sizeof w->stride);
    memcpy(desc->dilation, w->dilation, sizeof w->dilation);
    memcpy(desc->pad_begin, w->begin, sizeof w->begin);
    memcpy(desc->pad_end, w->end, sizeof w->end);
    for (int i = 0; i < 2; i++)
        FD_TRY(outputs_along(l, w, i, in->dim[2 + i], &desc->output.dim[2 + i]));
done:
    return err;
}

/* The input as [n][c][h][w]; *axes says how many spatial axes it has in the file. */
static fd_error *images(fd_lower *l, int *value, fd_tensor *shape, int *axes)
{
    fd_error *err = NULL;
    *value = l->input[0];
    *shape = fd_in(l, 0).shape;
    *axes = shape->rank - 2;
    if (*axes != 1 && *axes != 2)
        FD_THROW(FD_UNSUPPORTED, "%s: an input with %d dimensions; 3 and 4 are supported", l->label, shape->rank);
    if (*axes == 1) {
        *shape = fd_shape(4, (int64_t[]){shape->dim[0], shape->dim[1], 1, shape->dim[2]});
        FD_TRY(fd_add_reshape(l, *value, shape, value));
    }
done:
    return err;
}

static fd_error *finish(fd_lower *l, const fd_op_desc *desc, int value, int axes)
{
    fd_error *err = NULL;
    FD_TRY(fd_add1(l, desc, value, &l->output[0]));
    if (axes == 1) {
        const int64_t *d = desc->output.dim;
        fd_tensor flat = fd_shape(3, (int64_t[]){d[0], d[1], d[3]});
        FD_TRY(fd_add_reshape(l, l->output[0], &flat, &l->output[0]));
    }
done:
    return err;
}

static fd_error *check_weight(const fd_lower *l, const fd_tensor *in, int axes, const fd_tensor *w, int64_t groups)
{
    int64_t count;
    if (w->rank != axes + 2 || !fd_shape_count(w, &count) || count == 0)
        return FD_FAIL(FD_FORMAT, "%s: a weight with %d dimensions for an input with %d", l->label, w->rank, axes + 2);
    if (groups < 1 || groups > in->dim[1] || in->dim[1] % groups || w->dim[0] % groups || w->dim[1] != in->dim[1] / groups)
        return FD_FAIL(FD_FORMAT, "%s: %lld channels in %lld groups do not fit a weight of %lldx%lld", l->label, (long long)in->dim[1],
                       (long long)groups, (long long)w->dim[0], (long long)w->dim[1]);
    return NULL;
}

static fd_error *conv_window(const fd_lower *l, const fd_tensor *in, int axes, const fd_tensor *weight, window *w)
{
    fd_error *err = NULL;
    const int64_t *stated;
    int n;
    FD_TRY(fd_attr_ints(l, "kernel_shape", &stated, &n));
    for (int i = 0; i < n && i < axes; i++)
        if (stated[i] != weight->dim[2 + i])
            FD_THROW(FD_FORMAT, "%s: attribute 'kernel_shape' is not the weight's", l->label);
    if (weight->dim[axes + 1] > MAX_EXTENT || weight->dim[2] > MAX_EXTENT)
        FD_THROW(FD_UNSUPPORTED, "%s: a kernel of more than %d", l->label, MAX_EXTENT);
    FD_TRY(read_window(l, in, axes, w));
    if (n < 0) {   /* the weight says it; read again for what depends on it (SAME) */
        char pad[32];
        for (int i = 0; i < axes; i++)
            w->kernel[2 - axes + i] = weight->dim[2 + i];
        FD_TRY(fd_attr_text(l, "auto_pad", "NOTSET", pad));
        if (strncmp(pad, "SAME", 4) == 0)
            same_pads(w, in, pad[5] == 'U');
    }
done:
    return err;
}

fd_error *fd_lower_conv(fd_lower *l)
{
    fd_error *err = NULL;
    fd_value weight, bias = {0};
    fd_tensor in;
    window w;
    int value, axes;
    int64_t groups;
    FD_TRY(images(l, &value, &in, &axes));
    FD_TRY(fd_weight(l, 1, "weight", &weight));
    FD_TRY(fd_attr_int(l, "group", 1, &groups));
    FD_TRY(check_weight(l, &in, axes, &weight.shape, groups));
    FD_TRY(conv_window(l, &in, axes, &weight.shape, &w));
    if (fd_has(l, 2)) {
        FD_TRY(fd_weight(l, 2, "bias", &bias));
        if (bias.shape.rank != 1 || bias.shape.dim[0] != weight.shape.dim[0])
            FD_THROW(FD_FORMAT, "%s: its bias does not have one number per output channel", l->label);
    }
    fd_tensor out = fd_shape(4, (int64_t[]){in.dim[0], weight.shape.dim[0], 0, 0});
    fd_op_desc desc = fd_desc(l, FD_OP_CONV, 1, &out);
    desc.weight = weight.data;
    desc.bias = bias.data;
    desc.groups = groups;
    FD_TRY(apply_window(l, &w, &in, &desc));
    FD_TRY(finish(l, &desc, value, axes));
done:
    return err;
}

static fd_error *lower_pool(fd_lower *l, bool max)
{
    fd_error *err = NULL;
    fd_tensor in;
    window w;
    int value, axes;
    int64_t ceil, include;
    FD_TRY(images(l, &value, &in, &axes));
    FD_TRY(read_window(l, &in, axes, &w));
    FD_TRY(fd_attr_int(l, "ceil_mode", 0, &ceil));
    FD_TRY(fd_attr_int(l, "count_include_pad", 0, &include));
    if (w.kernel[1] == MAX_EXTENT)
        FD_THROW(FD_FORMAT, "%s: it has no kernel_shape", l->label);
    for (int i = 0; i < 2; i++)
        if (w.begin[i] >= (w.kernel[i] - 1) * w.dilation[i] + 1 || w.end[i] >= (w.kernel[i] - 1) * w.dilation[i] + 1)
            FD_THROW(FD_UNSUPPORTED, "%s: its padding is as large as its kernel", l->label);
    w.ceil = ceil != 0;
    fd_op_desc desc = fd_desc(l, FD_OP_POOL, 1, &in);
    desc.pool_max = max;
    desc.count_include_pad = include != 0;
    FD_TRY(apply_window(l, &w, &in, &desc));
    FD_TRY(finish(l, &desc, value, axes));
done:
    return err;
}

fd_error *fd_lower_max_pool(fd_lower *l)
{
    return lower_pool(l, true);
}

fd_error *fd_lower_average_pool(fd_lower *l)
{
    return lower_pool(l, false);
}

static fd_error *lower_global(fd_lower *l, bool max)
{
    fd_error *err = NULL;
    fd_tensor in;
    int value, axes;
    FD_TRY(images(l, &value, &in, &axes));
    fd_tensor out = fd_shape(4, (int64_t[]){in.dim[0], in.dim[1], 1, 1});
    fd_op_desc desc = fd_desc(l, FD_OP_POOL, 1, &out);
    desc.pool_max = max;
    for (int i = 0; i < 2; i++) {
        desc.kernel[i] = in.dim[2 + i];
        desc.stride[i] = desc.dilation[i] = 1;
    }
    FD_TRY(finish(l, &desc, value, axes));
done:
    return err;
}

fd_error *fd_lower_global_average(fd_lower *l)
{
    return lower_global(l, false);
}

fd_error *fd_lower_global_max(fd_lower *l)
{
    return lower_global(l, true);
}
