/* Tiles find their places in a file whose chunks do not all lie side by side: one laid out without a block for its trees, by HDF5 itself. */
#include "check.h"

#include <hdf5.h>
#include <unistd.h>

#include "store/result.h"

enum { N = 5000, SIDE = 64 };   /* 79 * 79 chunks: a tree of three levels, whose nodes lie between the chunks */

static void make_file(const char *path)
{
    const hsize_t dim[] = {N, N}, chunk[] = {SIDE, SIDE};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), how = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, dim, NULL);
    assert_true(H5Pset_chunk(how, 2, chunk) >= 0 && H5Pset_alloc_time(how, H5D_ALLOC_TIME_EARLY) >= 0);
    assert_true(H5Pset_fill_time(how, H5D_FILL_TIME_NEVER) >= 0);
    hid_t set = H5Dcreate2(file, "/full", H5T_IEEE_F32LE, space, H5P_DEFAULT, how, H5P_DEFAULT);
    haddr_t first, last;
    hsize_t bytes, corner[] = {0, 0};
    unsigned filters;
    assert_true(H5Dget_chunk_info_by_coord(set, corner, &filters, &first, &bytes) >= 0);
    corner[0] = corner[1] = (hsize_t)(N - 1) / SIDE * SIDE;
    assert_true(H5Dget_chunk_info_by_coord(set, corner, &filters, &last, &bytes) >= 0);
    assert_true(last - first > (79 * 79 - 1) * bytes);   /* or this tests nothing */
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(how);
    H5Fclose(file);
}

static float pair(int64_t i, int64_t j)
{
    return (float)(i * N + j);
}

static void write_tiles(const char *path)
{
    fd_result_writer *w = NULL;
    float tile[SIDE * SIDE];
    assert_ok(fd_result_writer_open(path, &w));
    for (int64_t y = 0; y < N; y += SIDE)
        for (int64_t x = 0; x < N; x += SIDE) {
            int64_t rows = N - y < SIDE ? N - y : SIDE, columns = N - x < SIDE ? N - x : SIDE;
            for (int64_t i = 0; i < rows; i++)
                for (int64_t j = 0; j < columns; j++)
                    tile[i * SIDE + j] = pair(y + i, x + j);
            assert_ok(fd_result_write_chunk(w, "/full", y, x, tile, rows, columns, SIDE));
        }
    assert_ok(fd_result_writer_close(w));
}

static void test_chunks_between_tree_nodes(void **state)
{
    (void)state;
    char path[] = "/tmp/test-runs-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    make_file(path);
    write_tiles(path);
    fd_result *r = NULL;
    float *row = NULL;
    int64_t rows = 0;
    assert_ok(fd_result_open(path, &r));
    for (int64_t i = 0; i < N; i += 500) {
        assert_ok(fd_result_read(r, "/full", FD_COL_F32, i, 500, (void **)&row, &rows));
        for (int64_t k = 0; k < 500 * N; k++)
            assert_true(row[k] == pair(i + k / N, k % N));
        free(row);
    }
    fd_result_close(r);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chunks_between_tree_nodes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
