/* A depot that threads share: nobody has another's bytes, everybody is served, and what never fits is told at once. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "run/depot.h"

enum { WHOLE = 1 << 16, THREADS = 6, TURNS = 400 };

typedef struct worker { pthread_t thread; fd_depot *depot; uint32_t random; unsigned char mark; int served, spoilt; } worker;

/* Takes, marks, looks whether the marks are still there, gives back. Sizes up to the whole, so that threads have to wait for each other. */
static void *take_and_give(void *self)
{
    worker *w = self;
    for (int turn = 0; turn < TURNS; turn++) {
        fd_slab slab;
        w->random = w->random * 1664525u + 1013904223u;
        const size_t bytes = turn % 50 == 0 ? WHOLE : 1 + (w->random >> 8) % (WHOLE / 2);
        fd_error *err = fd_depot_take(w->depot, bytes, &slab);
        if (err || !slab.memory || slab.bytes < bytes || slab.used) {
            fd_error_free(err);
            return NULL;
        }
        memset(slab.memory, w->mark, bytes);
        for (size_t k = 0; k < bytes; k++)
            w->spoilt += slab.memory[k] != w->mark;
        fd_depot_give(w->depot, &slab);
        w->served++;
    }
    return NULL;
}

static void threads_share(void **state)
{
    (void)state;
    fd_engine *e;
    fd_depot *depot;
    worker w[THREADS];
    assert_ok(fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &e));
    assert_ok(fd_depot_open(e, WHOLE, &depot));
    for (int k = 0; k < THREADS; k++) {
        w[k] = (worker){.depot = depot, .random = (uint32_t)k, .mark = (unsigned char)(k + 1)};
        assert_int_equal(pthread_create(&w[k].thread, NULL, take_and_give, &w[k]), 0);
    }
    for (int k = 0; k < THREADS; k++) {
        assert_int_equal(pthread_join(w[k].thread, NULL), 0);
        assert_int_equal(w[k].served, TURNS);
        assert_int_equal(w[k].spoilt, 0);
    }
    fd_depot_close(depot);
    fd_engine_close(e);
}

typedef struct asker { pthread_t thread; fd_depot *depot; size_t bytes; atomic_long number; atomic_bool served; } asker;

static void *ask(void *self)
{
    asker *a = self;
    fd_slab slab;
    a->number = syscall(SYS_gettid);
    fd_error_free(fd_depot_take(a->depot, a->bytes, &slab));
    a->served = slab.memory != NULL;
    fd_depot_give(a->depot, &slab);
    return NULL;
}

/* Until the thread has got something or sleeps, as who waits does. */
static void settle(asker *a)
{
    for (char how = 0; how != 'S' && !a->served; fd_sleep(1e-3)) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/task/%ld/stat", (long)a->number);
        FILE *f = a->number ? fopen(path, "r") : NULL;
        if (f && fscanf(f, "%*d (%*[^)]) %c", &how) != 1)
            how = 0;
        if (f)
            fclose(f);
    }
}

/* Little that would fit waits for much that does not yet: else those who want much might wait for ever. */
static void first_come_first_served(void **state)
{
    (void)state;
    fd_engine *e;
    fd_depot *depot;
    fd_slab half;
    assert_ok(fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &e));
    assert_ok(fd_depot_open(e, WHOLE, &depot));
    assert_ok(fd_depot_take(depot, WHOLE / 2, &half));
    asker askers[] = {{.depot = depot, .bytes = WHOLE}, {.depot = depot, .bytes = 1}};
    for (int k = 0; k < 2; k++) {
        assert_int_equal(pthread_create(&askers[k].thread, NULL, ask, &askers[k]), 0);
        settle(&askers[k]);
    }
    const bool overtook = askers[0].served || askers[1].served;
    fd_depot_give(depot, &half);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(pthread_join(askers[k].thread, NULL), 0);
        assert_true(askers[k].served);
    }
    assert_false(overtook);
    fd_depot_close(depot);
    fd_engine_close(e);
}

static void empty_ones(void **state)
{
    (void)state;
    fd_engine *e;
    fd_depot *depot;
    fd_slab all, slab;
    assert_ok(fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &e));
    assert_ok(fd_depot_open(e, WHOLE, &depot));
    assert_ok(fd_depot_take(depot, WHOLE, &all));
    assert_ok(fd_depot_take(depot, 0, &slab));   /* both without a wait, though nothing is left */
    assert_null(slab.memory);
    assert_ok(fd_depot_take(depot, WHOLE + 1, &slab));
    assert_true(!slab.memory && !slab.bytes);
    fd_depot_give(depot, &slab);
    fd_depot_give(depot, &all);
    fd_depot_give(depot, &all);
    fd_depot_close(depot);
    fd_depot_close(NULL);
    fd_engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_share), cmocka_unit_test(first_come_first_served), cmocka_unit_test(empty_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
