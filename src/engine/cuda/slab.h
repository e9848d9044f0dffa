/* Page-locked memory for callers, which the GPU copies from by itself. */
#ifndef FD_ENGINE_CUDA_SLAB_H
#define FD_ENGINE_CUDA_SLAB_H

#include "engine/cuda/cuda.h"

fd_error *fd_cuda_slab_alloc(fd_engine *e, size_t bytes, void **out) FD_CHECK;
void fd_cuda_slab_release(fd_engine *e, void *p);
bool fd_cuda_is_pinned(fd_cuda_engine *e, const void *p, size_t bytes);   /* all of it lies in one such slab */
void fd_cuda_slabs_close(fd_cuda_engine *e);   /* those that nobody gave back */

#endif
