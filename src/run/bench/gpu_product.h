/* A product by one of the kernels that an engine has to learn from (engine/lesson.h), or by its library in double precision. */
#ifndef FD_RUN_BENCH_GPU_PRODUCT_H
#define FD_RUN_BENCH_GPU_PRODUCT_H

#include "engine/lesson.h"

enum { FD_GPU_WIDE = -1 };

/* Zero-initialise with engine (which has lessons), rung and n; fd_gpu_product_close. */
typedef struct fd_gpu_product {
    fd_engine *engine;
    int rung; /* of the ladder, or FD_GPU_WIDE: double precision */
    int64_t n;
    void *a, *b, *c; /* the engine's; NULL: not open */
    fd_wide *plan;
} fd_gpu_product;

/* Takes the factors, [n][n] floats (doubles: FD_GPU_WIDE) of the host. *prepared: seconds that it took to prepare, without them. */
fd_error *fd_gpu_product_open(fd_gpu_product *g, const void *a, const void *b, double *prepared) FD_CHECK;
fd_error *fd_gpu_product_run(const fd_gpu_product *g, fd_lane *lane) FD_CHECK;
fd_error *fd_gpu_product_get(const fd_gpu_product *g, void *c) FD_CHECK; /* to the host */
void fd_gpu_product_close(fd_gpu_product *g);

#endif
