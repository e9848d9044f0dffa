#include "engine/cpu/primitive.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/ref/ref.h"

static fd_error *failed(dnnl_status_t status, const char *what)
{
    fd_code code = status == dnnl_out_of_memory ? FD_NOMEM : status == dnnl_unimplemented ? FD_UNSUPPORTED : FD_DEVICE;
    static const char *const reasons[] = {"success", "out of memory", "invalid arguments", "unimplemented", "iterator ends", "runtime error",
                                          "not required"};
    const char *reason = (unsigned)status < sizeof reasons / sizeof *reasons ? reasons[status] : "unknown status";
    return FD_FAIL(code, "oneDNN: %s: %s", what, reason);
}

#define TRY_DNNL(call)                                  \
    do {                                                \
        dnnl_status_t status_ = (call);                 \
        if (status_ != dnnl_success) {                  \
            err = failed(status_, #call);               \
            goto done;                                  \
        }                                               \
    } while (0)

int64_t fd_padded_channels(const fd_engine *e, const fd_tensor *t)
{
    int64_t c = fd_image_shape_of(t).c, block = fd_cpu(e)->block;
    return t->layout == FD_BLOCKED ? (c + block - 1) / block * block : c;
}

int64_t fd_sample_floats(const fd_engine *e, const fd_tensor *t)
{
    fd_image_shape s = fd_image_shape_of(t);
    return fd_padded_channels(e, t) * s.h * s.w;
}

dnnl_memory_desc_t fd_plain_desc(int rank, const int64_t *dim)
{
    dnnl_memory_desc_t desc = {0};
    dnnl_dims_t strides;
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dim[i];
    }
    dnnl_memory_desc_init_by_strides(&desc, rank, dim, dnnl_f32, strides);
    return desc;
}

static dnnl_memory_desc_t image_desc(const fd_engine *e, const fd_tensor *t, int64_t channels)
{
    fd_image_shape s = fd_image_shape_of(t);
    dnnl_dims_t dim = {1, channels, s.h, s.w};
    if (t->layout == FD_PLAIN)
        return fd_plain_desc(4, dim);
    dnnl_memory_desc_t desc = {0};
    dnnl_memory_desc_init_by_tag(&desc, 4, dim, dnnl_f32, fd_cpu(e)->block == 16 ? dnnl_nChw16c : dnnl_nChw8c);
    return desc;
}

dnnl_memory_desc_t fd_sample_desc(const fd_engine *e, const fd_tensor *t)
{
    return image_desc(e, t, fd_padded_channels(e, t));
}

dnnl_memory_desc_t fd_true_sample_desc(const fd_engine *e, const fd_tensor *t)
{
    return image_desc(e, t, fd_image_shape_of(t).c);
}

/* Makes the primitive of a description and notes what it needs; takes over pd. */
static fd_error *finish_open(dnnl_primitive_desc_t pd, fd_primitive *out)
{
    fd_error *err = NULL;
    const char *name = "";
    TRY_DNNL(dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name));
    out->fast = strstr(name, "ref") == NULL;
    out->space = *dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    out->scratch = dnnl_memory_desc_get_size(&out->space);
    const dnnl_memory_desc_t *weights = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    if (weights)
        out->weights = *weights;
    TRY_DNNL(dnnl_primitive_create(&out->handle, pd));
done:
    dnnl_primitive_desc_destroy(pd);
    return err;
}

/* Attributes that all primitives have: scratch memory from us, since oneDNN's own belongs to the thread that made the primitive. */
static fd_error *open_attributes(const_dnnl_post_ops_t post, dnnl_primitive_attr_t *out)
{
    fd_error *err = NULL;
    *out = NULL;
    TRY_DNNL(dnnl_primitive_attr_create(out));
    TRY_DNNL(dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user));
    if (post)
        TRY_DNNL(dnnl_primitive_attr_set_post_ops(*out, post));
done:
    return err;
}

fd_error *fd_primitive_open(const fd_engine *e, const_dnnl_op_desc_t desc, const_dnnl_post_ops_t post, fd_primitive *out)
{
    fd_error *err = NULL;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t pd = NULL;
    memset(out, 0, sizeof *out);
    fd_cpu_one_thread();
    FD_TRY(open_attributes(post, &attributes));
    TRY_DNNL(dnnl_primitive_desc_create(&pd, desc, attributes, fd_cpu(e)->dnnl, NULL));
    FD_TRY(finish_open(pd, out));
done:
    dnnl_primitive_attr_destroy(attributes);
    return err;
}

fd_error *fd_primitive_open_reorder(const fd_engine *e, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, fd_primitive *out)
{
    fd_error *err = NULL;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_engine_t engine = fd_cpu(e)->dnnl;
    memset(out, 0, sizeof *out);
    fd_cpu_one_thread();
    FD_TRY(open_attributes(NULL, &attributes));
    TRY_DNNL(dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, attributes));
    FD_TRY(finish_open(pd, out));
done:
    dnnl_primitive_attr_destroy(attributes);
    return err;
}

void fd_primitive_close(fd_primitive *p)
{
    if (p->handle)
        dnnl_primitive_destroy(p->handle);
    p->handle = NULL;
}

static void *moved(const void *data, int64_t floats)
{
    union { const void *in; float *out; } pointer = {.in = data};   /* oneDNN has no const memory */
    return pointer.out + floats;
}

fd_error *fd_call_begin(fd_call *call, const fd_primitive *p, fd_lane *lane, const fd_argument *arguments, int n, void *scratch)
{
    fd_error *err = NULL;
    dnnl_engine_t engine = fd_cpu(lane->engine)->dnnl;
    *call = (fd_call){.primitive = p, .arguments = arguments, .stream = ((fd_cpu_lane *)lane)->stream};
    fd_cpu_one_thread();
    for (int i = 0; i < n; i++) {
        call->list[i].arg = arguments[i].which;
        TRY_DNNL(dnnl_memory_create(&call->list[i].memory, arguments[i].desc, engine, moved(arguments[i].data, 0)));
        call->n++;
    }
    call->list[n].arg = DNNL_ARG_SCRATCHPAD;
    TRY_DNNL(dnnl_memory_create(&call->list[n].memory, &p->space, engine, p->scratch ? scratch : DNNL_MEMORY_NONE));
    call->n++;
done:
    return err;
}

fd_error *fd_call_sample(fd_call *call, int64_t sample)
{
    fd_error *err = NULL;
    for (int i = 0; i < call->n - 1; i++) {
        const fd_argument *a = &call->arguments[i];
        if (a->step)
            TRY_DNNL(dnnl_memory_set_data_handle_v2(call->list[i].memory, moved(a->data, sample * a->step), call->stream));
    }
    TRY_DNNL(dnnl_primitive_execute(call->primitive->handle, call->stream, call->n, call->list));
    TRY_DNNL(dnnl_stream_wait(call->stream));
done:
    return err;
}

void fd_call_end(fd_call *call)
{
    while (call->n > 0)
        dnnl_memory_destroy(call->list[--call->n].memory);
}

fd_error *fd_primitive_run(const fd_primitive *p, fd_lane *lane, const fd_argument *arguments, int n, int64_t samples, void *scratch)
{
    fd_error *err = NULL;
    fd_call call;
    FD_TRY(fd_call_begin(&call, p, lane, arguments, n, scratch));
    for (int64_t i = 0; i < samples; i++)
        FD_TRY(fd_call_sample(&call, i));
done:
    fd_call_end(&call);
    return err;
}

fd_error *fd_primitive_reordered(fd_engine *e, const dnnl_memory_desc_t *from_desc, const void *from, const dnnl_memory_desc_t *to_desc, float **to)
{
    fd_error *err = NULL;
    fd_primitive p = {0};
    fd_lane *lane = NULL;
    void *scratch;
    *to = NULL;
    FD_TRY(fd_lane_open(e, &lane));
    FD_TRY(fd_primitive_open_reorder(e, from_desc, to_desc, &p));
    FD_TRY(e->kind->lane_scratch(lane, p.scratch, &scratch));
    FD_TRY(fd_alloc_aligned(to, 1, dnnl_memory_desc_get_size(to_desc)));
    memset(*to, 0, dnnl_memory_desc_get_size(to_desc));
    fd_argument arguments[] = {{DNNL_ARG_FROM, from_desc, from, 0}, {DNNL_ARG_TO, to_desc, *to, 0}};
    FD_TRY(fd_primitive_run(&p, lane, arguments, 2, 1, scratch));
done:
    if (err) {
        free(*to);
        *to = NULL;
    }
    fd_primitive_close(&p);
    fd_lane_close(lane);
    return err;
}
