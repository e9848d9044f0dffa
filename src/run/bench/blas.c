#include "run/bench/blas.h"

#ifdef FACESDIST_HAVE_OPENBLAS
#include <cblas.h>

const char *fd_blas_name(void)
{
    return openblas_get_config();
}

void fd_blas_product(const void *a, const void *b, void *c, int64_t n, bool wide, int threads)
{
    const blasint m = (blasint)n;
    openblas_set_num_threads(threads);
    if (wide)
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, m, m, 1, a, m, b, m, 0, c, m);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, m, m, 1, a, m, b, m, 0, c, m);
}
#else
#include <assert.h>
#include <stddef.h>

const char *fd_blas_name(void)
{
    return NULL;
}

void fd_blas_product(const void *a, const void *b, void *c, int64_t n, bool wide, int threads)
{
    (void)a, (void)b, (void)c, (void)n, (void)wide, (void)threads;
    assert(!"there is no OpenBLAS: fd_blas_name says so");
}
#endif
