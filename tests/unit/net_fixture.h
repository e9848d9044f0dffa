/* Runs a network written by onnx_writer.h on an engine. */
#ifndef TESTS_NET_FIXTURE_H
#define TESTS_NET_FIXTURE_H

#include "base/memory.h"
#include "check.h"
#include "engines.h"
#include "net/net.h"
#include "onnx_writer.h"

#define DIMS(...) (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__}
#define FLOATS(...) (const float[]){__VA_ARGS__}

typedef struct rig { fd_engine *engine; fd_lane *lane; fd_net *net; } rig;

static inline fd_engine *open_engine(const char *device)
{
    fd_engine *e = NULL;
    assert_ok(fd_engine_open(device, &(fd_engine_config){.isa = "auto"}, &e));
    return e;
}

/* Finishes the model and opens it. */
static inline rig rig_open(onnx_model *m, const char *device, fd_net_config config)
{
    rig r = {.engine = open_engine(device)};
    onnx_bytes file = onnx_finish(m);
    config.name = "test.onnx";
    assert_ok(fd_lane_open(r.engine, &r.lane));
    assert_ok(fd_net_open(r.engine, file.at, file.n, &config, &r.net));
    free(file.at);
    return r;
}

static inline void rig_close(rig *r)
{
    fd_net_close(r->net);
    fd_lane_close(r->lane);
    fd_engine_close(r->engine);
}

/* Runs one batch; returns output `which` (malloc'ed). */
static inline float *rig_run(const rig *r, const float *input, int which)
{
    void *in, *out[16];
    const fd_engine_kind *kind = r->engine->kind;
    size_t bytes = (size_t)fd_tensor_count(fd_net_input(r->net)) * sizeof(float);
    assert_ok(kind->alloc(r->engine, bytes, &in));
    assert_ok(kind->upload(r->lane, in, input, bytes));
    for (int i = 0; i < fd_net_outputs(r->net); i++)
        assert_ok(kind->alloc(r->engine, (size_t)fd_tensor_count(fd_net_output(r->net, i)) * sizeof(float), &out[i]));
    assert_ok(fd_net_run(r->net, r->lane, in, (float *const *)out));
    bytes = (size_t)fd_tensor_count(fd_net_output(r->net, which)) * sizeof(float);
    float *result = malloc(bytes);
    assert_ok(kind->download(r->lane, result, out[which], bytes));
    assert_ok(kind->lane_sync(r->lane));
    for (int i = 0; i < fd_net_outputs(r->net); i++)
        kind->release(r->engine, out[i]);
    kind->release(r->engine, in);
    return result;
}

static inline void assert_shape(const fd_tensor *t, int rank, const int64_t *dim)
{
    assert_int_equal(t->rank, rank);
    for (int i = 0; i < rank; i++)
        assert_int_equal(t->dim[i], dim[i]);
}

/* The network gives exactly these numbers in this shape, on every engine that is built. */
static inline void assert_gives(onnx_model *m, const float *input, int rank, const int64_t *dim, const float *wanted)
{
    onnx_bytes file = onnx_finish(m);
    for (int i = 0; engine_at(i); i++) {
        rig r = {.engine = open_engine(engine_at(i))};
        assert_ok(fd_lane_open(r.engine, &r.lane));
        assert_ok(fd_net_open(r.engine, file.at, file.n, &(fd_net_config){.name = "test.onnx"}, &r.net));
        assert_shape(fd_net_output(r.net, 0), rank, dim);
        float *got = rig_run(&r, input, 0);
        for (int64_t k = 0; k < fd_tensor_count(fd_net_output(r.net, 0)); k++)
            if (got[k] != wanted[k])
                fail_msg("%s: element %lld is %g, not %g", engine_at(i), (long long)k, (double)got[k], (double)wanted[k]);
        free(got);
        rig_close(&r);
    }
    free(file.at);
}

/* Opening fails with this code and these words. */
static inline void assert_refused(onnx_model *m, fd_code code, const char *words)
{
    fd_engine *e = open_engine("ref");
    fd_net *net = NULL;
    onnx_bytes file = onnx_finish(m);
    assert_fails(fd_net_open(e, file.at, file.n, &(fd_net_config){.name = "test.onnx"}, &net), code, words);
    assert_null(net);
    free(file.at);
    fd_engine_close(e);
}

#endif
