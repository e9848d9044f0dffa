/* Stands in for NCCL's header where tests run the exchange without GPUs: the part that the project uses. */
#ifndef TESTS_NCCL_NCCL_H
#define TESTS_NCCL_NCCL_H

#include <cuda_runtime_api.h>
#include <stddef.h>

#define NCCL_VERSION(major, minor, patch) ((major) * 10000 + (minor) * 100 + (patch))
#define NCCL_VERSION_CODE NCCL_VERSION(2, 99, 0)
#define NCCL_UNIQUE_ID_BYTES 128
typedef struct ncclComm *ncclComm_t;
typedef struct { char internal[NCCL_UNIQUE_ID_BYTES]; } ncclUniqueId;
typedef enum ncclResult_t {
    ncclSuccess, ncclUnhandledCudaError, ncclSystemError, ncclInternalError, ncclInvalidArgument, ncclInvalidUsage, ncclRemoteError, ncclInProgress
} ncclResult_t;
typedef enum ncclDataType_t { ncclUint8 = 1 } ncclDataType_t;
typedef struct ncclConfig_t { size_t size; unsigned magic, version; int blocking; } ncclConfig_t;
#define NCCL_CONFIG_INITIALIZER {sizeof(ncclConfig_t), 0xcafebeef, NCCL_VERSION_CODE, 1}

ncclResult_t ncclGetVersion(int *), ncclGetUniqueId(ncclUniqueId *);
ncclResult_t ncclCommInitRankConfig(ncclComm_t *, int ranks, ncclUniqueId, int rank, ncclConfig_t *);
ncclResult_t ncclCommFinalize(ncclComm_t), ncclCommDestroy(ncclComm_t), ncclCommAbort(ncclComm_t), ncclCommGetAsyncError(ncclComm_t, ncclResult_t *);
ncclResult_t ncclAllGather(const void *, void *, size_t, ncclDataType_t, ncclComm_t, cudaStream_t);
ncclResult_t ncclBroadcast(const void *, void *, size_t, ncclDataType_t, int root, ncclComm_t, cudaStream_t);
ncclResult_t ncclGroupStart(void), ncclGroupEnd(void);
const char *ncclGetErrorString(ncclResult_t), *ncclGetLastError(ncclComm_t);

#endif
