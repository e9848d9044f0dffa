/* cuDNN's backend descriptors, a call each. */
#ifndef FD_ENGINE_CUDA_DNN_H
#define FD_ENGINE_CUDA_DNN_H

#include "engine/cuda/library_cuda.h"

typedef cudnnBackendDescriptor_t fd_dnn;

/* NULL is allowed. */
static inline void fd_dnn_free(fd_dnn d)
{
    if (d)
        (void)cudnnBackendDestroyDescriptor(d);
}

/* One attribute: its name, type, how many values, and the values. A list of them makes a descriptor. */
typedef struct fd_dnn_attribute {
    cudnnBackendAttributeName_t name;
    cudnnBackendAttributeType_t type;
    int64_t n;
    const void *values;
} fd_dnn_attribute;

/* Makes, fills and finalizes; a status, because a plan that cannot be made is no error but the next one's turn. *out NULL on failure. */
cudnnStatus_t fd_dnn_make(cudnnBackendDescriptorType_t type, const fd_dnn_attribute *attributes, int n, fd_dnn *out);

typedef struct fd_dnn_tensor { int64_t uid; cudnnDataType_t type; int64_t dim[4]; } fd_dnn_tensor;   /* PLAIN: NCHW, in order */
cudnnStatus_t fd_dnn_make_tensor(const fd_dnn_tensor *t, fd_dnn *out);

#endif
