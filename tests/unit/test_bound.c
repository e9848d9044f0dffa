/* What bounded a run, from made-up times whose answer is known. */
#include "check.h"

#include "run/faces/bound.h"

enum { MOST_RANKS = 3 };
typedef struct run {
    fd_stage_row stage[MOST_RANKS][FD_STAGES];
    fd_rank_load load[MOST_RANKS];
    int ranks;
} run;

/* Ranks of eight threads that worked on photographs for ten seconds, and started in one. */
static run ten_seconds(int ranks, bool gpu)
{
    run r = {.ranks = ranks};
    for (int i = 0; i < ranks; i++) {
        r.stage[i][FD_STAGE_START].seconds = 1;
        r.stage[i][FD_STAGE_IMAGES].seconds = 10;
        r.load[i] = (fd_rank_load){.threads = 8, .has_gpu = gpu};
        snprintf(r.load[i].uuid, sizeof r.load[i].uuid, "GPU-%d", i);
    }
    return r;
}

static void assert_says(const run *r, const char *wanted)
{
    char text[256];
    assert_string_equal(fd_bound_text(&r->stage[0][0], r->load, r->ranks, text, sizeof text), wanted);
}

static void of_processors(void **state)
{
    (void)state;
    run r = ten_seconds(1, false);
    r.stage[0][FD_STAGE_DECODE].seconds = 20;
    r.stage[0][FD_STAGE_DETECT].seconds = 40;
    r.stage[0][FD_STAGE_EMBED].seconds = 12;
    assert_says(&r, "detect: 50 % of the time of 8 threads");
    r.stage[0][FD_STAGE_EMBED].seconds = 44;
    assert_says(&r, "embed: 55 % of the time of 8 threads");
    r.stage[0][FD_STAGE_READ].seconds = 40;
    r.stage[0][FD_STAGE_JOURNAL].seconds = 20;
    assert_says(&r, "disk (reading and journal): 75 % of the time of 8 threads");
    r.load[0].threads = 1;
    r.stage[0][FD_STAGE_READ].seconds = r.stage[0][FD_STAGE_JOURNAL].seconds = r.stage[0][FD_STAGE_EMBED].seconds =
        r.stage[0][FD_STAGE_DETECT].seconds = 0;
    r.stage[0][FD_STAGE_DECODE].seconds = 9;
    assert_says(&r, "decode: 90 % of the time of 1 thread");
}

/* Threads that wait for the GPU look as if they detected. */
static void of_a_gpu(void **state)
{
    (void)state;
    run r = ten_seconds(1, true);
    r.stage[0][FD_STAGE_READ].seconds = 4;
    r.stage[0][FD_STAGE_DECODE].seconds = 64;
    r.stage[0][FD_STAGE_DETECT].seconds = 10;
    r.load[0].busy = 4;   /* 68 thread-seconds keep it busy for 4: 17 cores */
    assert_says(&r, "decode: 80 % of the time of 8 threads; the GPU was busy 40 %, 17 cores would saturate it");
    r.stage[0][FD_STAGE_DECODE].seconds = 12;
    r.stage[0][FD_STAGE_DETECT].seconds = 60;
    r.load[0].busy = 9.5;
    assert_says(&r, "the GPU: busy 95 % of the time, 2 cores would saturate it; decode took 15 % of 8 threads");
    r.stage[0][FD_STAGE_DECODE].seconds = 1;
    assert_says(&r, "the GPU: busy 95 % of the time, 1 core would saturate it; disk (reading and journal) took 5 % of 8 threads");
    r.load[0].busy = 0;   /* its events failed */
    assert_says(&r, "disk (reading and journal): 5 % of the time of 8 threads; the GPU was busy 0 %");
}

static void of_many_ranks(void **state)
{
    (void)state;
    run r = ten_seconds(3, true);
    for (int i = 0; i < 3; i++) {
        r.stage[i][FD_STAGE_DECODE].seconds = 20 * (i + 1);
        r.load[i].busy = i + 1;
    }
    assert_says(&r, "decode: 50 % of the time of 24 threads; the GPUs were busy 20 %, 20 cores would saturate each");
    strcpy(r.load[1].uuid, "GPU-0");   /* shared */
    assert_says(&r, "decode: 50 % of the time of 24 threads; the GPUs were busy 20 %");
    strcpy(r.load[2].uuid, "GPU-0");
    assert_says(&r, "decode: 50 % of the time of 24 threads; the GPU was busy 20 %");
    r.stage[2][FD_STAGE_DISTANCES].seconds = 11;   /* of the slowest */
    assert_says(&r, "distances: 50 % of 22.0 s");
    r.stage[1][FD_STAGE_WRITE].seconds = 30;
    r.stage[0][FD_STAGE_COMMIT].seconds = 3;
    assert_says(&r, "writing the result: 60 % of 55.0 s");
    r.stage[0][FD_STAGE_EXCHANGE].seconds = 45;
    assert_says(&r, "exchange between ranks: 45 % of 1 min 40 s");
}

/* Whichever stage takes the time is told; no stage that follows others is left out. */
static void of_each_stage(void **state)
{
    (void)state;
    char text[256];
    for (int s = 0; s < FD_STAGES; s++) {
        run r = {.ranks = 1};
        r.load[0].threads = 1;
        r.stage[0][s].seconds = 5;
        fd_bound_text(&r.stage[0][0], r.load, 1, text, sizeof text);
        if (fd_stage_is_threaded((fd_stage)s))
            assert_string_equal(text, "");
        else
            assert_non_null(strstr(text, ": 100 % of 5.0 s"));
    }
}

static void of_nothing(void **state)
{
    (void)state;
    run r = {.ranks = 2};
    assert_says(&r, "");
    r.stage[1][FD_STAGE_SCAN].seconds = 2;
    assert_says(&r, "start (files and models): 100 % of 2.0 s");
    r.stage[0][FD_STAGE_IMAGES].seconds = 6;   /* all of them were taken from an earlier result */
    assert_says(&r, "photographs: 75 % of 8.0 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_processors),
        cmocka_unit_test(of_a_gpu),
        cmocka_unit_test(of_many_ranks),
        cmocka_unit_test(of_each_stage),
        cmocka_unit_test(of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
