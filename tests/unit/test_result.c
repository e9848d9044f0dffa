/* The result file: what is written is what is read, by any number of writers; damage and full disks are errors with a name. */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#else
static void __lsan_disable(void)
{
}
static void __lsan_enable(void)
{
}
#endif

#include "base/clock.h"
#include "base/file.h"
#include "store/result.h"

typedef struct sandbox {
    char folder[64], temporary[128], final[128];
} sandbox;

static int setup(void **state)
{
    sandbox *s = calloc(1, sizeof *s);
    if (s)
        strcpy(s->folder, "/tmp/test-result-XXXXXX");
    if (!s || !mkdtemp(s->folder))
        return -1;
    snprintf(s->temporary, sizeof s->temporary, "%s/r.h5.tmp", s->folder);
    snprintf(s->final, sizeof s->final, "%s/r.h5", s->folder);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    sandbox *s = *state;
    unlink(s->temporary);
    unlink(s->final);
    int left = rmdir(s->folder);
    free(s);
    return left;
}

static const char *const status_names[] = {"ok", "no_face", "corrupt"};
static const char *const path_text[] = {"a.jpg", "", "caf\xc3\xa9.png", "not utf-8 \xff\xfe\n.jpg"};
static const uint8_t status_data[] = {0, 1, 2, 0};
static const int64_t image_data[] = {0, 0, 3};
static const float score_data[] = {0.5F, -0.0F, 1e-40F};
static const fd_attribute score_attributes[] = {{"unit", "probability"}, {"meaning", "O-Net's"}, {"axes", "face"}};

/* n faces, side: of the chunks of the matrix. */
static int columns_of(fd_column out[8], int64_t n, int64_t side)
{
    fd_column all[] = {
        {.path = "/images/path", .type = FD_COL_TEXT, .rank = 1, .dim = {4}, .data = path_text},
        {.path = "/images/status", .type = FD_COL_U8, .rank = 1, .dim = {4}, .data = status_data, .labels = status_names, .n_labels = 3},
        {.path = "/faces/image", .type = FD_COL_I64, .rank = 1, .dim = {n < 3 ? n : 3}, .data = image_data},
        {.path = "/faces/score",
         .type = FD_COL_F32,
         .rank = 1,
         .dim = {n < 3 ? n : 3},
         .data = score_data,
         .attributes = score_attributes,
         .n_attributes = 3},
        {.path = "/faces/row", .type = FD_COL_I64, .rank = 1, .dim = {n}},
        {.path = "/faces/embedding", .type = FD_COL_F32, .rank = 2, .dim = {n, 5}, .scale = "/faces/row"},
        {.path = "/distances/full",
         .type = FD_COL_F32,
         .rank = 2,
         .dim = {n, n},
         .chunk = {side, side},
         .scale = "/faces/row",
         .scaled_axes = 2},
    };
    memcpy(out, all, sizeof all);
    return (int)(sizeof all / sizeof *all);
}

static float pair(int64_t i, int64_t j)
{
    return (float)(i * 1000 + j);
}

/* Writer p of `writers`: the rows and chunks whose number is p modulo `writers`. */
static void write_part(const sandbox *s, int64_t n, int64_t side, int writers, int p)
{
    fd_result_writer *w = NULL;
    float *tile = malloc((size_t)(side * (side + 3)) * sizeof *tile);
    assert_ok(fd_result_writer_open(s->temporary, &w));
    for (int64_t i = p; i < n; i += writers) {
        float row[5] = {(float)i, 1, 2, 3, 4};
        assert_ok(fd_result_write_rows(w, "/faces/row", i, 1, &i));
        assert_ok(fd_result_write_rows(w, "/faces/embedding", i, 1, row));
    }
    assert_ok(fd_result_write_rows(w, "/faces/embedding", n, 0, NULL));
    int64_t blocks = (n + side - 1) / side;
    for (int64_t b = p; b < blocks * blocks; b += writers) {
        int64_t y = b / blocks * side, x = b % blocks * side, rows = n - y < side ? n - y : side, columns = n - x < side ? n - x : side;
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++)
                tile[i * (side + 3) + j] = pair(y + i, x + j);
        assert_ok(fd_result_write_chunk(w, "/distances/full", y, x, tile, rows, columns, side + 3));
    }
    assert_ok(fd_result_writer_close(w));
    free(tile);
}

static void write_result(const sandbox *s, int64_t n, int64_t side, int writers)
{
    fd_column columns[8];
    int n_columns = columns_of(columns, n, side);
    assert_ok(fd_result_create(s->temporary, columns, n_columns));
    for (int p = 0; p < writers; p++)
        write_part(s, n, side, writers, p);
    const fd_attribute run[] = {{"model", "small"}, {"host", "node7"}};
    double seconds[2] = {1.5, 2.5};
    const fd_column table = {.path = "/run/stages/seconds", .type = FD_COL_F64, .rank = 1, .dim = {2}, .data = seconds};
    assert_ok(fd_result_commit(s->temporary, s->final, run, 2, &table, 1));
    assert_int_not_equal(access(s->temporary, F_OK), 0);
}

static void check_matrix(fd_result *r, int64_t n)
{
    float *full = NULL;
    int64_t rows = 0;
    assert_ok(fd_result_read(r, "/distances/full", FD_COL_F32, 0, -1, (void **)&full, &rows));
    assert_int_equal(rows, n);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            assert_true(full[i * n + j] == pair(i, j));
    free(full);
}

static void test_round_trip(void **state)
{
    sandbox *s = *state;
    fd_result *r = NULL;
    void *data = NULL;
    char *text = NULL;
    int64_t rows = 0, dim[4];
    int rank = 0;
    write_result(s, 300, 128, 3);
    assert_ok(fd_result_open(s->final, &r));
    check_matrix(r, 300);
    assert_ok(fd_result_shape(r, "/faces/embedding", &rank, dim));
    assert_int_equal(rank, 2);
    assert_int_equal(dim[0], 300);
    assert_int_equal(dim[1], 5);
    assert_ok(fd_result_read(r, "/images/path", FD_COL_TEXT, 1, 3, &data, &rows));
    for (int i = 0; i < 3; i++)
        assert_string_equal(((char **)data)[i], path_text[i + 1]);
    free(data);
    assert_ok(fd_result_read(r, "/images/status", FD_COL_I32, 0, -1, &data, &rows)); /* an enum, as wider numbers */
    for (int i = 0; i < 4; i++)
        assert_int_equal(((int32_t *)data)[i], status_data[i]);
    free(data);
    assert_ok(fd_result_read(r, "/faces/score", FD_COL_F64, 0, -1, &data, &rows));
    for (int i = 0; i < 3; i++)
        assert_true(((double *)data)[i] == (double)score_data[i]);
    free(data);
    assert_ok(fd_result_attribute(r, "/faces/score", "unit", &text));
    assert_string_equal(text, "probability");
    free(text);
    assert_ok(fd_result_attribute(r, NULL, "host", &text));
    assert_string_equal(text, "node7");
    free(text);
    assert_ok(fd_result_attribute(r, "/faces/score", "nothing", &text));
    assert_null(text);
    fd_result_close(r);
}

static void test_list_and_has(void **state)
{
    sandbox *s = *state;
    fd_result *r = NULL;
    char **paths = NULL;
    int n = 0;
    static const char *const wanted[] = {"/distances/full", "/faces/embedding", "/faces/image",   "/faces/row",
                                         "/faces/score",    "/images/path",     "/images/status", "/run/stages/seconds"};
    write_result(s, 10, 64, 1);
    assert_ok(fd_result_open(s->final, &r));
    assert_ok(fd_result_list(r, &paths, &n));
    assert_int_equal(n, 8);
    for (int i = 0; i < n; i++) {
        assert_string_equal(paths[i], wanted[i]);
        free(paths[i]);
    }
    free(paths);
    assert_true(fd_result_has(r, "/run"));
    assert_true(fd_result_has(r, "/faces/score"));
    assert_false(fd_result_has(r, "/faces/scores"));
    assert_false(fd_result_has(r, "/nowhere/at/all"));
    void *data = NULL;
    int64_t rows = 0;
    assert_fails(fd_result_read(r, "/faces/landmarks", FD_COL_F32, 0, -1, &data, &rows), FD_FORMAT, "no /faces/landmarks in it");
    assert_fails(fd_result_read(r, "/faces/score", FD_COL_TEXT, 0, -1, &data, &rows), FD_FORMAT, "/faces/score is not text");
    assert_fails(fd_result_read(r, "/images/path", FD_COL_I64, 0, -1, &data, &rows), FD_FORMAT, "/images/path is not numbers");
    assert_fails(fd_result_read(r, "/faces/score", FD_COL_F32, 2, 2, &data, &rows), FD_FORMAT, "has 3 rows");
    fd_result_close(r);
}

static void put_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static uint8_t *bytes_of(const char *path, size_t *n)
{
    uint8_t *bytes = NULL;
    assert_ok(fd_file_read(path, (size_t)1 << 30, &bytes, n));
    return bytes;
}

/* Whatever the number of writers and the time of day, the same bytes, /run included when it is the same. */
static void test_same_contents_same_bytes(void **state)
{
    sandbox *s = *state;
    size_t n = 0, m = 0;
    write_result(s, 300, 128, 1);
    uint8_t *one = bytes_of(s->final, &n);
    fd_sleep(1.1);
    write_result(s, 300, 128, 4);
    uint8_t *four = bytes_of(s->final, &m);
    assert_int_equal(n, m);
    assert_memory_equal(one, four, n);
    free(one);
    free(four);
}

/* Sizes about the chunk's side, and no faces at all. */
static void test_sizes(void **state)
{
    sandbox *s = *state;
    static const int64_t sizes[] = {0, 1, 2, 63, 64, 65, 127, 128, 129};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        fd_result *r = NULL;
        fd_column columns[8];
        struct stat st;
        int64_t dim[4];
        int rank = 0;
        write_result(s, sizes[k], 64, 2);
        assert_ok(fd_result_open(s->final, &r));
        assert_ok(fd_result_shape(r, "/distances/full", &rank, dim));
        assert_int_equal(dim[1], sizes[k]);
        check_matrix(r, sizes[k]);
        fd_result_close(r);
        assert_int_equal(stat(s->final, &st), 0);
        int n = columns_of(columns, sizes[k], 64);
        assert_true(st.st_size <= fd_result_predict(columns, n));
    }
}

/* Shapes beyond 32 bits: laid out, predicted and written at the right place without writing all of it. */
static void test_larger_than_4_gigabytes(void **state)
{
    sandbox *s = *state;
    const int64_t n = 40000;
    const fd_column full = {.path = "/distances/full", .type = FD_COL_F32, .rank = 2, .dim = {n, n}, .chunk = {512, 512}};
    const fd_column wide = {.path = "/faces/embedding", .type = FD_COL_F32, .rank = 2, .dim = {1 << 20, 1100}};
    const fd_column both[] = {full, wide};
    const int64_t bytes = 79LL * 79 * 512 * 512 * 4 + 1100LL * 4 * (1 << 20);
    assert_in_range(fd_result_predict(both, 2), bytes, bytes + bytes / 500 + (2 << 20));
    fd_error *err = fd_result_create(s->temporary, both, 2);
    if (fd_error_code(err) == FD_NOSPACE) {
        print_message("%s\n", fd_error_message(err));
        fd_error_free(err);
        skip();
    }
    assert_ok(err);
    fd_result_writer *w = NULL;
    float row[1100];
    for (int i = 0; i < 1100; i++)
        row[i] = (float)i;
    assert_ok(fd_result_writer_open(s->temporary, &w));
    assert_ok(fd_result_write_rows(w, "/faces/embedding", (1 << 20) - 1, 1, row));
    assert_ok(fd_result_write_chunk(w, "/distances/full", 78 * 512, 78 * 512, row, 1, 64, 64));
    assert_ok(fd_result_writer_close(w));
    struct stat st;
    assert_int_equal(stat(s->temporary, &st), 0);
    assert_true(st.st_size <= fd_result_predict(both, 2));
    fd_result *r = NULL;
    float *back = NULL;
    int64_t rows = 0;
    assert_ok(fd_result_open(s->temporary, &r));
    assert_ok(fd_result_read(r, "/faces/embedding", FD_COL_F32, (1 << 20) - 1, 1, (void **)&back, &rows));
    assert_memory_equal(back, row, sizeof row);
    free(back);
    assert_ok(fd_result_read(r, "/distances/full", FD_COL_F32, 78 * 512, 1, (void **)&back, &rows));
    assert_memory_equal(back + 78 * 512, row, 64 * sizeof *row);
    free(back);
    fd_result_close(r);
}

/* The file may not grow to what is needed: one error that names it, nothing left behind, an earlier result as it was. */
static void test_no_room(void **state)
{
    sandbox *s = *state;
    fd_column columns[8];
    struct rlimit was, small;
    size_t n = 0, m = 0;
    int n_columns = columns_of(columns, 2000, 512);
    write_result(s, 10, 64, 1);
    uint8_t *before = bytes_of(s->final, &n);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = (struct rlimit){4 << 20, was.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    fd_error *err = fd_result_create(s->temporary, columns, n_columns);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_fails(err, FD_NOSPACE, "r.h5.tmp");
    assert_int_not_equal(access(s->temporary, F_OK), 0);
    uint8_t *after = bytes_of(s->final, &m);
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
    free(before);
    free(after);
}

/* The same in the middle of HDF5's own writing, which leaves the library with a file that it cannot close. */
static void test_no_room_for_run(void **state)
{
    sandbox *s = *state;
    fd_column columns[8];
    struct rlimit was, small;
    char *large = malloc(4 << 20);
    memset(large, 'x', (4 << 20) - 1);
    large[(4 << 20) - 1] = 0;
    put_file(s->final, "earlier", 7);
    assert_ok(fd_result_create(s->temporary, columns, columns_of(columns, 10, 64)));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = (struct rlimit){1 << 20, was.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    __lsan_disable();   /* HDF5 does not free what it could not write */
    fd_error *err = fd_result_commit(s->temporary, s->final, &(fd_attribute){"inputs", large}, 1, NULL, 0);
    __lsan_enable();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_fails(err, FD_NOSPACE, "r.h5.tmp");
    assert_int_not_equal(access(s->temporary, F_OK), 0);
    size_t n = 0;
    uint8_t *kept = bytes_of(s->final, &n);
    assert_int_equal(n, 7);
    assert_memory_equal(kept, "earlier", 7);
    free(kept);
    free(large);
}

static void test_not_a_result(void **state)
{
    sandbox *s = *state;
    fd_result *r = NULL;
    assert_fails(fd_result_open(s->final, &r), FD_IO, "No such file");
    assert_fails(fd_result_open(s->folder, &r), FD_FORMAT, "not a file");
    put_file(s->final, "", 0);
    assert_fails(fd_result_open(s->final, &r), FD_FORMAT, "not an HDF5 file");
    put_file(s->final, "<html>not found</html>", 22);
    assert_fails(fd_result_open(s->final, &r), FD_FORMAT, "not an HDF5 file");
    write_result(s, 100, 64, 1);
    size_t n = 0;
    uint8_t *bytes = bytes_of(s->final, &n);
    put_file(s->final, bytes, n / 2);
    assert_fails(fd_result_open(s->final, &r), FD_FORMAT, "damaged HDF5 file");
    free(bytes);
}

typedef struct tiler {
    fd_result_writer *w;
    int64_t n, side;
    int part, parts;
} tiler;

static void *write_tiles(void *self)
{
    const tiler *t = self;
    float *tile = malloc((size_t)(t->side * t->side) * sizeof *tile);
    int64_t blocks = (t->n + t->side - 1) / t->side;
    for (int64_t b = t->part; b < blocks * blocks; b += t->parts) {
        int64_t y = b / blocks * t->side, x = b % blocks * t->side;
        int64_t rows = t->n - y < t->side ? t->n - y : t->side, columns = t->n - x < t->side ? t->n - x : t->side;
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++)
                tile[i * t->side + j] = pair(y + i, x + j);
        fd_error *err = fd_result_write_chunk(t->w, "/distances/full", y, x, tile, rows, columns, t->side);
        if (err)
            abort();
    }
    free(tile);
    return NULL;
}

/* One writer, several threads. */
static void test_threads_write_side_by_side(void **state)
{
    sandbox *s = *state;
    fd_column columns[8];
    enum { THREADS = 4 };
    pthread_t thread[THREADS];
    tiler part[THREADS];
    fd_result_writer *w = NULL;
    fd_result *r = NULL;
    int n = columns_of(columns, 700, 64);
    assert_ok(fd_result_create(s->temporary, columns, n));
    assert_ok(fd_result_writer_open(s->temporary, &w));
    for (int i = 0; i < THREADS; i++) {
        part[i] = (tiler){w, 700, 64, i, THREADS};
        assert_int_equal(pthread_create(&thread[i], NULL, write_tiles, &part[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_ok(fd_result_writer_close(w));
    assert_ok(fd_result_open(s->temporary, &r));
    check_matrix(r, 700);
    fd_result_close(r);
}

/* Commit replaces an earlier result, and a long attribute (more than an object header holds) is kept whole. */
static void test_commit_replaces(void **state)
{
    sandbox *s = *state;
    fd_column columns[8];
    fd_result *r = NULL;
    char *text = NULL, *large = malloc(100001);
    memset(large, 'x', 100000);
    large[100000] = 0;
    write_result(s, 10, 64, 1);
    int n = columns_of(columns, 0, 64);
    assert_ok(fd_result_create(s->temporary, columns, n));
    assert_ok(fd_result_commit(s->temporary, s->final, &(fd_attribute){"inputs", large}, 1, NULL, 0));
    assert_ok(fd_result_open(s->final, &r));
    assert_ok(fd_result_attribute(r, NULL, "inputs", &text));
    assert_string_equal(text, large);
    free(text);
    free(large);
    fd_result_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_list_and_has, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_contents_same_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_larger_than_4_gigabytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_room_for_run, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_a_result, setup, teardown),
        cmocka_unit_test_setup_teardown(test_threads_write_side_by_side, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commit_replaces, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
