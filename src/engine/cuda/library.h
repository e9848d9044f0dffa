/* The libraries behind convolutions and dense layers. Apart from the engine, so that the emulator of the tests can stand other files in their
 * place. */
#ifndef FD_ENGINE_CUDA_LIBRARY_H
#define FD_ENGINE_CUDA_LIBRARY_H

#include "engine/cuda/cuda.h"

fd_error *fd_cuda_library_open(fd_cuda_engine *e, fd_cuda_library **out) FD_CHECK;
void fd_cuda_library_close(fd_cuda_library *library);   /* NULL is allowed */
/* Names and versions: "cuDNN 9.19.0, cuBLASLt 13.2.1". */
void fd_cuda_library_describe(const fd_cuda_library *library, char *out, size_t size);

/* What a lane needs of them for its stream. */
fd_error *fd_cuda_handles_open(fd_cuda_lane *lane, fd_cuda_handles **out) FD_CHECK;
void fd_cuda_handles_close(fd_cuda_handles *handles);   /* NULL is allowed */

#endif
