/* .npy files: what is written is read back, what is damaged is refused. */
#include <unistd.h>

#include "base/file.h"
#include "check.h"
#include "data/npy.h"

static void there_and_back(void **state)
{
    (void)state;
    char path[] = "/tmp/test_npy_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    float data[6] = {0, -0.0f, 1.5f, 3e38f, 1e-40f, -7};
    static const fd_npy shapes[] = {
        {.rank = 2, .dim = {2, 3}}, {.rank = 1, .dim = {6}}, {.rank = 4, .dim = {1, 6, 1, 1}}, {.rank = 0}, {.rank = 2, .dim = {0, 3}}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        fd_npy out = shapes[i], in;
        out.data = data;
        assert_ok(fd_npy_write(path, &out));
        assert_ok(fd_npy_read(path, &in));
        assert_int_equal(in.rank, out.rank);
        assert_memory_equal(in.dim, out.dim, (size_t)out.rank * sizeof *in.dim);
        assert_memory_equal(in.data, data, i < 3 ? sizeof data : i == 3 ? sizeof *data : 0);
        fd_npy_free(&in);
    }
    unlink(path);
}

static void refuse(const char *header, size_t data, const char *words)
{
    uint8_t bytes[512] = "\x93NUMPY\x01";
    size_t n = strlen(header);
    fd_npy out;
    bytes[8] = (uint8_t)n;
    memcpy(bytes + 10, header, n);
    assert_fails(fd_npy_parse(bytes, 10 + n + data, "a.npy", &out), FD_FORMAT, words);
    assert_null(out.data);
}

static void what_is_not_float32_in_order(void **state)
{
    (void)state;
    fd_npy out;
    assert_fails(fd_npy_parse((const uint8_t *)"PK", 2, "a.npy", &out), FD_FORMAT, "a.npy: not a .npy file");
    refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", 8, "not '<f4'; save x.astype(numpy.float32)");
    refuse("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }", 16, "Fortran order");
    refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 12, "12 bytes of data");
    refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 2), }", 16, "damaged");
    refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 16, "bytes of data");
    refuse("{'descr': '<f4', 'fortran_order': False}", 16, "damaged");
    refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2", 0, "damaged");
}

static void numpy_s_own_bytes(void **state)
{
    (void)state;
    static const char header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";
    uint8_t bytes[256] = "\x93NUMPY\x02";   /* version 2: four bytes of length */
    float two[2] = {1, 2};
    fd_npy out;
    bytes[8] = sizeof header - 1;
    memcpy(bytes + 12, header, sizeof header - 1);
    memcpy(bytes + 12 + sizeof header - 1, two, sizeof two);
    assert_ok(fd_npy_parse(bytes, 12 + sizeof header - 1 + sizeof two, "a.npy", &out));
    assert_int_equal(out.dim[0], 2);
    assert_memory_equal(out.data, two, sizeof two);
    fd_npy_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(what_is_not_float32_in_order),
                                       cmocka_unit_test(numpy_s_own_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
