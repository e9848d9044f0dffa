/* Device time by purpose: what a lane was given is counted once, for the inner purpose, however many spans wait to be read. */
#include "check.h"

#include <math.h>

#include "engine/image.h"
#include "engines.h"

enum { ROWS = 64, DIM = 512, ROUNDS = 150 };   /* of two spans each: more than a lane keeps */

static void normalise(fd_lane *lane, float *rows)
{
    assert_ok(lane->engine->kind->image->l2_rows(lane, rows, ROWS, DIM));
}

/* Nothing is waited for in between. */
static void many_spans(fd_lane *lane, float *rows)
{
    for (int i = 0; i < ROUNDS; i++) {
        fd_lane_begin(lane, FD_PURPOSE_DETECT, NULL);
        normalise(lane, rows);
        fd_lane_end(lane);
        fd_lane_begin(lane, FD_PURPOSE_EMBED, "a batch");
        normalise(lane, rows);
        fd_lane_end(lane);
    }
    assert_ok(lane->engine->kind->lane_sync(lane));
}

static void nested(fd_lane *lane, float *rows, const void *host, size_t bytes)
{
    fd_lane_begin(lane, FD_PURPOSE_OTHER, "around all");
    fd_lane_begin(lane, FD_PURPOSE_DISTANCES, NULL);
    normalise(lane, rows);
    assert_ok(lane->engine->kind->upload(lane, rows, host, bytes));   /* large enough to be work of its own */
    normalise(lane, rows);
    fd_lane_end(lane);
    fd_lane_end(lane);
    assert_ok(lane->engine->kind->lane_sync(lane));
}

static void check_times(fd_engine *e, const fd_device_seconds *before)
{
    fd_device_seconds now;
    double sum = 0;
    e->kind->seconds(e, &now);
    for (int k = 0; k < FD_PURPOSES; k++) {
        assert_true(now.of[k] >= before->of[k]);
        sum += now.of[k] - before->of[k];
    }
    assert_true(now.of[FD_PURPOSE_DETECT] > before->of[FD_PURPOSE_DETECT] && now.of[FD_PURPOSE_UPLOAD] > before->of[FD_PURPOSE_UPLOAD] &&
                now.of[FD_PURPOSE_DISTANCES] > before->of[FD_PURPOSE_DISTANCES]);
    const double busy = now.busy - before->busy;   /* one lane, so spans lie behind each other: differences of floats of milliseconds apart */
    assert_true(busy > 0 && fabs(busy - sum) <= 1e-6 * sum + 1e-6 * ROUNDS);
}

static void purposes_are_counted(void **state)
{
    (void)state;
    const char *name;
    static unsigned char host[1 << 20];
    for (int i = 0; (name = engine_at(i)); i++) {
        fd_engine *e;
        fd_lane *lane;
        void *rows;
        fd_device_seconds before = {.busy = 0};
        assert_ok(fd_engine_open(name, &(fd_engine_config){.isa = "auto"}, &e));
        assert_true(!e->kind->seconds == !e->kind->lane_begin && !e->kind->seconds == !e->kind->lane_end);
        assert_ok(fd_lane_open(e, &lane));
        assert_ok(e->kind->alloc(e, sizeof host, &rows));
        if (e->kind->seconds)
            e->kind->seconds(e, &before);
        many_spans(lane, rows);
        nested(lane, rows, host, sizeof host);
        if (e->kind->seconds)
            check_times(e, &before);
        e->kind->release(e, rows);
        fd_lane_close(lane);
        fd_engine_close(e);
    }
}

/* An address names a place, or says that there is none. */
static void addresses_are_of_pci(void **state)
{
    (void)state;
    const char *name;
    for (int i = 0; (name = engine_at(i)); i++) {
        fd_engine *e;
        unsigned part[4];
        char rest;
        assert_ok(fd_engine_open(name, &(fd_engine_config){.isa = "auto"}, &e));
        if (e->kind->address && *e->kind->address(e))
            assert_int_equal(sscanf(e->kind->address(e), "%4x:%2x:%2x.%1u%c", &part[0], &part[1], &part[2], &part[3], &rest), 4);
        fd_engine_close(e);
    }
}

int main(void)
{
    use_emulator();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(purposes_are_counted),
        cmocka_unit_test(addresses_are_of_pci),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
