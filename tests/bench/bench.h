/* What benchmarks share: the least time of many short runs, and the peak of this core's multipliers to hold it against. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/status.h"
#include "engine/cpu/isa.h"

static inline void bench_must(fd_error *err)
{
    if (!err)
        return;
    fprintf(stderr, "%s\n", fd_error_message(err));
    exit(1);
}

/* Seconds that this thread has computed: time in which the core served somebody else does not count. */
static inline double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Least seconds of one call of run(self): runs of about 1 ms, for `seconds` in sum. The least is what the others' noise spares. */
static inline double bench_least(void (*run)(void *self), void *self, double seconds)
{
    double start = bench_now(), best = 1e9;
    run(self);
    int calls = 1 + (int)(1e-3 / (bench_now() - start + 1e-9));
    do {
        double t = bench_now();
        for (int i = 0; i < calls; i++)
            run(self);
        t = (bench_now() - t) / calls;
        best = t < best ? t : best;
    } while (bench_now() - start < seconds);
    return best;
}

/* Independent chains of multiply-adds, enough to hide their latency, all in registers. */
#define BENCH_CHAINS(vec, set, madd)                                                 \
    vec acc[12], x = set(0.999f), y = set(1e-3f);                                    \
    for (int i = 0; i < 12; i++)                                                     \
        acc[i] = set((float)i);                                                      \
    for (int k = 0; k < 10000; k++) {                                                \
        _Pragma("GCC unroll 12") for (int i = 0; i < 12; i++)                        \
            acc[i] = madd(acc[i], x, y);                                             \
    }                                                                                \
    for (int i = 1; i < 12; i++)                                                     \
        acc[0] = madd(acc[0], x, acc[i])

static inline __m128 bench_madd(__m128 a, __m128 b, __m128 c)
{
    return _mm_add_ps(_mm_mul_ps(a, b), c);
}

static void bench_chains_sse41(void *out)
{
    BENCH_CHAINS(__m128, _mm_set1_ps, bench_madd);
    _mm_storeu_ps(out, acc[0]);
}

__attribute__((target("avx2,fma"))) static void bench_chains_avx2(void *out)
{
    BENCH_CHAINS(__m256, _mm256_set1_ps, _mm256_fmadd_ps);
    _mm256_storeu_ps(out, acc[0]);
}

__attribute__((target("avx512f"))) static void bench_chains_avx512(void *out)
{
    BENCH_CHAINS(__m512, _mm512_set1_ps, _mm512_fmadd_ps);
    _mm512_storeu_ps(out, acc[0]);
}

/* GFLOP/s of this core at its best, now; a multiply-add counts 2. */
static inline double bench_peak(fd_isa isa)
{
    static void (*const chains[FD_ISA_COUNT])(void *) = {bench_chains_sse41, bench_chains_avx2, bench_chains_avx512};
    float out[16];
    return 2.0 * 12 * 10000 * (4 << isa) / bench_least(chains[isa], out, 0.05) * 1e-9;
}

/* Whether this processor has it. */
static inline int bench_has(fd_isa isa)
{
    fd_isa got;
    fd_error *err = fd_isa_resolve(fd_isa_name(isa), &got);
    fd_error_free(err);
    return !err;
}

static inline float *bench_numbers(size_t n, float scale)
{
    float *p = aligned_alloc(64, (n * sizeof *p + 63) / 64 * 64);
    uint32_t seed = 1;
    for (size_t i = 0; p && i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = scale * ((float)(seed >> 8) / (1 << 23) - 1.0f);
    }
    return p;
}

#endif
