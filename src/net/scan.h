/* A look at the wire format of an ONNX file before protobuf-c unpacks it: its unpacker recurses without limit and spends a hundred bytes
 * on an empty message, so depth and counts are bounded here, with an explicit stack. */
#ifndef FD_NET_SCAN_H
#define FD_NET_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
    FD_SCAN_DEPTH = 32,             /* messages within messages; a plain network needs 7 */
    FD_SCAN_MESSAGES = 1 << 18,     /* nodes, attributes, tensors, ... in sum */
    FD_SCAN_FIELDS = 1 << 21
};

/* FD_FORMAT says where and why the bytes are no ModelProto, or go beyond a limit. */
fd_error *fd_onnx_scan(const uint8_t *bytes, size_t n) FD_CHECK;

#endif
