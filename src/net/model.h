/* The ONNX file as it is: unpacked, its tensors checked. The only header that knows protobuf. */
#ifndef FD_NET_MODEL_H
#define FD_NET_MODEL_H

#include <onnx/onnx.pb-c.h>

#include "net/graph.h"

enum { FD_OPSET_OLDEST = 7, FD_OPSET_NEWEST = 22 };

struct fd_model {
    Onnx__ModelProto *proto;
    ProtobufCAllocator allocator;
    fd_heap *heap;
    int64_t opset;
};

/* Scans and unpacks; memory is counted against `heap`, which must outlive the model. fd_model_close it (also after a failure). */
fd_error *fd_model_open(fd_model *m, fd_heap *heap, const void *bytes, size_t n) FD_CHECK;
void fd_model_close(fd_model *m);

/* Checks a tensor's type, shape and byte count and gives its numbers: as they lie in the file where they can stay there, else copied into
 * the heap. Valid while the model is open. */
fd_error *fd_model_tensor(fd_model *m, const Onnx__TensorProto *t, fd_constant *out) FD_CHECK;

/* "Conv", or "com.microsoft.Gelu" outside the standard domain; escaped. */
enum { FD_LABEL = 128 };
char *fd_operator_label(const Onnx__NodeProto *node, char out[FD_LABEL]);
/* The node's name, else its first output's; escaped. */
char *fd_node_label(const Onnx__NodeProto *node, char out[FD_LABEL]);

#endif
