/* Attributes of ONNX nodes, and the inputs that took their place in later operator sets. */
#include <stdio.h>
#include <string.h>

#include "net/lower.h"

typedef Onnx__AttributeProto attribute;

static const attribute *find(const fd_lower *l, const char *name)
{
    for (size_t i = 0; i < l->node->n_attribute; i++)
        if (l->node->attribute[i]->name && strcmp(l->node->attribute[i]->name, name) == 0)
            return l->node->attribute[i];
    return NULL;
}

/* The type is optional in old files: what is there then counts. */
static bool is(const attribute *a, Onnx__AttributeProto__AttributeType type, bool present)
{
    return a->has_type && a->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED ? a->type == type : present;
}

static fd_error *wrong(const fd_lower *l, const char *name, const char *wanted)
{
    return FD_FAIL(FD_FORMAT, "%s: attribute '%s' is not %s", l->label, name, wanted);
}

fd_error *fd_attr_int(const fd_lower *l, const char *name, int64_t fallback, int64_t *out)
{
    const attribute *a = find(l, name);
    *out = a ? a->i : fallback;
    return !a || is(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT, a->has_i) ? NULL : wrong(l, name, "a whole number");
}

fd_error *fd_attr_float(const fd_lower *l, const char *name, float fallback, float *out)
{
    const attribute *a = find(l, name);
    *out = a ? a->f : fallback;
    return !a || is(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT, a->has_f) ? NULL : wrong(l, name, "a number");
}

fd_error *fd_attr_text(const fd_lower *l, const char *name, const char *fallback, char out[32])
{
    const attribute *a = find(l, name);
    if (!a)
        snprintf(out, 32, "%s", fallback);
    else
        snprintf(out, 32, "%.*s", a->s.len < 31 ? (int)a->s.len : 31, a->s.data ? (const char *)a->s.data : "");
    return !a || is(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING, a->has_s) ? NULL : wrong(l, name, "a text");
}

fd_error *fd_attr_ints(const fd_lower *l, const char *name, const int64_t **out, int *n)
{
    const attribute *a = find(l, name);
    *out = a ? a->ints : NULL;
    *n = a && a->n_ints < 1 << 20 ? (int)a->n_ints : -1;
    return !a || is(a, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS, true) ? NULL : wrong(l, name, "a list of whole numbers");
}

fd_error *fd_attr_tensor(const fd_lower *l, const char *name, const Onnx__TensorProto **out)
{
    const attribute *a = find(l, name);
    *out = a ? a->t : NULL;
    return !a || a->t ? NULL : wrong(l, name, "a tensor");
}

static fd_error *int_input(const fd_lower *l, int input, const int64_t **out, int64_t *n)
{
    fd_value v = fd_in(l, input);
    if (!v.data)
        return FD_FAIL(FD_UNSUPPORTED, "%s: input %d depends on the network's input; only constants are supported there", l->label, input);
    if (v.type != FD_I64 || v.shape.rank > 1)
        return FD_FAIL(FD_FORMAT, "%s: input %d is not a list of whole numbers", l->label, input);
    *out = v.data;
    *n = v.shape.rank ? v.shape.dim[0] : 1;
    return NULL;
}

fd_error *fd_ints_of(const fd_lower *l, const char *name, int input, const int64_t **out, int64_t *n)
{
    int count = -1;
    if (fd_has(l, input))
        return int_input(l, input, out, n);
    *out = NULL;
    fd_error *err = name ? fd_attr_ints(l, name, out, &count) : NULL;
    *n = count;
    return err;
}

fd_error *fd_float_input(const fd_lower *l, int input, float *out, bool *found)
{
    fd_error *err = NULL;
    fd_value v;
    int64_t count;
    *found = fd_has(l, input);
    if (!*found)
        return NULL;
    FD_TRY(fd_weight(l, input, "bound or value", &v));
    if (!fd_shape_count(&v.shape, &count) || count != 1)
        FD_THROW(FD_FORMAT, "%s: input %d is not a single number", l->label, input);
    memcpy(out, v.data, sizeof *out);
done:
    return err;
}

fd_error *fd_axis(const fd_lower *l, int64_t axis, int rank, int *out)
{
    if (axis < -rank || axis >= rank)
        return FD_FAIL(FD_FORMAT, "%s: axis %lld of a tensor with %d dimensions", l->label, (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return NULL;
}
