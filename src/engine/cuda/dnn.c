#include "engine/cuda/dnn.h"

cudnnStatus_t fd_dnn_make(cudnnBackendDescriptorType_t type, const fd_dnn_attribute *attributes, int n, fd_dnn *out)
{
    fd_dnn d = NULL;
    *out = NULL;
    cudnnStatus_t status = cudnnBackendCreateDescriptor(type, &d);
    for (int i = 0; i < n && status == CUDNN_STATUS_SUCCESS; i++)
        status = cudnnBackendSetAttribute(d, attributes[i].name, attributes[i].type, attributes[i].n, attributes[i].values);
    if (status == CUDNN_STATUS_SUCCESS)
        status = cudnnBackendFinalize(d);
    if (status == CUDNN_STATUS_SUCCESS)
        *out = d;
    else
        fd_dnn_free(d);
    return status;
}

cudnnStatus_t fd_dnn_make_tensor(const fd_dnn_tensor *t, fd_dnn *out)
{
    const int64_t alignment = 16;   /* bytes; arrays of the engine are aligned to 64 */
    const int64_t strides[4] = {t->dim[1] * t->dim[2] * t->dim[3], t->dim[2] * t->dim[3], t->dim[3], 1};
    const fd_dnn_attribute attributes[] = {{CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &t->uid},
                                           {CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &t->type},
                                           {CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, t->dim},
                                           {CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, strides},
                                           {CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment}};
    return fd_dnn_make(CUDNN_BACKEND_TENSOR_DESCRIPTOR, attributes, 5, out);
}
