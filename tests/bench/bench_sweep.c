/* All pairs of unit rows, one thread: bench_sweep [rows] [k] [rows of a block] [rounds]. The budget: the rate of the products that sweeps compute, against
 * oneDNN's sgemm on large squares; how many of them are no pair's (padding, diagonal); and what nearest rows, a histogram and radius pairs take
 * beyond the products. Each is the least processor time of several rounds taken in turns, blocks included. Pinned (taskset -c 1). */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "bench.h"
#include "engine/cpu/sweep.h"
#include "engine/cpu/sweep_amx.h"

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

static bool open_squares(squares *s)
{
    const size_t n = (size_t)SQUARE * SQUARE;
    *s = (squares){bench_numbers(n, 1), bench_numbers(n, 1), bench_numbers(n, 1)};
    return dnnl_sgemm && s->x && s->y && s->z;
}

static void close_squares(squares *s)
{
    free(s->x);
    free(s->y);
    free(s->z);
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

typedef struct lists { fd_topk list; uint64_t bin[102]; } lists;

static fd_sweep sweep_of(const setting *t, lists *l, fd_block *const *block, int64_t I, int64_t J)
{
    fd_sweep s = {.a = block[I], .b = block[J], .first_a = I * t->side, .first_b = J * t->side};
    s.topk_a = (fd_topk){t->k, l->list.distance + s.first_a * t->k, l->list.index + s.first_a * t->k};
    s.topk_b = (fd_topk){t->k, l->list.distance + s.first_b * t->k, l->list.index + s.first_b * t->k};
    return s;
}

/* Seconds. */
static double all_pairs(const setting *t)
{
    const fd_distance_table *table = t->lane->engine->kind->distance;
    fd_block *block[MOST_BLOCKS];
    int64_t blocks = 0;
    lists l = {.list = {t->k, malloc((size_t)(t->n * t->k + 1) * sizeof(float)), malloc((size_t)(t->n * t->k + 1) * sizeof(int64_t))}};
    const fd_histogram histogram = {0, 50, 100, l.bin};
    fd_radius radius = {.radius = t->radius};
    double start = bench_now();
    fd_topk_clear(&l.list, FD_EUCLIDEAN, t->n);
    for (int64_t first = 0; first < t->n && blocks < MOST_BLOCKS; first += t->side, blocks++) {
        int64_t count = t->n - first < t->side ? t->n - first : t->side;
        fd_block_desc d = {.metric = FD_EUCLIDEAN, .precision = t->precision, .row = t->row + first * t->dim, .n = count, .dim = t->dim};
        bench_must(table->block_open(t->lane, &d, &block[blocks]));
    }
    for (int64_t I = 0; I < blocks; I++)
        for (int64_t J = I; J < blocks; J++) {
            fd_sweep s = sweep_of(t, &l, block, I, J);
            s.histogram = t->histogram ? &histogram : NULL;
            s.radius = t->radius > 0 ? &radius : NULL;
            bench_must(table->sweep(t->lane, &s));
        }
    double seconds = bench_now() - start;
    for (int64_t I = 0; I < blocks; I++)
        table->block_close(block[I]);
    free(l.list.distance);
    free(l.list.index);
    return seconds;
}

/* Products that are computed beside those of the pairs, as a share of these: rows and columns of tiles, as in the sweeps. */
static double waste(const setting *t)
{
    const fd_gemm_kernel *gemm = fd_sweep_kernel_of(t->lane->engine)->gemm;
    const bool matrix_unit = t->precision == FD_PRECISION_AUTO && fd_amx_usable();
    const int64_t rows = matrix_unit ? FD_SWEEP_ROWS : gemm->rows, width = matrix_unit ? FD_SWEEP_WIDTH : gemm->width;
    double products = 0;
    for (int64_t a = 0; a < t->n; a += t->side) {
        const int64_t n = t->n - a < t->side ? t->n - a : t->side;
        for (int64_t i = 0; i < n; i += rows)
            products += (double)(rows * ((n - i / width * width + width - 1) / width * width));
        for (int64_t b = a + t->side; b < t->n; b += t->side) {
            const int64_t m = t->n - b < t->side ? t->n - b : t->side;
            products += (double)((n + rows - 1) / rows * rows * ((m + width - 1) / width * width));
        }
    }
    return products / ((double)t->n * (double)(t->n - 1) / 2) - 1;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static void report(const setting *t, int rounds, squares *s, bool have_squares)
{
    setting kind[] = {*t, *t, *t, *t};   /* products alone, nearest rows, histogram, radius */
    double best[] = {1e9, 1e9, 1e9, 1e9}, sgemm = 1e9;
    kind[0].k = kind[2].k = kind[3].k = 0;
    kind[2].histogram = true;
    kind[3].radius = 1.2F;
    for (int r = 0; r < rounds; r++) {
        const double start = bench_now();
        if (have_squares)
            multiply(s);
        sgemm = smaller(sgemm, bench_now() - start);
        for (int w = 0; w < (r < 2 ? 4 : 2); w++)
            best[w] = smaller(best[w], all_pairs(&kind[w]));
    }
    const double pairs = (double)t->n * (double)(t->n - 1) / 2, rate = 2e-9 * pairs * (double)t->dim * (1 + waste(t)) / best[0];
    const double square_rate = 2e-9 * (double)SQUARE * SQUARE * SQUARE / sgemm;
    printf("dim %d, %s: products %.3f s, %.0f GFLOP/s", (int)t->dim, t->precision == FD_PRECISION_F32 ? "f32" : "auto", best[0], rate);
    if (have_squares)
        printf(", %.2f of sgemm's %.0f (goal for f32 0.95)", rate / square_rate, square_rate);
    printf(", waste %.1f %% (goal 4)\n  top-%d %.3f s, %.0f Mpairs/s, %.0f %% more than the products (goal for f32 %d); histogram %.3f s, radius %.3f s\n",
           100 * waste(t), (int)t->k, best[1], pairs * 1e-6 / best[1], 100 * (best[1] / best[0] - 1), t->dim == 512 ? 10 : 30, best[2], best[3]);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    setting t = {.n = argc > 1 ? atoll(argv[1]) : 20000, .k = argc > 2 ? atoll(argv[2]) : 10};
    const int rounds = argc > 4 ? atoi(argv[4]) : 5;
    fd_engine *e;
    squares s;
    t.side = argc > 3 ? atoll(argv[3]) : t.n;
    bench_must(fd_engine_open("cpu", &(fd_engine_config){.isa = "auto"}, &e));
    bench_must(fd_lane_open(e, &t.lane));
    const bool have_squares = open_squares(&s);
    t.row = malloc((size_t)(t.n * 512) * sizeof *t.row);
    for (t.dim = 128; t.row && t.dim <= 512; t.dim *= 4) {
        unit_rows(t.row, t.n, t.dim);
        for (int p = 0; p < 2; p++) {
            t.precision = p ? FD_PRECISION_F32 : FD_PRECISION_AUTO;
            report(&t, rounds, &s, have_squares);
        }
    }
    close_squares(&s);
    free(t.row);
    fd_lane_close(t.lane);
    fd_engine_close(e);
    return 0;
}
