/* Matrix products by OpenBLAS, where it was found when this was built (Debian: libopenblas-dev). The one place of its header. */
#ifndef FD_RUN_BENCH_BLAS_H
#define FD_RUN_BENCH_BLAS_H

#include <stdbool.h>
#include <stdint.h>

const char *fd_blas_name(void); /* "OpenBLAS 0.3.21 ...", NULL: not built */
/* c = a . b, [n][n] each, row-major; double where `wide`, else float. On so many threads of its own. Not to be called where there is none. */
void fd_blas_product(const void *a, const void *b, void *c, int64_t n, bool wide, int threads);

#endif
