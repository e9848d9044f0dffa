/* Nearest rows of all pairs of unit rows, one thread: bench_sweep [rows] [k] [rows of a block]. Seconds with norms and packing, a pair's
 * product counted once, and its share of the rate that oneDNN's sgemm has on large squares in the same run; then a histogram and radius pairs.
 * Alone and pinned (taskset -c 1), or the numbers are worthless. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "bench.h"
#include "engine/distance.h"

enum { MOST_BLOCKS = 1024 };

typedef struct setting {
    fd_lane *lane;
    float *row;
    int64_t n, dim, k, side;
    fd_precision precision;
    bool histogram;
    float radius; /* 0: none */
} setting;

/* Not there in a build without oneDNN. */
__attribute__((weak)) int dnnl_sgemm(char a, char b, int64_t m, int64_t n, int64_t k, float alpha, const float *x, int64_t lda, const float *y,
                                     int64_t ldb, float beta, float *z, int64_t ldc);

typedef struct squares {
    float *x, *y, *z;
} squares;
enum { SQUARE = 2048 };

static void multiply(void *self)
{
    squares *s = self;
    dnnl_sgemm('N', 'T', SQUARE, SQUARE, SQUARE, 1, s->x, SQUARE, s->y, SQUARE, 0, s->z, SQUARE);
}

static double sgemm_rate(void) /* GFLOP/s */
{
    const size_t n = (size_t)SQUARE * SQUARE;
    squares s = {bench_numbers(n, 1), bench_numbers(n, 1), bench_numbers(n, 1)};
    double seconds = dnnl_sgemm && s.x && s.y && s.z ? bench_least(multiply, &s, 1) : INFINITY;
    free(s.x);
    free(s.y);
    free(s.z);
    return 2e-9 * (double)SQUARE * SQUARE * SQUARE / seconds;
}

static void unit_rows(float *row, int64_t n, int64_t dim)
{
    uint64_t seed = 1;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < dim; k++) {
            float x = 0;
            for (int m = 0; m < 4; m++) { /* about normal */
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                x += (float)(seed >> 40) * 0x1p-24f - 0.5f;
            }
            row[i * dim + k] = x;
            sum += (double)x * (double)x;
        }
        for (int64_t k = 0; k < dim; k++)
            row[i * dim + k] /= (float)sqrt(sum);
    }
}

static double all_pairs(const setting *t)
{
    const fd_distance_table *table = t->lane->engine->kind->distance;
    fd_block *block[MOST_BLOCKS];
    int64_t blocks = 0;
    fd_topk list = {t->k, malloc((size_t)(t->n * t->k) * sizeof(float)), malloc((size_t)(t->n * t->k) * sizeof(int64_t))};
    uint64_t bin[102] = {0};
    const fd_histogram histogram = {0, 50, 100, bin};
    fd_radius radius = {.radius = t->radius};
    double start = bench_now();
    fd_topk_clear(&list, FD_EUCLIDEAN, t->n);
    for (int64_t first = 0; first < t->n && blocks < MOST_BLOCKS; first += t->side, blocks++) {
        int64_t count = t->n - first < t->side ? t->n - first : t->side;
        fd_block_desc d = {FD_EUCLIDEAN, t->precision, t->row + first * t->dim, NULL, count, t->dim};
        bench_must(table->block_open(t->lane, &d, &block[blocks]));
    }
    double opened = bench_now() - start;
    for (int64_t I = 0; I < blocks; I++)
        for (int64_t J = I; J < blocks; J++) {
            fd_sweep s = {.a = block[I], .b = block[J], .first_a = I * t->side, .first_b = J * t->side};
            s.topk_a = (fd_topk){t->k, list.distance + s.first_a * t->k, list.index + s.first_a * t->k};
            s.topk_b = (fd_topk){t->k, list.distance + s.first_b * t->k, list.index + s.first_b * t->k};
            s.histogram = t->histogram ? &histogram : NULL;
            s.radius = t->radius > 0 ? &radius : NULL;
            bench_must(table->sweep(t->lane, &s));
        }
    double seconds = bench_now() - start;
    printf("  blocks %.3f s", opened);
    if (t->radius > 0)
        printf(", %lld pairs within %g", (long long)radius.count, (double)t->radius);
    for (int64_t I = 0; I < blocks; I++)
        table->block_close(block[I]);
    free(list.distance);
    free(list.index);
    return seconds;
}

static void report(const setting *t, const char *what, double sgemm)
{
    double best = all_pairs(t), again = all_pairs(t);
    best = again < best ? again : best;
    double flop = (double)t->n * (double)(t->n - 1) * (double)t->dim;
    printf("\ndim %d, %s, %s: %.3f s, %.0f Mpairs/s, %.1f GFLOP/s", (int)t->dim, what, t->precision == FD_PRECISION_F32 ? "f32" : "auto", best,
           (double)t->n * (double)(t->n - 1) / 2e6 / best, flop * 1e-9 / best);
    printf(sgemm > 0 ? ", %.2f of sgemm's rate\n" : "\n", flop * 1e-9 / best / sgemm);
}

int main(int argc, char **argv)
{
    setting t = {.n = argc > 1 ? atoll(argv[1]) : 20000, .k = argc > 2 ? atoll(argv[2]) : 10};
    fd_engine *e;
    t.side = argc > 3 ? atoll(argv[3]) : t.n;
    bench_must(fd_engine_open("cpu", &(fd_engine_config){.isa = "auto"}, &e));
    bench_must(fd_lane_open(e, &t.lane));
    double sgemm = sgemm_rate();
    printf("sgemm %.1f GFLOP/s\n", sgemm);
    t.row = malloc((size_t)(t.n * 512) * sizeof *t.row);
    for (t.dim = 128; t.row && t.dim <= 512; t.dim *= 4) {
        unit_rows(t.row, t.n, t.dim);
        for (int p = 0; p < 2; p++) {
            t.precision = p ? FD_PRECISION_F32 : FD_PRECISION_AUTO;
            report(&t, "top-k", sgemm);
            setting other = t;
            other.k = 0;
            other.histogram = true;
            report(&other, "histogram", sgemm);
            other.histogram = false;
            other.radius = 1.2F;
            report(&other, "radius", sgemm);
        }
    }
    free(t.row);
    fd_lane_close(t.lane);
    fd_engine_close(e);
    return 0;
}
