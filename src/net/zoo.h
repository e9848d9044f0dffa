/* Networks that the project makes itself, for benchmarks and teaching: the published architectures with seeded weights (He et al. 2015: uniform, of
 * variance 2 / fan-in), and batch norms calibrated on one seeded batch, so that values stay finite and normal. They recognise nothing. The same
 * bytes on every machine. */
#ifndef FD_NET_ZOO_H
#define FD_NET_ZOO_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Name of network i ("resnet18"), NULL past the last. */
const char *fd_zoo_name(int i);
/* Its source: authors and year. */
const char *fd_zoo_source(int i);

/* The ONNX file of a network: input "image" [batch][3][height][width], height and width open, at least 32; output "logits" [batch][1000]. An unknown
 * name is FD_USAGE. free(*bytes). Takes seconds: the calibration runs on `ref`. */
fd_error *fd_zoo_make(const char *name, uint8_t **bytes, size_t *n) FD_CHECK;

#endif
