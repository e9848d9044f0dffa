/* Networks that the project makes: the published numbers of parameters and operations, bytes that no machine changes, values that stay normal. */
#include <math.h>

#include "base/hash.h"
#include "check.h"
#include "net/net.h"
#include "net/zoo.h"

enum { SIZE = 64, CLASSES = 1000 };

/* Logits of one image on one engine. */
static void run(const fd_net *net, fd_engine *engine, float *logits)
{
    fd_lane *lane = NULL;
    void *in = NULL, *out = NULL;
    float image[3 * SIZE * SIZE];
    for (int i = 0; i < 3 * SIZE * SIZE; i++)
        image[i] = (float)(i * 37 % 255) / 127 - 1;
    assert_ok(fd_lane_open(engine, &lane));
    assert_ok(engine->kind->alloc(engine, sizeof image, &in));
    assert_ok(engine->kind->alloc(engine, CLASSES * sizeof(float), &out));
    assert_ok(engine->kind->upload(lane, in, image, sizeof image));
    assert_ok(fd_net_run(net, lane, in, (float *[]){out}));
    assert_ok(engine->kind->download(lane, logits, out, CLASSES * sizeof(float)));
    assert_ok(engine->kind->lane_sync(lane));
    engine->kind->release(engine, in);
    engine->kind->release(engine, out);
    fd_lane_close(lane);
}

/* Outputs of a calibrated network are of the order of 1, neither vanished nor exploded. */
static void stays_normal(const float *logits)
{
    double squares = 0;
    for (int i = 0; i < CLASSES; i++) {
        assert_true(isfinite(logits[i]));
        squares += (double)logits[i] * (double)logits[i];
    }
    assert_true(sqrt(squares / CLASSES) > 0.1 && sqrt(squares / CLASSES) < 30);
}

static void check(const char *name, const char *sha256, double parameters, double norms, double multiply_adds)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    char hash[65];
    fd_engine *engine = NULL;
    fd_net *net = NULL;
    float logits[CLASSES];
    assert_ok(fd_zoo_make(name, &bytes, &n));
    fd_sha256_text(fd_sha256_of(bytes, n), hash);
    assert_string_equal(hash, sha256);
    assert_ok(fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &engine));
    assert_ok(fd_net_open(engine, bytes, n, &(fd_net_config){.name = name, .batch = 1, .height = 224, .width = 224}, &net));
    assert_true(fabs(fd_net_flop(net) / 2 - multiply_adds) < 0.02 * multiply_adds);
    /* Folded into its convolution, a norm's two numbers per channel become one. */
    assert_true((double)fd_net_weight_bytes(net) / 4 == parameters - norms / 2);
    fd_net_close(net);
    assert_ok(fd_net_open(engine, bytes, n, &(fd_net_config){.name = name, .batch = 1, .height = SIZE, .width = SIZE}, &net));
    run(net, engine, logits);
    stays_normal(logits);
    fd_net_close(net);
    fd_engine_close(engine);
    free(bytes);
}

/* Parameters as other libraries count them, those of the norms among them; multiply-adds at 224x224 as in the papers' tables. */
static void resnet18_is_the_published_one(void **state)
{
    (void)state;
    check("resnet18", "d24c2a8d116d227d81398b7a8ffd5063151581f8e6fcb3a1f6b9092b34669c35", 11689512, 9600, 1.82e9);
}

static void mobilenetv2_is_the_published_one(void **state)
{
    (void)state;
    check("mobilenetv2", "e7cc0bd9b125e4b7f564d2476a014c4b9fff48e20cce102c322f1455d4719bee", 3504872, 34112, 0.30e9);
}

static void unknown_names_are_refused(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t n;
    assert_fails(fd_zoo_make("resnet19", &bytes, &n), FD_USAGE, "resnet18");
    assert_null(fd_zoo_name(-1));
    assert_null(fd_zoo_name(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resnet18_is_the_published_one),
        cmocka_unit_test(mobilenetv2_is_the_published_one),
        cmocka_unit_test(unknown_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
