#include "face/stage.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Numbers per sample; -1 where the first axis is not the batch (a batch of one needs no axis). */
static int64_t per_sample(const fd_tensor *t, int64_t batch)
{
    if (batch != 1 && (t->rank < 1 || t->dim[0] != batch))
        return -1;
    return fd_tensor_count(t) / batch;
}

static fd_error *list_outputs(const fd_net *net, fd_string *s)
{
    fd_error *err = NULL;
    for (int i = 0; i < fd_net_outputs(net); i++) {
        const fd_tensor *t = fd_net_output(net, i);
        char shown[FD_ESCAPED];
        FD_TRY(fd_string_add(s, "%s%s[", i ? ", " : "", fd_escape(shown, sizeof shown, fd_net_output_name(net, i))));
        for (int k = 0; k < t->rank; k++)
            FD_TRY(fd_string_add(s, "%s%lld", k ? "x" : "", (long long)t->dim[k]));
        FD_TRY(fd_string_add(s, "]"));
    }
done:
    return err;
}

static int find_output(const fd_stage *stage, const char *name, int64_t values)
{
    for (int i = 0; i < fd_net_outputs(stage->net); i++)
        if ((!name || !strcmp(name, fd_net_output_name(stage->net, i))) && per_sample(fd_net_output(stage->net, i), stage->batch) == values)
            return i;
    return -1;
}

static fd_error *find_outputs(fd_stage *stage, const fd_stage_wish *wish)
{
    fd_error *err = NULL;
    fd_string have = {0};
    stage->outputs = wish->outputs;
    for (int i = 0; i < wish->outputs; i++) {
        stage->values[i] = wish->values[i];
        stage->output[i] = find_output(stage, wish->output[i], wish->values[i]);
        if (stage->output[i] >= 0)
            continue;
        FD_TRY(list_outputs(stage->net, &have));
        if (wish->output[i])
            FD_THROW(FD_FORMAT, "as %s it needs an output \"%s\" of %lld x %lld numbers; it has %s", wish->role, wish->output[i],
                     (long long)stage->batch, (long long)wish->values[i], have.text);
        FD_THROW(FD_FORMAT, "as %s it needs an output of %lld x %lld numbers ([embedder] dim = %lld); it has %s", wish->role,
                 (long long)stage->batch, (long long)wish->values[i], (long long)wish->values[i], have.text);
    }
    if (fd_net_outputs(stage->net) > FD_NET_OUTPUTS)
        FD_THROW(FD_UNSUPPORTED, "it has %d outputs; at most %d are supported", fd_net_outputs(stage->net), FD_NET_OUTPUTS);
done:
    free(have.text);
    return err;
}

static fd_error *check_input(const fd_stage *stage, const fd_stage_wish *w)
{
    const fd_tensor *t = fd_net_input(stage->net);
    if (t->rank == 4 && t->dim[0] == stage->batch && t->dim[1] == 3 && t->dim[2] == w->height && t->dim[3] == w->width)
        return NULL;
    return FD_FAIL(FD_FORMAT, "as %s it needs an input of %lldx3x%lldx%lld; it has %d axes: %lldx%lldx%lldx%lld", w->role,
                   (long long)stage->batch, (long long)w->height, (long long)w->width, t->rank, (long long)t->dim[0], (long long)t->dim[1],
                   (long long)t->dim[2], (long long)t->dim[3]);
}

/* On the batch that is wished for; a file that fixes another one and cannot do without runs in batches of its own. */
static fd_error *open_net(fd_engine *e, const fd_stage_wish *wish, const char *name, fd_stage *stage)
{
    fd_net_config config = {.batch = wish->batch, .channels = 3, .height = wish->height, .width = wish->width, .any_size = wish->any_size, .name = name};
    fd_error *err = fd_net_open(e, wish->file->bytes, wish->file->n, &config, &stage->net);
    if (fd_error_code(err) == FD_UNSUPPORTED) {
        fd_error_free(err);
        config.batch = 0;
        err = fd_net_open(e, wish->file->bytes, wish->file->n, &config, &stage->net);
    }
    if (!err)
        stage->batch = fd_net_input(stage->net)->dim[0];
    return err;
}

fd_error *fd_stage_open(fd_engine *e, const fd_pack *pack, const fd_stage_wish *wish, fd_stage *out)
{
    fd_error *err = NULL;
    fd_stage stage = {.sample = 3 * wish->height * wish->width};
    char shown[FD_ESCAPED];
    fd_escape(shown, sizeof shown, wish->file->name);
    FD_TRY(open_net(e, wish, shown, &stage));
    if (!fd_net_any_size(stage.net)) {
        FD_TRY(check_input(&stage, wish));
        FD_TRY(find_outputs(&stage, wish));
    }
    *out = stage;
    return NULL;
done:
    fd_net_close(stage.net);
    return fd_error_prefix(err, "model pack %s, %s", fd_escape((char[FD_ESCAPED]){0}, FD_ESCAPED, pack->name), shown);
}

void fd_stage_close(fd_stage *stage)
{
    fd_net_close(stage->net);
    stage->net = NULL;
}

fd_error *fd_buffer_room(fd_buffer *b, fd_engine *engine, size_t bytes)
{
    if (bytes <= b->bytes)
        return NULL;
    fd_buffer_free(b);
    fd_error *err = engine->kind->alloc(engine, bytes, &b->p);
    if (!err) {
        b->engine = engine;
        b->bytes = bytes;
    }
    return err;
}

void fd_buffer_free(fd_buffer *b)
{
    if (b->p)
        b->engine->kind->release(b->engine, b->p);
    *b = (fd_buffer){0};
}

fd_error *fd_batch_room(fd_batch *b, const fd_stage *stage, fd_engine *engine)
{
    fd_error *err = NULL;
    FD_TRY(fd_buffer_room(&b->input, engine, (size_t)(stage->batch * stage->sample) * sizeof(float)));
    for (int i = 0; i < fd_net_outputs(stage->net); i++) {
        FD_TRY(fd_buffer_room(&b->output[i], engine, fd_net_output(stage->net, i)->bytes));
        b->at[i] = b->output[i].p;
    }
done:
    return err;
}

void fd_batch_free(fd_batch *b)
{
    fd_buffer_free(&b->input);
    for (int i = 0; i < FD_NET_OUTPUTS; i++)
        fd_buffer_free(&b->output[i]);
}

/* Zeros for the samples that nobody asked for: old ones would do, but must not be able to hold a NaN that slows the batch down. */
static fd_error *blank(const fd_stage *stage, fd_lane *lane, fd_batch *b, int64_t n)
{
    fd_error *err = NULL;
    const size_t bytes = (size_t)((stage->batch - n) * stage->sample) * sizeof(float);
    void *zeros = NULL;
    FD_TRY(fd_alloc(&zeros, bytes, 1));
    FD_TRY(lane->engine->kind->upload(lane, (float *)b->input.p + n * stage->sample, zeros, bytes));
    FD_TRY(lane->engine->kind->lane_sync(lane));
done:
    free(zeros);
    return err;
}

fd_error *fd_stage_run(const fd_stage *stage, fd_lane *lane, fd_batch *b, int64_t n, float *const *host)
{
    fd_error *err = NULL;
    if (n < stage->batch)
        FD_TRY(blank(stage, lane, b, n));
    FD_TRY(fd_net_run(stage->net, lane, b->input.p, b->at));
    for (int i = 0; host && i < stage->outputs; i++)
        FD_TRY(lane->engine->kind->download(lane, host[i], b->at[stage->output[i]], (size_t)(n * stage->values[i]) * sizeof(float)));
done:
    return err;
}
