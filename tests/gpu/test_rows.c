/* Kernels on rows and lists: norms, candidates, suppression; against the reference engine, bit for bit. */
#include "device.h"

#include <math.h>

#include "engine/ref/image.h"
#include "kernels/candidates.h"
#include "kernels/l2norm.h"

static fd_engine engine;
static fd_lane lane = {&engine};

static void test_l2norm(void **state)
{
    enum { ROWS = 37, DIM = 77 };
    (void)state;
    static float wanted[ROWS][DIM], got[ROWS][DIM];
    uint32_t seed = 1;
    draw_floats(&wanted[0][0], ROWS * DIM, &seed);
    wanted[5][3] = NAN;
    memset(wanted[9], 0, sizeof wanted[9]);
    float *rows = on_device(wanted, sizeof wanted);
    assert_ok(fd_ref_image.l2_rows(&lane, &wanted[0][0], ROWS, DIM));
    assert_cuda(fd_l2norm(rows, ROWS, DIM, stream));
    assert_cuda(fd_l2norm(rows, 0, DIM, stream));
    from_device(got, rows, sizeof got);
    assert_memory_equal(got, wanted, sizeof wanted);
}

/* Regions without rows lie before, between and behind the others. */
static void test_candidates(void **state)
{
    enum { W = 77, H = 19, REGIONS = 5, ROOM = 1000 };
    (void)state;
    static const int height[REGIONS] = {0, H, 0, 7, 0}, width[REGIONS] = {9, W, 5, 40, 3};
    static float prob[H * W + REGIONS], box[4 * H * W + REGIONS];
    uint32_t seed = 1;
    draw_floats(prob, H * W + REGIONS, &seed);
    draw_floats(box, 4 * H * W + REGIONS, &seed);
    const float *device_prob = on_device(prob, sizeof prob), *device_box = on_device(box, sizeof box);
    fd_region region[REGIONS];
    fd_cells cells[REGIONS];
    int64_t lines = 0, wanted, got;
    for (int k = 0; k < REGIONS; k++) {
        region[k] = (fd_region){k, 2 * k, 3 * k, height[k], width[k], prob + k, box + k, W, W * H};
        cells[k] = (fd_cells){k, 2 * k, 3 * k, height[k], width[k], device_prob + k, device_box + k, W, W * H, lines};
        lines += height[k];
    }
    fd_cells *job = on_device(cells, sizeof cells);
    for (int64_t capacity = 50; capacity <= ROOM; capacity += ROOM - 50) {
        static fd_candidate expected[ROOM];
        static fd_hit hit[ROOM];
        const fd_hits out = {on_device(NULL, (size_t)capacity * sizeof *hit), capacity, on_device(NULL, sizeof got), on_device(NULL, (size_t)lines * 8)};
        assert_ok(fd_ref_image.candidates(&lane, region, REGIONS, 0.8f, expected, capacity, &wanted));
        assert_cuda(fd_candidates(job, REGIONS, lines, 0.8f, out, stream));
        from_device(&got, out.found, sizeof got);
        assert_int_equal(got, wanted);
        assert_true(wanted > 50 && wanted < ROOM);
        assert_int_equal(sizeof *expected, sizeof *hit);
        const size_t stored = (size_t)(wanted < capacity ? wanted : capacity) * sizeof *hit;
        from_device(hit, out.hit, stored);
        assert_memory_equal(hit, expected, stored);
    }
    int64_t *found = on_device(NULL, sizeof got);
    assert_cuda(fd_candidates(job, 0, 0, 0.9f, (fd_hits){NULL, 0, found, NULL}, stream));
    from_device(&got, found, sizeof got);
    assert_int_equal(got, 0);
}

DEVICE_TESTS(device_test(test_l2norm), device_test(test_candidates))
