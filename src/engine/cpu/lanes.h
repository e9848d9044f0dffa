/* FD_LANES: small networks on large batches. Samples lie in vector lanes, [ceil(n / 16)][c][h][w][16] float32 on every instruction set, so
 * that no border, channel count or image width ever leaves a lane idle. A lane never meets another: padding lanes may hold anything. */
#ifndef FD_ENGINE_CPU_LANES_H
#define FD_ENGINE_CPU_LANES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "engine/op.h"

enum { FD_LANES_SAMPLES = 16 };   /* samples of a group */

/* Whether the operator is offered with FD_LANES at its ends (a reorder: at one of them, FD_PLAIN at the other). The batch must be axis 0
 * of every input and of the output. */
bool fd_lanes_accepts(const fd_op_desc *op);

/* Whether a network of these operators should run in this layout: all are offered, images of at most 64x64 and arrays that caches hold, a
 * batch of whole groups. */
bool fd_lanes_suits(const fd_op_desc *ops, int n);

/* Bytes of one array of this shape in FD_LANES. */
size_t fd_lanes_bytes(const fd_tensor *t);

/* Prepares an operator that fd_lanes_accepts. lanes: floats of the vectors to use: 16 (AVX-512), 8 (AVX2 with FMA) or 4 (any processor). */
fd_error *fd_lanes_prepare(const fd_op_desc *op, int lanes, fd_op **out) FD_CHECK;

#endif
