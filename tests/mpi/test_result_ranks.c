/* All ranks write one result: the bytes are those that rank 0 writes alone. */
#include "check.h"

#include <unistd.h>

#include "base/file.h"
#include "comm/comm.h"
#include "dist/panel.h"
#include "store/result.h"

static fd_comm *comm;

enum { FACES = 1100, DIM = 24 };

static void create(const char *path)
{
    int64_t side = fd_tile_plan_of(FACES).side;
    static int64_t image[FACES];
    const fd_column columns[] = {
        {.path = "/faces/image", .type = FD_COL_I64, .rank = 1, .dim = {FACES}, .data = image},
        {.path = "/faces/embedding", .type = FD_COL_F32, .rank = 2, .dim = {FACES, DIM}, .scale = "/faces/image"},
        {.path = "/distances/full",
         .type = FD_COL_F32,
         .rank = 2,
         .dim = {FACES, FACES},
         .chunk = {side, side},
         .scale = "/faces/image",
         .scaled_axes = 2},
    };
    assert_ok(fd_result_create(path, columns, 3));
}

typedef struct target {
    fd_result_writer *w;
    float row[FACES][DIM];
} target;

static fd_error *rows_of(void *self, int64_t first, int64_t count, const float **rows, const uint8_t **valid)
{
    (void)count;
    *rows = ((target *)self)->row[first];
    *valid = NULL;
    return NULL;
}

static fd_error *take(void *self, int64_t I, int64_t J, const float *values, int64_t rows, int64_t columns, int64_t pitch)
{
    int64_t side = fd_tile_plan_of(FACES).side;
    return fd_result_write_chunk(((target *)self)->w, "/distances/full", I * side, J * side, values, rows, columns, pitch);
}

/* Part p of parts: every p-th row, and its share of the tiles. */
static void write_part(const char *path, int parts, int p)
{
    fd_engine *e = NULL;
    fd_lane *lane = NULL;
    target *t = calloc(1, sizeof *t);
    for (int i = 0; i < FACES; i++)
        for (int k = 0; k < DIM; k++)
            t->row[i][k] = (float)((i * 37 + k * 11) % 101) / 7;
    assert_ok(fd_result_writer_open(path, &t->w));
    for (int i = p; i < FACES; i += parts)
        assert_ok(fd_result_write_rows(t->w, "/faces/embedding", i, 1, t->row[i]));
    assert_ok(fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &e));
    assert_ok(fd_lane_open(e, &lane));
    const fd_tile_plan plan = fd_tile_plan_of(FACES);
    const fd_scale scale = {0};
    const fd_panel_desc desc = {.metric = FD_EUCLIDEAN, .dim = DIM, .plan = plan, .source = {t, rows_of, false}, .scale = &scale, .tiles = true};
    fd_panel panel;
    assert_ok(fd_panel_open(lane, &desc, 0, plan.blocks, &panel));
    fd_deal deal = {.window = {.triangle = true, .rows = plan.blocks, .columns = plan.blocks}};
    int64_t first = 0, count = fd_tile_plan_share(&plan, parts, p, &first);
    atomic_init(&deal.next, first);
    deal.end = first + count;
    const fd_dist_job job = {.metric = FD_EUCLIDEAN, .dim = DIM, .side = {plan.side, plan.side}, .symmetric = true, .a = &panel, .b = &panel, .deal = &deal,
                             .scale = &scale, .sink = {t, take}};
    assert_ok(fd_distances(lane, &job));
    fd_panel_close(&panel);
    fd_lane_close(lane);
    fd_engine_close(e);
    assert_ok(fd_result_writer_close(t->w));
    free(t);
}

static void test_ranks_write_what_one_writes(void **state)
{
    (void)state;
    char folder[64] = "/tmp/test-ranks-XXXXXX", path[2][96], temporary[2][96];
    if (fd_comm_rank(comm) == 0)
        assert_non_null(mkdtemp(folder));
    assert_ok(fd_comm_broadcast(comm, folder, sizeof folder, 0));
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%d.h5", folder, i);
        snprintf(temporary[i], sizeof temporary[i], "%s/%d.h5.tmp", folder, i);
    }
    if (fd_comm_rank(comm) == 0) {
        create(temporary[0]);
        create(temporary[1]);
        write_part(temporary[1], 1, 0);
    }
    assert_ok(fd_comm_barrier(comm));
    write_part(temporary[0], fd_comm_ranks(comm), fd_comm_rank(comm));
    assert_ok(fd_comm_barrier(comm));
    if (fd_comm_rank(comm) == 0) {
        uint8_t *bytes[2];
        size_t n[2];
        for (int i = 0; i < 2; i++) {
            assert_ok(fd_result_commit(temporary[i], path[i], NULL, 0, NULL, 0));
            assert_ok(fd_file_read(path[i], (size_t)1 << 30, &bytes[i], &n[i]));
            assert_int_equal(unlink(path[i]), 0);
        }
        assert_int_equal(n[0], n[1]);
        assert_memory_equal(bytes[0], bytes[1], n[0]);
        free(bytes[0]);
        free(bytes[1]);
        assert_int_equal(rmdir(folder), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ranks_write_what_one_writes)};
    fd_error *err = fd_comm_open(&comm);
    if (err) {
        fprintf(stderr, "%s\n", fd_error_message(err));
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        fd_comm_abort(comm, 1);
    fd_comm_close(comm);
    return 0;
}
