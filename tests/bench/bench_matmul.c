/* The engine's matrix product against OpenBLAS, which is NumPy's: float32, one thread, processor time, the least of runs taken in turns; both with and
 * without what the engine does once to its second factor. Run by jobs.sh, pinned.
 *
 *     bench_matmul [rows] [rounds] [isa]       prints lines "name seconds"
 */
#include <string.h>

#include "base/memory.h"
#include "bench.h"
#include "engine/engine.h"
#include "run/bench/blas.h"
#include "run/bench/single.h"

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

int main(int argc, char **argv)
{
    const int64_t n = argc > 1 ? atoll(argv[1]) : 4096;
    const int rounds = argc > 2 ? atoi(argv[2]) : 5;
    const size_t bytes = (size_t)(n * n) * sizeof(float);
    double engine = 1e9, prepare = 1e9, blas = 1e9;
    float *a = bench_numbers((size_t)(n * n), 1), *b = bench_numbers((size_t)(n * n), 1), *c = bench_numbers((size_t)(n * n), 1);
    fd_engine *e;
    fd_lane *lane;
    fd_single one = {0};
    fd_op_desc d = {.kind = FD_OP_MATMUL, .name = "product", .inputs = 1, .constant[1] = b};
    bench_must(fd_engine_open("cpu", &(fd_engine_config){.isa = argc > 3 ? argv[3] : "auto"}, &e));
    bench_must(fd_lane_open(e, &lane));
    d.input[0] = d.output = d.constant_shape = fd_matrix_shape(n, n);
    for (int r = 0; r < rounds; r++) {
        double t = bench_now();
        bench_must(e->kind->op->prepare(e, &d, &one.op));   /* again below, with its arrays */
        prepare = smaller(prepare, bench_now() - t);
        fd_single_close(&(fd_single){.engine = e, .op = one.op}, NULL);
        bench_must(fd_single_open(&one, e, &d, NULL));
        memcpy(one.in, a, bytes);
        t = bench_now();
        bench_must(fd_single_run(&one, lane));
        engine = smaller(engine, bench_now() - t);
        t = bench_now();
        if (fd_blas_name())
            fd_blas_product(a, b, c, n, false, 1);
        blas = smaller(blas, bench_now() - t);
        fd_single_close(&one, NULL);
    }
    printf("matmul_engine %.6f\nmatmul_engine_prepared_once %.6f\n", engine + prepare, engine);
    if (fd_blas_name())
        printf("matmul_openblas %.6f\nratio %.3f (goal 0.95), prepared once %.3f; %s\n", blas, blas / (engine + prepare), blas / engine, fd_blas_name());
    fd_lane_close(lane);
    fd_engine_close(e);
    free(a);
    free(b);
    free(c);
    return 0;
}
