#include "engine/cuda/cuda.h"

bool fd_cuda_is_sticky(int error)
{
    static const int sticky[] = {cudaErrorIllegalAddress,      cudaErrorLaunchFailure,     cudaErrorLaunchTimeout,      cudaErrorAssert,
                                 cudaErrorHardwareStackError,  cudaErrorIllegalInstruction, cudaErrorMisalignedAddress, cudaErrorInvalidAddressSpace,
                                 cudaErrorInvalidPc,           cudaErrorECCUncorrectable,  cudaErrorNvlinkUncorrectable};
    for (size_t i = 0; i < sizeof sticky / sizeof *sticky; i++)
        if (error == sticky[i])
            return true;
    return false;
}

static fd_error *lost(const fd_cuda_engine *e, int error, const char *what)
{
    const char *hint = error == cudaErrorECCUncorrectable ? " (its memory is damaged: see nvidia-smi -q -d ECC)" : "";
    return FD_FAIL(FD_DEVICE, "%s is lost: %s: %s%s; nothing more is saved, run again to go on from the last batch", e->name,
                   cudaGetErrorString((cudaError_t)error), what, hint);
}

fd_error *fd_cuda_error(fd_cuda_engine *e, int error, const char *what)
{
    const int before = atomic_load(&e->lost);
    if (before)
        return lost(e, before, what);
    if (!error)
        return NULL;
    if (fd_cuda_is_sticky(error)) {
        atomic_store(&e->lost, error);
        return lost(e, error, what);
    }
    (void)cudaGetLastError();   /* the thread remembers it: the next launch must not find it */
    if (error == cudaErrorMemoryAllocation)
        return FD_FAIL(FD_NOMEM, "%s has no memory left: %s", e->name, what);
    return FD_FAIL(FD_DEVICE, "%s: %s (%s): %s", e->name, cudaGetErrorString((cudaError_t)error), cudaGetErrorName((cudaError_t)error), what);
}
