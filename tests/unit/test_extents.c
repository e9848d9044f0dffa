/* Extents: what is taken apart comes together again. */
#include <stdalign.h>

#include "base/extents.h"

#include "check.h"

enum { REGION = 1 << 20, ALIGN = 256, PIECES = 40 };

static alignas(ALIGN) unsigned char region[REGION + 100];

/* They cover the region without gaps, and no two free ones are neighbours. */
static void check(const fd_extents *x)
{
    size_t used = 0;
    const unsigned char *at = region;
    for (const fd_extent *e = x->first; e; e = e->behind) {
        assert_ptr_equal(e->at, at);
        assert_true(e->bytes > 0 && e->bytes % ALIGN == 0);
        assert_true(!e->behind || e->used || e->behind->used);
        assert_true(!e->behind || e->behind->before == e);
        used += e->used ? e->bytes : 0;
        at += e->bytes;
    }
    assert_true(at == region + x->bytes && used == x->used);
}

static void pieces_join_again(void **state)
{
    (void)state;
    fd_extents x;
    void *piece[PIECES] = {NULL};
    uint32_t random = 12345;
    assert_ok(fd_extents_open(&x, region, sizeof region, ALIGN));
    assert_int_equal(x.bytes, REGION);
    for (int step = 0; step < 4000; step++) {
        random = random * 1664525u + 1013904223u;
        void **p = &piece[(random >> 8) % PIECES];
        if (*p) {
            fd_extents_give(&x, *p);
            *p = NULL;
        } else {
            assert_ok(fd_extents_take(&x, (random >> 14) % 40000, p));
            assert_true(!*p || (size_t)((unsigned char *)*p - region) % ALIGN == 0);
        }
        check(&x);
    }
    for (int i = 0; i < PIECES; i++)
        if (piece[i])
            fd_extents_give(&x, piece[i]);
    check(&x);
    assert_true(x.used == 0 && x.first && !x.first->behind);
    fd_extents_close(&x);
}

static void what_does_not_fit(void **state)
{
    (void)state;
    fd_extents x;
    void *p, *q;
    assert_ok(fd_extents_open(&x, region, REGION, ALIGN));
    assert_ok(fd_extents_take(&x, REGION + 1, &p));
    assert_null(p);
    assert_ok(fd_extents_take(&x, SIZE_MAX, &p));
    assert_null(p);
    assert_ok(fd_extents_take(&x, REGION, &p));
    assert_ptr_equal(p, region);
    assert_ok(fd_extents_take(&x, 0, &q));
    assert_null(q);
    fd_extents_give(&x, p);
    assert_ok(fd_extents_take(&x, 0, &p));
    assert_ok(fd_extents_take(&x, 0, &q));
    assert_true(p && q && p != q);
    fd_extents_close(&x);
    fd_extents_close(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_join_again), cmocka_unit_test(what_does_not_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
