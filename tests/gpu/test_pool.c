/* The pool of device memory: what is taken apart comes together again. */
#include "device.h"

#include "engine/cuda/pool.c"

enum { MEGABYTE = 1 << 20, PIECES = 40 };

/* Extents cover the region without gaps, and no two free ones are neighbours. */
static void check(const fd_cuda_pool *pool)
{
    size_t used = 0;
    const unsigned char *at = pool->region;
    for (const fd_cuda_extent *x = pool->first; x; x = x->behind) {
        assert_ptr_equal(x->at, at);
        assert_true(x->bytes > 0 && x->bytes % FD_CUDA_POOL_ALIGN == 0);
        assert_true(!x->behind || x->used || x->behind->used);
        assert_true(!x->behind || x->behind->before == x);
        used += x->used ? x->bytes : 0;
        at += x->bytes;
    }
    assert_true(at == pool->region + pool->bytes && used == pool->used);
}

static void pieces_join_again(void **state)
{
    (void)state;
    fd_cuda_pool pool = {NULL, 0, 0, NULL};
    void *piece[PIECES] = {NULL};
    uint32_t random = 12345;
    assert_cuda(fd_cuda_pool_open(&pool, MEGABYTE + 100));
    assert_int_equal(pool.bytes, MEGABYTE);
    for (int step = 0; step < 4000; step++) {
        random = random * 1664525u + 1013904223u;
        void **p = &piece[(random >> 8) % PIECES];
        if (*p) {
            fd_cuda_pool_give(&pool, *p);
            *p = NULL;
        } else {
            const size_t bytes = (random >> 14) % 40000;
            fd_error *err = fd_cuda_pool_take(&pool, bytes, p);
            if (err)
                assert_int_equal(fd_error_code(err), FD_NOMEM);
            else
                assert_true((size_t)((unsigned char *)*p - pool.region) % FD_CUDA_POOL_ALIGN == 0);
            fd_error_free(err);
        }
        check(&pool);
    }
    for (int i = 0; i < PIECES; i++)
        if (piece[i])
            fd_cuda_pool_give(&pool, piece[i]);
    check(&pool);
    assert_true(pool.used == 0 && pool.first && !pool.first->behind);
    fd_cuda_pool_close(&pool);
}

static void too_much_is_refused(void **state)
{
    (void)state;
    fd_cuda_pool pool = {NULL, 0, 0, NULL};
    void *all = NULL, *more = NULL;
    assert_cuda(fd_cuda_pool_open(&pool, MEGABYTE));
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_join_again), cmocka_unit_test(too_much_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
