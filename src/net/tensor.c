/* Tensors of the file: type, shape and byte count are checked before a number is read. */
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "net/model.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little-endian and used as it lies");

/* Where a type keeps its numbers besides raw_data. */
typedef enum field { FLOATS, INT32S, INT64S, DOUBLES, UINT64S } field;

/* type, size: as in the file */
typedef struct element { int type; const char *name; size_t size; field at; fd_type held; } element;

static const element elements[] = {
    {1, "float32", 4, FLOATS, FD_F32},  {11, "float64", 8, DOUBLES, FD_F32}, {10, "float16", 2, INT32S, FD_F32},
    {16, "bfloat16", 2, INT32S, FD_F32}, {7, "int64", 8, INT64S, FD_I64},    {6, "int32", 4, INT32S, FD_I64},
    {5, "int16", 2, INT32S, FD_I64},    {3, "int8", 1, INT32S, FD_I64},      {13, "uint64", 8, UINT64S, FD_I64},
    {12, "uint32", 4, UINT64S, FD_I64}, {4, "uint16", 2, INT32S, FD_I64},    {2, "uint8", 1, INT32S, FD_I64},
    {9, "bool", 1, INT32S, FD_I64},
};

static const element *element_of(int type)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (elements[i].type == type)
            return &elements[i];
    return NULL;
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE half to float, exact. */
static float half(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff;
    if (exponent == 31)
        return from_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent)
        return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    float tiny = (float)fraction * 0x1p-24f;
    return sign ? -tiny : tiny;
}

/* Element i, as float or as int64: little-endian bytes at p. */
static float float_at(const element *e, const uint8_t *p)
{
    double d;
    uint16_t h;
    uint32_t f;
    switch (e->type) {
    case 10:
        memcpy(&h, p, 2);
        return half(h);
    case 11:
        memcpy(&d, p, 8);
        return (float)d;
    case 16:
        memcpy(&h, p, 2);
        return from_bits((uint32_t)h << 16);
    default:
        memcpy(&f, p, 4);
        return from_bits(f);
    }
}

static int64_t int_at(const element *e, const uint8_t *p)
{
    uint64_t bits = 0;
    memcpy(&bits, p, e->size);
    bool is_signed = e->type == 3 || e->type == 5 || e->type == 6;
    if (is_signed && e->size < 8 && bits >> (8 * e->size - 1))
        bits |= UINT64_MAX << (8 * e->size);
    return (int64_t)bits;
}

typedef struct source { const void *data; size_t count, size; } source;   /* size: of an element as it lies there */

static source typed_data(const Onnx__TensorProto *t, field at)
{
    switch (at) {
    case FLOATS:
        return (source){t->float_data, t->n_float_data, 4};
    case INT32S:
        return (source){t->int32_data, t->n_int32_data, 4};
    case INT64S:
        return (source){t->int64_data, t->n_int64_data, 8};
    case DOUBLES:
        return (source){t->double_data, t->n_double_data, 8};
    default:
        return (source){t->uint64_data, t->n_uint64_data, 8};
    }
}

static fd_error *convert(fd_model *m, const element *e, source from, fd_constant *out)
{
    fd_error *err = NULL;
    float *f = NULL;
    int64_t *i = NULL;
    const uint8_t *p = from.data;
    if (e->held == FD_F32) {
        FD_TRY(fd_heap_alloc(m->heap, &f, from.count, sizeof *f));
        for (size_t k = 0; k < from.count; k++)
            f[k] = float_at(e, p + k * from.size);
        out->data = f;
    } else {
        FD_TRY(fd_heap_alloc(m->heap, &i, from.count, sizeof *i));
        for (size_t k = 0; k < from.count; k++)
            i[k] = int_at(e, p + k * from.size);
        out->data = i;
    }
done:
    return err;
}

static fd_error *shape_of(const Onnx__TensorProto *t, const char *name, fd_tensor *shape, int64_t *count)
{
    *shape = (fd_tensor){.rank = (int)t->n_dims};
    if (t->n_dims > FD_MAX_RANK)
        return FD_FAIL(FD_UNSUPPORTED, "tensor '%s' has %zu dimensions; %d are supported", name, t->n_dims, FD_MAX_RANK);
    for (size_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 0)
            return FD_FAIL(FD_FORMAT, "tensor '%s' has a negative dimension", name);
        shape->dim[i] = t->dims[i];
    }
    if (!fd_shape_count(shape, count))
        return FD_FAIL(FD_FORMAT, "tensor '%s' has a shape of more than 2^31 elements", name);
    return NULL;
}

static fd_error *check_source(const Onnx__TensorProto *t, const char *name, const element *e)
{
    if (t->n_external_data || (t->has_data_location && t->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT))
        return FD_FAIL(FD_UNSUPPORTED, "tensor '%s' keeps its data in another file; save the network with its weights inside", name);
    if (!e)
        return FD_FAIL(FD_UNSUPPORTED, "tensor '%s' has element type %d, which is not supported", name, t->data_type);
    if (t->segment)
        return FD_FAIL(FD_UNSUPPORTED, "tensor '%s' is stored in segments", name);
    return NULL;
}

fd_error *fd_model_tensor(fd_model *m, const Onnx__TensorProto *t, fd_constant *out)
{
    fd_error *err = NULL;
    char name[FD_LABEL];
    int64_t count;
    const element *e = element_of(t->data_type);
    fd_escape(name, sizeof name, t->name ? t->name : "");
    FD_TRY(check_source(t, name, e));
    FD_TRY(shape_of(t, name, &out->shape, &count));
    source from = typed_data(t, e->at);
    if (t->has_raw_data) {
        if (t->raw_data.len % e->size || t->raw_data.len / e->size != (size_t)count)
            FD_THROW(FD_FORMAT, "tensor '%s' holds %zu bytes where its shape needs %lld elements of %s", name, t->raw_data.len,
                     (long long)count, e->name);
        from = (source){t->raw_data.data, (size_t)count, e->size};
    } else if (from.count != (size_t)count) {
        FD_THROW(FD_FORMAT, "tensor '%s' holds %zu elements where its shape needs %lld", name, from.count, (long long)count);
    }
    out->type = e->held;
    out->data = from.data;
    bool as_it_lies = (e->type == 1 || e->type == 7) && from.data && (uintptr_t)from.data % 8 == 0;
    if (!as_it_lies)
        FD_TRY(convert(m, e, from, out));
done:
    return err;
}
