/* Top-10 of all pairs of unit rows, one thread: bench_sweep [rows] [k] [side]. Seconds, products per second, and the share of the rate that
 * oneDNN-sized sgemm has on large squares here in the same run. Alone and pinned (taskset -c 1), or the numbers are worthless. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "bench.h"
#include "engine/distance.h"

enum { MOST_BLOCKS = 1024 };

typedef struct setting { fd_lane *lane; float *row; int64_t n, dim, k, side; fd_precision precision; } setting;

static void unit_rows(float *row, int64_t n, int64_t dim)
{
    uint64_t seed = 1;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < dim; k++) {
            float x = 0;
            for (int m = 0; m < 4; m++) {   /* about normal */
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
    double start = bench_now();
    fd_topk_clear(&list, FD_EUCLIDEAN, t->n);
    for (int64_t first = 0; first < t->n && blocks < MOST_BLOCKS; first += t->side, blocks++) {
        int64_t count = t->n - first < t->side ? t->n - first : t->side;
        bench_must(table->block_open(t->lane, &(fd_block_desc){FD_EUCLIDEAN, t->precision, t->row + first * t->dim, NULL, count, t->dim}, &block[blocks]));
    }
    double opened = bench_now() - start;
    for (int64_t I = 0; I < blocks; I++)
        for (int64_t J = I; J < blocks; J++) {
            fd_sweep s = {.a = block[I], .b = block[J], .first_a = I * t->side, .first_b = J * t->side};
            s.topk_a = (fd_topk){t->k, list.distance + s.first_a * t->k, list.index + s.first_a * t->k};
            s.topk_b = (fd_topk){t->k, list.distance + s.first_b * t->k, list.index + s.first_b * t->k};
            bench_must(table->sweep(t->lane, &s));
        }
    double seconds = bench_now() - start;
    uint64_t sum = 0;
    for (int64_t e = 0; e < t->n * t->k; e++)
        sum = sum * 31 + (uint64_t)list.index[e];
    printf("  open %.3f s, lists %016llx", opened, (unsigned long long)sum);
    for (int64_t I = 0; I < blocks; I++)
        table->block_close(block[I]);
    free(list.distance);
    free(list.index);
    return seconds;
}

int main(int argc, char **argv)
{
    setting t = {.n = argc > 1 ? atoll(argv[1]) : 20000, .k = argc > 2 ? atoll(argv[2]) : 10};
    fd_engine *e;
    t.side = argc > 3 ? atoll(argv[3]) : t.n;
    bench_must(fd_engine_open("cpu", &(fd_engine_config){.isa = "auto"}, &e));
    bench_must(fd_lane_open(e, &t.lane));
    t.row = malloc((size_t)(t.n * 512) * sizeof *t.row);
    for (t.dim = 128; t.dim <= 512; t.dim *= 4) {
        unit_rows(t.row, t.n, t.dim);
        for (int p = 0; p < 2; p++) {
            t.precision = p ? FD_PRECISION_F32 : FD_PRECISION_AUTO;
            double best = all_pairs(&t), again = all_pairs(&t);
            best = again < best ? again : best;
            double flop = (double)t.n * (double)(t.n - 1) * (double)t.dim;
            printf("\ndim %d, %s: %.3f s, %.0f Mpairs/s, %.1f GFLOP/s\n", (int)t.dim, p ? "f32" : "auto", best,
                   (double)t.n * (double)(t.n - 1) / 2e6 / best, flop * 1e-9 / best);
        }
    }
    free(t.row);
    fd_lane_close(t.lane);
    fd_engine_close(e);
    return 0;
}
