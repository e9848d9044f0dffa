#include "engine/cuda/library_cuda.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

fd_error *fd_cuda_dnn_error(const fd_cuda_engine *e, cudnnStatus_t status, const char *what)
{
    char detail[256] = "";
    if (status == CUDNN_STATUS_SUCCESS)
        return NULL;
    cudnnGetLastErrorString(detail, sizeof detail);
    return FD_FAIL(status == CUDNN_STATUS_ALLOC_FAILED ? FD_NOMEM : FD_DEVICE, "%s: cuDNN: %s: %s %s", e->name, cudnnGetErrorString(status), what, detail);
}

fd_error *fd_cuda_blas_error(const fd_cuda_engine *e, cublasStatus_t status, const char *what)
{
    if (status == CUBLAS_STATUS_SUCCESS)
        return NULL;
    return FD_FAIL(status == CUBLAS_STATUS_ALLOC_FAILED ? FD_NOMEM : FD_DEVICE, "%s: cuBLASLt: %s: %s", e->name, cublasLtGetStatusString(status), what);
}

fd_error *fd_cuda_library_open(fd_cuda_engine *e, fd_cuda_library **out)
{
    fd_error *err = NULL;
    fd_cuda_library *l = NULL;
    FD_TRY(fd_alloc(&l, 1, sizeof *l));
    if (cudnnGetVersion() / 10000 != CUDNN_MAJOR)
        FD_THROW(FD_DEVICE, "cuDNN %zu is loaded, this program was built with %d", cudnnGetVersion() / 10000, CUDNN_MAJOR);
    FD_DNN(e, cudnnCreate(&l->dnn));
    FD_BLAS(e, cublasLtCreate(&l->blas));
    *out = l;
    l = NULL;
done:
    fd_cuda_library_close(l);
    return err;
}

void fd_cuda_library_close(fd_cuda_library *l)
{
    if (!l)
        return;
    if (l->blas)
        (void)cublasLtDestroy(l->blas);
    if (l->dnn)
        (void)cudnnDestroy(l->dnn);
    free(l);
}

/* cuDNN's number is 10000 * major + 100 * minor + patch, cuBLASLt's the same by 10000 and 100 (13.0.2: 130002). */
void fd_cuda_library_describe(const fd_cuda_library *l, char *out, size_t size)
{
    (void)l;
    const size_t dnn = cudnnGetVersion(), blas = cublasLtGetVersion();
    snprintf(out, size, "cuDNN %zu.%zu.%zu, cuBLASLt %zu.%zu.%zu", dnn / 10000, dnn / 100 % 100, dnn % 100, blas / 10000, blas / 100 % 100, blas % 100);
}

fd_error *fd_cuda_handles_open(fd_cuda_lane *lane, fd_cuda_handles **out)
{
    fd_error *err = NULL;
    fd_cuda_handles *h = NULL;
    FD_TRY(fd_alloc(&h, 1, sizeof *h));
    FD_DNN(fd_cuda_of(lane), cudnnCreate(&h->dnn));
    FD_DNN(fd_cuda_of(lane), cudnnSetStream(h->dnn, lane->stream));
    *out = h;
    h = NULL;
done:
    fd_cuda_handles_close(h);
    return err;
}

void fd_cuda_handles_close(fd_cuda_handles *h)
{
    if (h && h->dnn)
        (void)cudnnDestroy(h->dnn);
    free(h);
}
