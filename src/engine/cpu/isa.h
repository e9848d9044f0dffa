/* Which instruction set the cpu engine uses. */
#ifndef FD_ENGINE_CPU_ISA_H
#define FD_ENGINE_CPU_ISA_H

#include "base/status.h"

/* Instruction sets that code is chosen by, each holding those before it. */
typedef enum fd_isa { FD_ISA_SSE41, FD_ISA_AVX2 /* and FMA */, FD_ISA_AVX512 /* F, DQ, BW, VL */, FD_ISA_COUNT } fd_isa;

const char *fd_isa_name(fd_isa isa);   /* "sse41" ... */

/* "auto": the best that this processor has; a name: that one, FD_UNSUPPORTED with a hint where the processor lacks it. */
fd_error *fd_isa_resolve(const char *wanted, fd_isa *out) FD_CHECK;

#endif
