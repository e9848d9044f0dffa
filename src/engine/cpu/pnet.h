/* The fused P-Net of the cpu engine: one pass over a level of any size, strip by strip, everything between image and answer in the cache. */
#ifndef FD_ENGINE_CPU_PNET_H
#define FD_ENGINE_CPU_PNET_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "engine/op.h"

typedef struct fd_pnet fd_pnet;   /* immutable once prepared */

/* lanes: floats of the vectors to use: 16 (AVX-512), 8 (AVX2 with FMA) or 4 (any processor). fd_pnet_free(*out). */
fd_error *fd_pnet_prepare(const fd_pnet_desc *desc, int lanes, fd_pnet **out) FD_CHECK;
void fd_pnet_free(fd_pnet *p);   /* NULL is allowed */

/* Scratch that fd_pnet_run needs, bytes: bounded whatever the image's size. */
size_t fd_pnet_scratch(const fd_pnet *p);

/* As fd_op_table.pnet_run; scratch is FD_ALIGN-aligned. Never allocates. */
void fd_pnet_run(const fd_pnet *p, const float *image, int64_t height, int64_t width, float *box, float *prob, void *scratch);

/* Entries of fd_op_table. */
fd_error *fd_cpu_pnet_prepare(fd_engine *e, const fd_pnet_desc *desc, fd_op **out) FD_CHECK;
fd_error *fd_cpu_pnet_run(const fd_op *op, fd_lane *lane, const float *image, int64_t height, int64_t width, float *box, float *prob) FD_CHECK;

#endif
