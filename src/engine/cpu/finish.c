#include "engine/cpu/finish.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/primitive.h"
#include "engine/ref/ref.h"

bool fd_finish_takes(fd_activation activation)
{
    return activation != FD_ACT_SIGMOID && activation != FD_ACT_TANH && activation != FD_ACT_SQRT;
}

bool fd_keeps_zero(const fd_op_desc *d)
{
    return d->activation != FD_ACT_SIGMOID && (d->activation != FD_ACT_CLIP || (d->low <= 0 && d->high >= 0));
}

/* *out = `channels` floats from n, then zeros. */
static fd_error *padded(const float *from, int64_t n, int64_t channels, float **out)
{
    fd_error *err = fd_alloc_aligned(out, (size_t)channels, sizeof **out);
    if (err)
        return err;
    memset(*out, 0, (size_t)channels * sizeof **out);
    memcpy(*out, from, (size_t)n * sizeof **out);
    return NULL;
}

static fd_error *open_slope(const fd_op_desc *d, int64_t channels, fd_finish *f)
{
    if (d->activation == FD_ACT_PRELU)
        return padded(d->slopes, d->n_slopes, channels, &f->slope);
    if (d->activation != FD_ACT_LEAKY)
        return NULL;
    fd_error *err = fd_alloc_aligned(&f->slope, (size_t)channels, sizeof(float));
    for (int64_t c = 0; !err && c < channels; c++)
        f->slope[c] = d->slope;
    return err;
}

static fd_error *open_affine(const fd_op_desc *d, int64_t channels, fd_finish *f)
{
    fd_error *err = NULL;
    int64_t n = fd_image_shape_of(&d->output).c;
    FD_TRY(fd_alloc_aligned(&f->scale, (size_t)channels, sizeof(float)));
    FD_TRY(fd_alloc_aligned(&f->shift, (size_t)channels, sizeof(float)));
    for (int64_t c = 0; c < channels; c++) {
        f->scale[c] = c < n && d->scale ? d->scale[c] : 1;
        f->shift[c] = c < n && d->bias ? d->bias[c] : 0;
    }
done:
    return err;
}

fd_error *fd_finish_open(const fd_engine *e, const fd_op_desc *d, fd_finish *out)
{
    fd_error *err = NULL;
    fd_image_shape s = fd_image_shape_of(&d->output);
    bool bends = d->kind == FD_OP_CONV || d->kind == FD_OP_ACTIVATE;
    *out = (fd_finish){.low = -INFINITY, .high = INFINITY, .channels = fd_padded_channels(e, &d->output), .pixels = s.h * s.w};
    if (bends && d->activation == FD_ACT_RELU)
        out->low = 0;
    if (bends && d->activation == FD_ACT_CLIP) {
        out->low = d->low;
        out->high = d->high;
    }
    if (bends)
        FD_TRY(open_slope(d, out->channels, out));
    if (d->kind == FD_OP_SCALE)
        FD_TRY(open_affine(d, out->channels, out));
done:
    if (err)
        fd_finish_close(out);
    return err;
}

void fd_finish_close(fd_finish *f)
{
    free(f->scale);
    free(f->shift);
    free(f->slope);
    f->scale = f->shift = f->slope = NULL;
}

void fd_finish_run(const fd_engine *e, const fd_finish *f, const float *x, const float *residual, float *y)
{
    static fd_finish_kernel *const kernels[FD_ISA_COUNT] = {
        [FD_ISA_SSE41] = fd_finish_base, [FD_ISA_AVX2] = fd_finish_avx2, [FD_ISA_AVX512] = fd_finish_avx512};
    kernels[fd_cpu(e)->isa](f, x, residual, y);
}

void fd_combine_run(const fd_engine *e, fd_binary op, bool full, const fd_finish *shape, const float *a, const float *b, float *y)
{
    static fd_combine_kernel *const kernels[FD_ISA_COUNT] = {
        [FD_ISA_SSE41] = fd_combine_base, [FD_ISA_AVX2] = fd_combine_avx2, [FD_ISA_AVX512] = fd_combine_avx512};
    kernels[fd_cpu(e)->isa](op, full, shape, a, b, y);
}

void fd_zero_padding(const fd_engine *e, const fd_tensor *t, float *data)
{
    fd_image_shape s = fd_image_shape_of(t);
    int64_t block = fd_cpu(e)->block, channels = fd_padded_channels(e, t), pixels = s.h * s.w, used = s.c % block;
    if (channels == s.c)
        return;
    for (int64_t n = 0; n < s.n; n++) {
        float *last = data + ((n + 1) * channels - block) * pixels;
        for (int64_t i = 0; i < pixels; i++)
            memset(last + i * block + used, 0, (size_t)(block - used) * sizeof *last);
    }
}
