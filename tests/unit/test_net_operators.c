/* Every operator and form against ONNX Runtime (tests/models/make.py), and every position of a batch against the first. */
#include <math.h>

#include "base/file.h"
#include "data/npy.h"
#include "net_fixture.h"

typedef struct part { const uint8_t *at; size_t n; } part;
typedef struct test_case { char name[128]; part onnx; fd_npy x, y; } test_case;

static part next_part(const uint8_t **at)
{
    uint32_t n;
    memcpy(&n, *at, sizeof n);
    part p = {*at + sizeof n, n};
    *at += sizeof n + n;
    return p;
}

static void next_case(const uint8_t **at, test_case *c)
{
    part name = next_part(at), x, y;
    snprintf(c->name, sizeof c->name, "%.*s", (int)name.n, (const char *)name.at);
    c->onnx = next_part(at);
    x = next_part(at);
    y = next_part(at);
    assert_ok(fd_npy_parse(x.at, x.n, c->name, &c->x));
    assert_ok(fd_npy_parse(y.at, y.n, c->name, &c->y));
}

/* Sums of at most 1,000 products: float32 in any order of summation stays within 1e-5 of the largest output. */
static const double bound = 1e-5;

static double check_case(const test_case *c, const char *device)
{
    rig r = {.engine = open_engine(device)};
    double worst = 0, largest = 0;
    char where[256];
    assert_ok(fd_lane_open(r.engine, &r.lane));
    fd_error *err = fd_net_open(r.engine, c->onnx.at, c->onnx.n, &(fd_net_config){.name = c->name, .batch = c->x.dim[0]}, &r.net);
    assert_ok(err);
    const fd_tensor *t = fd_net_output(r.net, 0);
    snprintf(where, sizeof where, "%s on %s", c->name, device);
    if (t->rank != c->y.rank)
        fail_msg("%s: %d dimensions, not %d", where, t->rank, c->y.rank);
    assert_shape(t, c->y.rank, c->y.dim);
    float *got = rig_run(&r, c->x.data, 0);
    for (int64_t i = 0; i < fd_tensor_count(t); i++) {
        worst = fmax(worst, fabs((double)got[i] - (double)c->y.data[i]));
        largest = fmax(largest, fabs((double)c->y.data[i]));
    }
    free(got);
    rig_close(&r);
    if (!(worst <= bound * largest))
        fail_msg("%s differs by %g of %g", where, worst, largest);
    return largest > 0 ? worst / largest : 0;
}

static void as_onnx_runtime(const char *device)
{
    uint8_t *bytes;
    size_t n;
    int cases = 0;
    double worst = 0;
    assert_ok(fd_file_read(TEST_DATA "/models/operators.cases", (size_t)1 << 24, &bytes, &n));
    for (const uint8_t *at = bytes; at < bytes + n; cases++) {
        test_case c;
        next_case(&at, &c);
        worst = fmax(worst, check_case(&c, device));
        fd_npy_free(&c.x);
        fd_npy_free(&c.y);
    }
    free(bytes);
    print_message("%s: %d cases, largest relative difference %.1e\n", device, cases, worst);
    assert_true(cases > 200);
}

static void every_engine(void **state)
{
    (void)state;
    for (int i = 0; engine_at(i); i++)
        as_onnx_runtime(engine_at(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_engine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
