/* Every size around the squares that transposes are made of; what lies beside the result stays. */
#include "check.h"

#include <stdlib.h>

#include "base/transpose.h"

static void check_size(int64_t rows, int64_t columns)
{
    const int64_t pitch = columns + 3, to_pitch = rows + 2;
    float *from = malloc((size_t)(rows * pitch) * sizeof *from), *to = malloc((size_t)(columns * to_pitch) * sizeof *to);
    for (int64_t e = 0; e < rows * pitch; e++)
        from[e] = (float)e;
    for (int64_t e = 0; e < columns * to_pitch; e++)
        to[e] = -1;
    fd_transpose(from, rows, columns, pitch, to, to_pitch);
    for (int64_t x = 0; x < columns; x++)
        for (int64_t y = 0; y < to_pitch; y++)
            assert_true(to[x * to_pitch + y] == (y < rows ? (float)(y * pitch + x) : -1));
    free(from);
    free(to);
}

static void test_sizes(void **state)
{
    (void)state;
    for (int64_t rows = 1; rows < 36; rows++)
        for (int64_t columns = 1; columns < 36; columns++)
            check_size(rows, columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
