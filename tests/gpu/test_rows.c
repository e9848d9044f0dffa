/* Kernels on rows and lists: norms, candidates, suppression; against the reference engine, bit for bit. */
#include "device.h"

#include <math.h>

#include "engine/ref/image.h"
#include "face/proposal.h"
#include "kernels/candidates.h"
#include "kernels/l2norm.h"
#include "kernels/nms.h"

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

/* Boxes of a group near each other, scores with many ties; one after the other as the host does it. */
static int64_t suppress_by_host(const fd_box *box, const float *score, const int32_t *group, int64_t n, fd_nms_rule rule, int32_t *kept)
{
    fd_nms_work work = {0};
    int64_t total = 0;
    for (int64_t begin = 0, end; begin < n; begin = end) {
        fd_proposal p[200];
        for (end = begin; end < n && group[end] == group[begin]; end++)
            p[end - begin] = (fd_proposal){.box = box[end], .score = score[end], .picture = (int32_t)end};
        int32_t stand = (int32_t)(end - begin);
        assert_ok(fd_rank(&work, p, stand, rule.later_first ? FD_LATER_FIRST : FD_EARLIER_FIRST));
        assert_ok(fd_suppress(&work, p, &stand, rule.overlap ? FD_OVERLAP_MIN : FD_OVERLAP_UNION, rule.limit));
        for (int32_t k = 0; k < stand; k++)
            kept[total++] = p[k].picture;
    }
    fd_nms_work_free(&work);
    return total;
}

static void test_nms(void **state)
{
    enum { N = 300 };
    (void)state;
    fd_box box[N];
    float score[N];
    int32_t group[N], wanted[N], got[N];
    uint32_t seed = 5;
    for (int i = 0; i < N; i++) {
        const float x = (float)(draw(&seed) % 60), y = (float)(draw(&seed) % 60), side = (float)(draw(&seed) % 40);
        box[i] = (fd_box){x, y, x + side, y + (float)(draw(&seed) % 40)};
        score[i] = (float)(draw(&seed) % 50) / 50;
        group[i] = i < 1 ? -3 : i < 120 ? 2 : i < 121 ? 3 : 7;
    }
    for (int way = 0; way < 4; way++) {
        const fd_nms_rule rule = {way < 2 ? 0.5f : 0.7f, way & 1, way / 2};
        const fd_nms_boxes boxes = {on_device(box, sizeof box), on_device(score, sizeof score), on_device(group, sizeof group), N};
        const fd_nms_kept kept = {on_device(NULL, sizeof got), on_device(NULL, 8)};
        int64_t count;
        assert_cuda(fd_nms(boxes, rule, kept, on_device(NULL, (size_t)fd_nms_scratch(N)), stream));
        from_device(&count, kept.count, sizeof count);
        assert_int_equal(count, suppress_by_host(box, score, group, N, rule, wanted));
        assert_true(count > 4 && count < N);
        from_device(got, kept.index, (size_t)count * sizeof *got);
        assert_memory_equal(got, wanted, (size_t)count * sizeof *got);
    }
    int64_t none, *none_on_device = on_device(NULL, 8);
    assert_cuda(fd_nms((fd_nms_boxes){0}, (fd_nms_rule){0}, (fd_nms_kept){NULL, none_on_device}, NULL, stream));
    from_device(&none, none_on_device, 8);
    assert_int_equal(none, 0);
}

DEVICE_TESTS(device_test(test_l2norm), device_test(test_candidates), device_test(test_nms))
