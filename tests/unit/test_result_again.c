/* A result in work whose layout an interrupted run left in ruins gets a new one, around what was written. */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/result.h"

enum { N = 300, SIDE = 64, DIM = 3 };

static const fd_attribute about[] = {{"meaning", "a test"}};
static float rows[N][DIM];
static const int64_t names[N] = {1, 2, 3};

static int columns_of(fd_column *out)
{
    static const fd_column columns[] = {
        {.path = "/rows/name", .type = FD_COL_I64, .rank = 1, .dim = {N}, .data = names, .attributes = about, .n_attributes = 1},
        {.path = "/rows/value", .type = FD_COL_F32, .rank = 2, .dim = {N, DIM}, .scale = "/rows/name"},
        {.path = "/distances/full", .type = FD_COL_F32, .rank = 2, .dim = {N, N}, .chunk = {SIDE, SIDE}, .scale = "/rows/name", .scaled_axes = 2},
        {.path = "/distances/index", .type = FD_COL_I64, .rank = 2, .dim = {N, 40}},   /* larger than a page boundary needs */
        {.path = "/distances/empty", .type = FD_COL_I64, .rank = 2, .dim = {0, 40}},
    };
    memcpy(out, columns, sizeof columns);
    return (int)(sizeof columns / sizeof *columns);
}

/* Chunk rows from..to-1 of the matrix, and as many rows of the rest. */
static void write_part(const char *path, int64_t from, int64_t to)
{
    fd_result_writer *w = NULL;
    float tile[SIDE * SIDE];
    int64_t index[SIDE][40];
    assert_ok(fd_result_writer_open(path, &w));
    for (int64_t y = from * SIDE; y < to * SIDE && y < N; y += SIDE) {
        const int64_t height = N - y < SIDE ? N - y : SIDE;
        for (int64_t x = 0; x < N; x += SIDE) {
            const int64_t width = N - x < SIDE ? N - x : SIDE;
            for (int64_t k = 0; k < SIDE * SIDE; k++)
                tile[k] = (float)((y + k / SIDE) * N + x + k % SIDE);
            assert_ok(fd_result_write_chunk(w, "/distances/full", y, x, tile, height, width, SIDE));
        }
        for (int64_t i = 0; i < height; i++)
            for (int64_t k = 0; k < 40; k++)
                index[i][k] = (y + i) * 40 + k;
        assert_ok(fd_result_write_rows(w, "/distances/index", y, height, index));
        assert_ok(fd_result_write_rows(w, "/rows/value", y, height, rows[y]));
    }
    assert_ok(fd_result_writer_sync(w));
    assert_ok(fd_result_writer_close(w));
}

/* What a kill in the middle of fd_result_add or fd_result_commit may leave: headers half written, and more behind the end. */
static void ruin(const char *path)
{
    char garbage[3000];
    memset(garbage, 0x5a, sizeof garbage);
    int fd = open(path, O_WRONLY);
    struct stat st;
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    assert_int_equal(pwrite(fd, garbage, 2000, 0), 2000);
    assert_int_equal(pwrite(fd, garbage, sizeof garbage, st.st_size), sizeof garbage);
    close(fd);
}

static void compare(const char *a, const char *b)
{
    uint8_t *x = NULL, *y = NULL;
    size_t n = 0, m = 0;
    assert_ok(fd_file_read(a, 1 << 24, &x, &n));
    assert_ok(fd_file_read(b, 1 << 24, &y, &m));
    assert_true(n == m && memcmp(x, y, n) == 0);
    free(x);
    free(y);
}

static void test_a_ruined_file_is_gone_on_with(void **state)
{
    (void)state;
    fd_column columns[8];
    const int n = columns_of(columns);
    for (int i = 0; i < N * DIM; i++)
        rows[i / DIM][i % DIM] = (float)i / 7;
    assert_ok(fd_result_create("whole.tmp", columns, n));
    write_part("whole.tmp", 0, 5);
    assert_ok(fd_result_create("again.tmp", columns, n));
    write_part("again.tmp", 0, 2);
    ruin("again.tmp");
    assert_ok(fd_result_recreate("again.tmp", columns, n));
    write_part("again.tmp", 2, 4);
    assert_ok(fd_result_add("again.tmp", &(fd_column){.path = "/more", .type = FD_COL_I64, .rank = 1, .dim = {N}, .data = names}, 1));
    ruin("again.tmp");
    assert_ok(fd_result_recreate("again.tmp", columns, n));
    write_part("again.tmp", 4, 5);
    assert_ok(fd_result_commit("whole.tmp", "whole.h5", about, 1, NULL, 0));
    assert_ok(fd_result_commit("again.tmp", "again.h5", about, 1, NULL, 0));
    compare("whole.h5", "again.h5");
    assert_int_equal(access("again.tmp.layout", F_OK), -1);
    unlink("whole.h5");
    unlink("again.h5");
}

static void test_a_file_that_is_too_short_is_none(void **state)
{
    (void)state;
    fd_column columns[8];
    const int n = columns_of(columns);
    assert_ok(fd_result_create("short.tmp", columns, n));
    assert_int_equal(truncate("short.tmp", 5000), 0);
    assert_fails(fd_result_recreate("short.tmp", columns, n), FD_FORMAT, "interrupted run");
    assert_int_equal(access("short.tmp.layout", F_OK), -1);
    unlink("short.tmp");
}

int main(void)
{
    char folder[] = "/tmp/test-again-XXXXXX";
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_ruined_file_is_gone_on_with), cmocka_unit_test(test_a_file_that_is_too_short_is_none)};
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return chdir("/") != 0 || rmdir(folder) != 0 ? 1 : failed;
}
