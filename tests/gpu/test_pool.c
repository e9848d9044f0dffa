/* The pool of device memory: what there is, and what is refused. */
#include "device.h"

#include "engine/cuda/pool.c"

enum { MEGABYTE = 1 << 20 };

static void too_much_is_refused(void **state)
{
    (void)state;
    fd_cuda_pool pool;
    void *all = NULL, *more = NULL;
    assert_cuda(fd_cuda_pool_open(&pool, MEGABYTE + 100));
    assert_int_equal(pool.bytes, MEGABYTE);
    assert_fails(fd_cuda_pool_take(&pool, MEGABYTE + 1, &all), FD_NOMEM, "--gpu-memory");
    assert_fails(fd_cuda_pool_take(&pool, SIZE_MAX, &all), FD_NOMEM, "--gpu-memory");
    assert_ok(fd_cuda_pool_take(&pool, MEGABYTE, &all));
    assert_fails(fd_cuda_pool_take(&pool, 0, &more), FD_NOMEM, "--gpu-memory");
    fd_cuda_pool_give(&pool, all);
    assert_ok(fd_cuda_pool_take(&pool, 0, &more));   /* a valid pointer of its own */
    assert_ok(fd_cuda_pool_take(&pool, 0, &all));
    assert_true(more && all && more != all);
    fd_cuda_pool_close(&pool);
    fd_cuda_pool_close(&pool);   /* nothing is left to close */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(too_much_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
