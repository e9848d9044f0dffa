/* What library.c, conv.c and gemm.c share. */
#ifndef FD_ENGINE_CUDA_LIBRARY_CUDA_H
#define FD_ENGINE_CUDA_LIBRARY_CUDA_H

#include <cublasLt.h>
#include <cudnn.h>

#include "engine/cuda/library.h"

struct fd_cuda_library {
    cudnnHandle_t dnn;        /* for preparing; guarded by the engine's setup lane */
    cublasLtHandle_t blas;    /* any thread, any stream */
};

struct fd_cuda_handles {
    cudnnHandle_t dnn;        /* bound to the lane's stream */
};

/* Errors of the libraries; NULL for success. */
fd_error *fd_cuda_dnn_error(const fd_cuda_engine *e, cudnnStatus_t status, const char *what) FD_CHECK;
fd_error *fd_cuda_blas_error(const fd_cuda_engine *e, cublasStatus_t status, const char *what) FD_CHECK;

#define FD_DNN(engine, call) FD_TRY(fd_cuda_dnn_error((engine), (call), #call))
#define FD_BLAS(engine, call) FD_TRY(fd_cuda_blas_error((engine), (call), #call))

enum { FD_CUDA_WORKSPACE = 64 << 20 };   /* bytes that a plan may use, the same everywhere: it decides which plans there are */

#endif
