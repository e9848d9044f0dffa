/* libfacesdist-nccl.so: the only file that knows nccl.h. Communicators are non-blocking, so that no call waits for another rank. */
#include <cuda_runtime_api.h>
#include <nccl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/plugin.h"
#include "comm/nccl_plugin.h"

#if NCCL_VERSION_CODE < NCCL_VERSION(2, 14, 0)
#error "NCCL 2.14 or newer is needed: it can be asked not to block"
#endif

struct fd_nccl_link {
    int device;
    size_t slab;
    cudaStream_t stream;
    unsigned char *gpu, *pinned;             /* [FD_NCCL_SLABS][slab] */
    cudaEvent_t fetched[FD_NCCL_SLABS];
    ncclComm_t comm;                         /* NULL: not started, or ended */
    int rank;
    bool finished, stuck;                    /* stuck: it did not even end; its memory is in use for ever */
};

/* --- errors ---------------------------------------------------------------------------------------------------------------------------- */

static fd_error *cuda_error(cudaError_t error, const char *what)
{
    if (error == cudaSuccess)
        return NULL;
    (void)cudaGetLastError();
    return FD_FAIL(error == cudaErrorMemoryAllocation ? FD_NOMEM : FD_DEVICE, "%s: %s (%s)", what, cudaGetErrorString(error),
                   cudaGetErrorName(error));
}

/* Of a call to NCCL; one that is in progress is no error. */
static fd_error *nccl_error(const fd_nccl_link *l, ncclResult_t result, const char *what)
{
    if (result == ncclSuccess || result == ncclInProgress)
        return NULL;
    const char *detail = ncclGetLastError(l ? l->comm : NULL);
    return FD_FAIL(FD_COMM, "%s: %s%s%s", what, ncclGetErrorString(result), detail && *detail ? ": " : "", detail ? detail : "");
}

#define CUDA(call, what) FD_TRY(cuda_error((call), (what)))

/* --- a rank by itself -------------------------------------------------------------------------------------------------------------------- */

static fd_error *version(int *loaded)
{
    return nccl_error(NULL, ncclGetVersion(loaded), "version");
}

/* The number of the GPU in this process. `uuid` is "GPU-" or the like and 32 hexadecimal digits with dashes, `bytes` the same as CUDA gives
 * it. */
static bool is_named(const struct cudaDeviceProp *p, const char *uuid)
{
    char digits[33] = "", own[33] = "";
    const char *at = strchr(uuid, '-');
    for (size_t n = 0; at && *at && n < sizeof digits - 1; at++)
        if (*at != '-')
            digits[n++] = *at;
    for (size_t i = 0; i < sizeof p->uuid.bytes; i++)
        snprintf(own + 2 * i, 3, "%02x", (unsigned char)p->uuid.bytes[i]);
    return strcmp(digits, own) == 0;
}

static fd_error *find_device(const char *uuid, int *device)
{
    fd_error *err = NULL;
    int n = 0;
    struct cudaDeviceProp p;
    CUDA(cudaGetDeviceCount(&n), "counting GPUs");
    for (int d = 0; d < n; d++) {
        CUDA(cudaGetDeviceProperties(&p, d), "looking at a GPU");
        if (is_named(&p, uuid)) {
            *device = d;
            return NULL;
        }
    }
    FD_THROW(FD_DEVICE, "the CUDA runtime sees no GPU %s", uuid);
done:
    return err;
}

static void link_close(fd_nccl_link *l);

static fd_error *link_open(const char *uuid, size_t slab, fd_nccl_link **out)
{
    fd_error *err = NULL;
    fd_nccl_link *l = NULL;
    FD_TRY(fd_alloc(&l, 1, sizeof *l));
    l->slab = slab;
    FD_TRY(find_device(uuid, &l->device));
    CUDA(cudaSetDevice(l->device), "starting the GPU");
    CUDA(cudaStreamCreateWithFlags(&l->stream, cudaStreamNonBlocking), "a stream for NCCL");
    for (int s = 0; s < FD_NCCL_SLABS; s++)
        CUDA(cudaEventCreateWithFlags(&l->fetched[s], cudaEventDisableTiming), "an event for NCCL");
    CUDA(cudaMalloc((void **)&l->gpu, FD_NCCL_SLABS * slab), "memory of the GPU for NCCL");
    CUDA(cudaHostAlloc((void **)&l->pinned, FD_NCCL_SLABS * slab, cudaHostAllocPortable), "pinned memory for NCCL");
    *out = l;
    l = NULL;
done:
    link_close(l);
    return err;
}

/* --- the end ----------------------------------------------------------------------------------------------------------------------------- */

static void *end_comm(void *comm)
{
    (void)ncclCommAbort(comm);
    return NULL;
}

/* ncclCommAbort itself has been seen to hang where a peer or a network is gone: it gets a thread, and so long. */
static void link_abort(fd_nccl_link *l)
{
    static const int patience = 3;   /* seconds */
    pthread_t thread;
    struct timespec until;
    if (!l->comm)
        return;
    l->stuck = pthread_create(&thread, NULL, end_comm, l->comm) != 0;
    l->comm = NULL;
    if (l->stuck)
        return;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += patience;
    l->stuck = pthread_timedjoin_np(thread, NULL, &until) != 0;
    if (l->stuck)
        pthread_detach(thread);
}

static void link_close(fd_nccl_link *l)
{
    if (!l)
        return;
    (void)cudaSetDevice(l->device);
    if (l->comm && l->finished)
        (void)ncclCommDestroy(l->comm);
    else
        link_abort(l);
    if (!l->stuck) {
        (void)cudaFree(l->gpu);
        (void)cudaFreeHost(l->pinned);
        for (int s = 0; s < FD_NCCL_SLABS; s++)
            if (l->fetched[s])
                (void)cudaEventDestroy(l->fetched[s]);
        if (l->stream)
            (void)cudaStreamDestroy(l->stream);
    }
    free(l);
}

/* --- among the ranks --------------------------------------------------------------------------------------------------------------------- */

static fd_error *new_id(uint8_t id[FD_NCCL_ID_BYTES])
{
    ncclUniqueId made;
    _Static_assert(sizeof made == FD_NCCL_ID_BYTES, "ids travel by MPI as so many bytes");
    fd_error *err = nccl_error(NULL, ncclGetUniqueId(&made), "ncclGetUniqueId");
    if (!err)
        memcpy(id, &made, sizeof made);
    return err;
}

static fd_error *start(fd_nccl_link *l, const uint8_t id[FD_NCCL_ID_BYTES], int rank, int ranks)
{
    fd_error *err = NULL;
    ncclUniqueId common;
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    memcpy(&common, id, sizeof common);
    l->rank = rank;
    CUDA(cudaSetDevice(l->device), "taking the GPU");
    FD_TRY(nccl_error(l, ncclCommInitRankConfig(&l->comm, ranks, common, rank, &config), "ncclCommInitRankConfig"));
done:
    return err;
}

static fd_error *settled(fd_nccl_link *l, bool *done)
{
    fd_error *err = NULL;
    ncclResult_t state = ncclSuccess;
    FD_TRY(nccl_error(l, ncclCommGetAsyncError(l->comm, &state), "ncclCommGetAsyncError"));
    FD_TRY(nccl_error(l, state, "communicator"));
    *done = state == ncclSuccess;
done:
    return err;
}

static unsigned char *pinned_slab(fd_nccl_link *l, int which)
{
    return l->pinned + (size_t)which * l->slab;
}

/* Each rank's bytes from where it has them to the same place everywhere. */
static fd_error *broadcasts(fd_nccl_link *l, const fd_nccl_round *r, unsigned char *gpu)
{
    fd_error *err = NULL;
    FD_TRY(nccl_error(l, ncclGroupStart(), "ncclGroupStart"));
    for (int k = 0; k < r->ranks; k++) {
        unsigned char *place = gpu + r->place[k];
        if (r->bytes[k])
            FD_TRY(nccl_error(l, ncclBroadcast(place, place, (size_t)r->bytes[k], ncclUint8, k, l->comm, l->stream), "ncclBroadcast"));
    }
    FD_TRY(nccl_error(l, ncclGroupEnd(), "ncclGroupEnd"));
done:
    return err;
}

static fd_error *gather(fd_nccl_link *l, const fd_nccl_round *r)
{
    fd_error *err = NULL;
    unsigned char *gpu = l->gpu + (size_t)r->slab * l->slab, *own = gpu + r->place[l->rank];
    const unsigned char *given = pinned_slab(l, r->slab) + r->place[l->rank];
    const size_t n = (size_t)r->bytes[l->rank];
    CUDA(cudaSetDevice(l->device), "taking the GPU");
    if (n)
        CUDA(cudaMemcpyAsync(own, given, n, cudaMemcpyHostToDevice, l->stream), "copying to the GPU");
    if (r->padded)
        FD_TRY(nccl_error(l, ncclAllGather(own, gpu, (size_t)r->width, ncclUint8, l->comm, l->stream), "ncclAllGather"));
    else
        FD_TRY(broadcasts(l, r, gpu));
done:
    return err;
}

static fd_error *fetch(fd_nccl_link *l, const fd_nccl_round *r)
{
    fd_error *err = NULL;
    const unsigned char *gpu = l->gpu + (size_t)r->slab * l->slab;
    CUDA(cudaMemcpyAsync(pinned_slab(l, r->slab), gpu, (size_t)r->end, cudaMemcpyDeviceToHost, l->stream), "copying from the GPU");
    CUDA(cudaEventRecord(l->fetched[r->slab], l->stream), "copying from the GPU");
done:
    return err;
}

/* A rank that is lost shows as an error of the communicator; the stream would wait for it for ever. */
static fd_error *fetched(fd_nccl_link *l, const fd_nccl_round *r, bool *done)
{
    fd_error *err = NULL;
    const cudaError_t state = cudaEventQuery(l->fetched[r->slab]);
    *done = state == cudaSuccess;
    if (*done)
        return NULL;
    if (state != cudaErrorNotReady)
        CUDA(state, "copying from the GPU");
    FD_TRY(settled(l, done));
    *done = false;
done:
    return err;
}

static fd_error *finish(fd_nccl_link *l)
{
    fd_error *err = nccl_error(l, ncclCommFinalize(l->comm), "ncclCommFinalize");
    l->finished = !err;
    return err;
}

static const fd_nccl_table table = {
    .built = NCCL_VERSION_CODE,
    .version = version,
    .open = link_open,
    .close = link_close,
    .id = new_id,
    .start = start,
    .settled = settled,
    .slab = pinned_slab,
    .gather = gather,
    .fetch = fetch,
    .fetched = fetched,
    .finish = finish,
    .abort = link_abort,
};

extern const fd_plugin facesdist_plugin;
__attribute__((visibility("default"))) const fd_plugin facesdist_plugin = {FD_PLUGIN_ABI, FACESDIST_BUILD, "exchange", &table};
