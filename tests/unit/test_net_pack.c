/* The networks of the project's own model pack: what they become, and one sample at every position of a batch. */
#include "base/file.h"
#include "net_fixture.h"

static fd_net *open_file(fd_engine *e, const char *name, fd_net_config config)
{
    char path[512];
    uint8_t *bytes;
    size_t n;
    fd_net *net = NULL;
    snprintf(path, sizeof path, PROJECT_DATA "/pack/%s.onnx", name);
    config.name = name;
    assert_ok(fd_file_read(path, (size_t)1 << 28, &bytes, &n));
    assert_ok(fd_net_open(e, bytes, n, &config, &net));
    free(bytes);
    return net;
}

static void fill(float *x, int64_t n, uint32_t seed)
{
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        x[i] = (float)(seed >> 8) * 0x1p-23f - 1;
    }
}

/* Sample 0's bytes at every position, among other samples, must be those of sample 0 at position 0. */
static void positions(const char *device, const char *name, int64_t batch)
{
    rig r = {.engine = open_engine(device)};
    assert_ok(fd_lane_open(r.engine, &r.lane));
    r.net = open_file(r.engine, name, (fd_net_config){.batch = batch, .height = 26, .width = 31});
    int64_t each = fd_tensor_count(fd_net_input(r.net)) / batch;
    float *x = malloc((size_t)(each * batch) * sizeof *x);
    for (int out = 0; out < fd_net_outputs(r.net); out++) {
        size_t bytes = (size_t)(fd_tensor_count(fd_net_output(r.net, out)) / batch) * sizeof(float);
        fill(x, each * batch, 1);
        char *first = (char *)rig_run(&r, x, out);
        const int64_t places[] = {1, batch / 2, batch - 1};
        for (int k = 0; k < 3; k++) {
            int64_t at = places[k];
            fill(x, each * batch, (uint32_t)at + 7);
            fill(x + at * each, each, 1);
            char *moved = (char *)rig_run(&r, x, out);
            if (memcmp(first, moved + (size_t)at * bytes, bytes) != 0)
                fail_msg("%s on %s: output %d differs at position %lld", name, device, out, (long long)at);
            free(moved);
        }
        free(first);
    }
    free(x);
    rig_close(&r);
}

static void one_sample_everywhere(void **state)
{
    (void)state;
    for (int i = 0; engine_at(i); i++) {
        const char *device = engine_at(i);
        bool slow = strcmp(device, "ref") == 0;
        positions(device, "pnet", slow ? 3 : 5);
        positions(device, "rnet", slow ? 3 : 37);   /* no multiple of any vector */
        positions(device, "onet", slow ? 3 : 19);
        positions(device, "embedder", 3);
    }
}

/* The exporter's Transpose, Shape, Gather, Concat, Reshape and the activations are gone. */
static void only_layers_are_left(void **state)
{
    (void)state;
    static const char *const wanted[] = {"Conv", "Pool", "Conv", "Pool", "Conv", "Gemm", "Gemm", "Gemm", "Softmax"};
    fd_engine *e = open_engine("ref");
    fd_net *net = open_file(e, "rnet", (fd_net_config){.batch = 2});
    assert_int_equal(fd_net_layers(net), 9);
    for (int i = 0; i < 9; i++)
        assert_string_equal(fd_net_layer_at(net, i).kind, wanted[i]);
    assert_int_equal(fd_net_find_output(net, "prob") + fd_net_find_output(net, "box"), 1);
    assert_int_equal(fd_net_find_output(net, "landmark"), -1);
    fd_net_close(net);
    fd_engine_close(e);
}

static void fused_pnet(void **state)
{
    (void)state;
    fd_engine *e = open_engine("auto");
    fd_lane *lane = NULL;
    assert_ok(fd_lane_open(e, &lane));
    if (!e->kind->op->pnet_prepare) {
        fd_lane_close(lane);
        fd_engine_close(e);
        skip();
    }
    fd_net *whole = open_file(e, "pnet", (fd_net_config){.any_size = true}), *layers = open_file(e, "pnet", (fd_net_config){.height = 25, .width = 20});
    assert_true(fd_net_any_size(whole));
    assert_false(fd_net_any_size(layers));
    rig r = {.engine = e, .lane = lane, .net = layers};
    void *image, *box, *prob;
    enum { CELLS = 8 * 5 };   /* (25 - 1) / 2 - 4 by (20 - 1) / 2 - 4 */
    float x[3 * 25 * 20];
    fill(x, 3 * 25 * 20, 5);
    assert_ok(e->kind->alloc(e, sizeof x, &image));
    assert_ok(e->kind->alloc(e, 4 * CELLS * sizeof(float), &box));
    assert_ok(e->kind->alloc(e, 2 * CELLS * sizeof(float), &prob));
    assert_ok(e->kind->upload(lane, image, x, sizeof x));
    assert_ok(fd_net_run_at(whole, lane, image, 25, 20, box, prob));
    assert_ok(e->kind->lane_sync(lane));
    int out = fd_net_find_output(layers, "prob");
    float *wanted = rig_run(&r, x, out);
    assert_int_equal(fd_tensor_count(fd_net_output(layers, out)), 2 * CELLS);
    for (int i = 0; i < 2 * CELLS; i++)   /* probabilities, of three layers of some hundred products each */
        assert_float_equal(((const float *)prob)[i], wanted[i], 2e-6);
    free(wanted);
    assert_fails(fd_net_run(whole, lane, image, NULL), FD_UNSUPPORTED, "any size");
    assert_fails(fd_net_run_at(layers, lane, image, 25, 20, box, prob), FD_UNSUPPORTED, "one image size");
    e->kind->release(e, image);
    e->kind->release(e, box);
    e->kind->release(e, prob);
    fd_net_close(whole);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_sample_everywhere), cmocka_unit_test(only_layers_are_left), cmocka_unit_test(fused_pnet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
