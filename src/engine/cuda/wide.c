#include "engine/cuda/wide.h"

#include <stdlib.h>

#include "base/memory.h"
#include "engine/cuda/library_cuda.h"

/* All three matrices are of one shape. cuBLASLt counts by columns: it computes c^T = b^T a^T. */
struct fd_wide {
    fd_cuda_engine *engine;
    cublasLtMatmulDesc_t operation;
    cublasLtMatrixLayout_t matrix;
    cublasLtMatmulAlgo_t algorithm;
    size_t workspace;
};

void fd_cuda_wide_close(fd_wide *w)
{
    if (!w)
        return;
    if (w->matrix)
        (void)cublasLtMatrixLayoutDestroy(w->matrix);
    if (w->operation)
        (void)cublasLtMatmulDescDestroy(w->operation);
    free(w);
}

fd_error *fd_cuda_wide_open(fd_engine *base, int64_t n, fd_wide **out)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = fd_cuda(base);
    fd_wide *w = NULL;
    cublasLtMatmulPreference_t preference = NULL;
    cublasLtMatmulHeuristicResult_t found;
    const uint64_t workspace = FD_CUDA_WORKSPACE, size = (uint64_t)n;
    int choices = 0;
    FD_TRY(fd_alloc(&w, 1, sizeof *w));
    w->engine = e;
    FD_BLAS(e, cublasLtMatmulDescCreate(&w->operation, CUBLAS_COMPUTE_64F, CUDA_R_64F));
    FD_BLAS(e, cublasLtMatrixLayoutCreate(&w->matrix, CUDA_R_64F, size, size, n));
    FD_BLAS(e, cublasLtMatmulPreferenceCreate(&preference));
    FD_BLAS(e, cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace));
    FD_BLAS(e, cublasLtMatmulAlgoGetHeuristic(e->library->blas, w->operation, w->matrix, w->matrix, w->matrix, w->matrix, preference, 1, &found,
                                              &choices));
    if (choices < 1 || found.state != CUBLAS_STATUS_SUCCESS)
        FD_THROW(FD_UNSUPPORTED, "%s: cuBLASLt has no product of %lldx%lld in double precision", e->name, (long long)n, (long long)n);
    w->algorithm = found.algo;
    w->workspace = found.workspaceSize;
    *out = w;
    w = NULL;
done:
    if (preference)
        (void)cublasLtMatmulPreferenceDestroy(preference);
    fd_cuda_wide_close(w);
    return err;
}

fd_error *fd_cuda_wide_run(const fd_wide *w, fd_lane *base, const double *a, const double *b, double *c)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    const double one = 1, none = 0;
    void *scratch = NULL;
    if (w->workspace)
        FD_TRY(fd_cuda_lane_scratch(base, w->workspace, &scratch));
    FD_BLAS(w->engine, cublasLtMatmul(w->engine->library->blas, w->operation, &one, b, w->matrix, a, w->matrix, &none, c, w->matrix, c,
                                      w->matrix, &w->algorithm, scratch, w->workspace, fd_cuda_stream(lane)));
done:
    return err;
}
