/* Variables of the environment that change what GPU libraries do, behind the options' back. */
#ifndef FD_RUN_ENVIRONMENT_H
#define FD_RUN_ENVIRONMENT_H

#include "base/text.h"
#include "comm/comm.h"
#include "engine/engine.h"

/* For /run: "NAME=value" lines, sorted, of all that begin with CUDA_, CUBLAS, CUDNN, NCCL_ and the like. *out is zero-initialised. */
fd_error *fd_environment_text(fd_string *out) FD_CHECK;

/* Those that change the bytes of products, as one line ("NVIDIA_TF32_OVERRIDE=1 ..."); empty where there are none, or the engine is no
 * GPU's. */
fd_error *fd_environment_arithmetic(const fd_engine *e, fd_string *out) FD_CHECK;

/* All ranks have the same of the latter, else FD_MISMATCH. Collective. */
fd_error *fd_environment_same(fd_comm *c, const fd_engine *e) FD_CHECK;

#endif
