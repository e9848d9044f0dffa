/* A CUDA runtime of queues. What is queued on a stream waits until somebody synchronises with it, so that a missing synchronisation shows; only
 * copies from pageable memory read it at once, as CUDA does. There is no default stream. FACESDIST_EMU_FAIL=device:N, malloc:N, capture:N, graph:N
 * or launch:N: the Nth one fails; after a failed launch every call does.
 * FACESDIST_EMU_UNIT=VARIABLE: a GPU for each number that this variable has (a launcher's that tells the rank). */
#include "emu.h"

#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tools/fenced.h"

typedef std::function<void()> work;
struct CUevent_st { CUstream_st *stream; bool waiting; double seconds; };
struct CUgraph_st { std::vector<work> nodes; };
struct CUgraphExec_st : CUgraph_st {};
struct CUstream_st { std::deque<work> queue; CUgraph_st *captured = nullptr; bool spoilt = false; };

static const size_t DEVICE_MEMORY = (size_t)4 << 30;
static std::recursive_mutex machine;
static fd_fenced device, pinned;
static std::map<CUstream_st *, int> streams;
static size_t used;
static cudaError_t last, sticky;

#define API                                                   \
    std::lock_guard<std::recursive_mutex> api_lock_(machine); \
    if (sticky)                                               \
    return sticky

static cudaError_t fails(cudaError_t error) { return last = error; }

/* Whether this is the time that FACESDIST_EMU_FAIL names. */
static bool injected(const char *what)
{
    static std::map<std::string, long> calls;
    const char *wanted = getenv("FACESDIST_EMU_FAIL");
    return ++calls[what], wanted && std::string(wanted) == what + (":" + std::to_string(calls[what]));
}

static void drain(CUstream_st *s, const CUevent_st *until = nullptr)
{
    while (!s->queue.empty() && (!until || until->waiting)) {
        const work w = std::move(s->queue.front());
        s->queue.pop_front();
        w();
    }
}

static cudaError_t queue(CUstream_st *s, work w)
{
    if (!streams.count(s))
        return fails(cudaErrorInvalidValue);
    if (s->captured)
        s->captured->nodes.push_back(std::move(w));
    else
        s->queue.push_back(std::move(w));
    return cudaSuccess;
}

/* What a stream that is captured may not do; the capture is spoilt by it. */
static bool captures(CUstream_st *s) { return s->spoilt = s->captured != nullptr; }

int fd_emu_launch(fd_emu_task *task, dim3 grid, dim3 block, size_t shared, cudaStream_t s)
{
    API;
    std::shared_ptr<fd_emu_task> t(task);
    const unsigned threads = block.x * block.y * block.z;
    if (injected("launch"))
        return sticky = cudaErrorIllegalAddress;
    if (!grid.x || !grid.y || !grid.z || grid.y > FD_MOST_BLOCKS_Z || grid.z > FD_MOST_BLOCKS_Z || grid.x >> 31 || !threads || threads > 1024 ||
        shared > (size_t)FD_MOST_SHARED)
        return fails(cudaErrorInvalidConfiguration);
    return queue(s, [=] { fd_emu_run(t.get(), grid, block, shared); });
}

static void copy(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height)
{
    for (size_t y = 0; y < height; y++)
        memcpy((char *)to + y * to_pitch, (const char *)from + y * from_pitch, width);
}

extern "C" {
cudaError_t cudaGetDeviceCount(int *n) { API; *n = 1; return cudaSuccess; }
cudaError_t cudaSetDevice(int d) { API; return injected("device") ? fails(cudaErrorDevicesUnavailable) : d ? fails(cudaErrorInvalidDevice) : cudaSuccess; }
cudaError_t cudaDeviceGetAttribute(int *v, cudaDeviceAttr a, int)
{
    API;
    *v = a == cudaDevAttrMultiProcessorCount ? 2 : a == cudaDevAttrComputeCapabilityMajor ? 9 : 0;
    return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int)
{
    API;
    memset(p, 0, sizeof *p);
    snprintf(p->name, sizeof p->name, "emulator");
    memcpy(p->uuid.bytes, "emulated device", sizeof p->uuid.bytes);
    const char *variable = getenv("FACESDIST_EMU_UNIT"), *unit = variable ? getenv(variable) : nullptr;
    p->uuid.bytes[15] = (char)(unit ? atoi(unit) : 0);
    p->pciBusID = -1;
    p->totalGlobalMem = DEVICE_MEMORY;
    p->major = 9;
    p->multiProcessorCount = 2;
    return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int *v) { *v = CUDART_VERSION; return cudaSuccess; }
cudaError_t cudaDriverGetVersion(int *v) { *v = CUDART_VERSION; return cudaSuccess; }
cudaError_t cudaPeekAtLastError(void) { API; return last; }
cudaError_t cudaGetLastError(void) { API; return std::exchange(last, cudaSuccess); }
const char *cudaGetErrorName(cudaError_t e) { return e == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : e ? "cudaErrorEmulated" : "cudaSuccess"; }
const char *cudaGetErrorString(cudaError_t e) { return e == cudaErrorMemoryAllocation ? "out of memory" : e ? "an error of the emulator" : "no error"; }
cudaError_t cudaMalloc(void **p, size_t bytes)
{
    API;
    if (injected("malloc") || used + bytes > DEVICE_MEMORY)
        return fails(cudaErrorMemoryAllocation);
    used += bytes;
    *p = fd_fenced_take(device, bytes);
    return cudaSuccess;
}
cudaError_t cudaFree(void *p)
{
    API;
    cudaDeviceSynchronize();
    used -= device.count((char *)p) ? device[(char *)p] : 0;
    return !p || fd_fenced_give(device, p) ? cudaSuccess : fails(cudaErrorInvalidValue);
}
cudaError_t cudaHostAlloc(void **p, size_t bytes, unsigned) { API; *p = fd_fenced_take(pinned, bytes); return cudaSuccess; }
cudaError_t cudaFreeHost(void *p) { API; cudaDeviceSynchronize(); return !p || fd_fenced_give(pinned, p) ? cudaSuccess : fails(cudaErrorInvalidValue); }
cudaError_t cudaMemGetInfo(size_t *available, size_t *total) { API; *total = DEVICE_MEMORY; *available = DEVICE_MEMORY - used; return cudaSuccess; }
cudaError_t cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height, cudaMemcpyKind, cudaStream_t s)
{
    API;
    const size_t span = height ? (height - 1) * from_pitch + width : 0;
    if (fd_fenced_has(device, from) || fd_fenced_has(pinned, from)) {
        const cudaError_t e = queue(s, [=] { copy(to, to_pitch, from, from_pitch, width, height); });
        return !e && !fd_fenced_has(device, to) && !fd_fenced_has(pinned, to) ? cudaStreamSynchronize(s) : e;
    }
    if (captures(s))
        return fails(cudaErrorStreamCaptureUnsupported);   /* more than CUDA forbids: the memory would be read when it is replayed */
    const std::string staged((const char *)from, span);
    return queue(s, [=] { copy(to, to_pitch, staged.data(), from_pitch, width, height); });
}
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n, cudaMemcpyKind k, cudaStream_t s) { return cudaMemcpy2DAsync(to, n, from, n, n, 1, k, s); }
cudaError_t cudaMemsetAsync(void *p, int v, size_t n, cudaStream_t s) { API; return queue(s, [=] { memset(p, v, n); }); }
cudaError_t cudaMemcpy(void *to, const void *from, size_t n, cudaMemcpyKind) { API; memcpy(to, from, n); return cudaSuccess; }
cudaError_t cudaMemset(void *p, int v, size_t n) { API; memset(p, v, n); return cudaSuccess; }
cudaError_t fd_emu_host(cudaStream_t s, void (*f)(const void *), const void *data, size_t n)
{
    API;
    const std::string copy((const char *)data, n);
    return queue(s, [=] { f(copy.data()); });
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned) { API; streams[*s = new CUstream_st] = 1; return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t s)
{
    API;
    if (captures(s))
        return fails(cudaErrorStreamCaptureUnsupported);
    drain(s);
    return sticky;
}
cudaError_t cudaStreamQuery(cudaStream_t s) { API; return s->queue.empty() ? cudaSuccess : cudaErrorNotReady; }
cudaError_t cudaStreamDestroy(cudaStream_t s)
{
    std::lock_guard<std::recursive_mutex> lock(machine);
    if (!sticky)
        drain(s);
    streams.erase(s);
    delete s;
    return sticky;
}
cudaError_t cudaDeviceSynchronize(void)
{
    API;
    for (auto &s : streams)
        drain(s.first);
    return sticky;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned) { API; *e = new CUevent_st(); return cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t e)
{
    std::lock_guard<std::recursive_mutex> lock(machine);
    cudaEventSynchronize(e);
    delete e;
    return sticky;
}
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s)
{
    API;
    if (captures(s))
        return fails(cudaErrorStreamCaptureUnsupported);
    cudaEventSynchronize(e);
    e->stream = s;
    e->waiting = true;
    return queue(s, [=] {
        timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        e->seconds = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
        e->waiting = false;
    });
}
cudaError_t cudaEventSynchronize(cudaEvent_t e)
{
    API;
    if (e->waiting)
        drain(e->stream, e);
    return sticky;
}
cudaError_t cudaEventQuery(cudaEvent_t e) { API; return e->waiting ? cudaErrorNotReady : cudaSuccess; }
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t a, cudaEvent_t b) { API; *ms = (float)(1e3 * (b->seconds - a->seconds)); return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned) { API; return queue(s, [=] { cudaEventSynchronize(e); }); }

cudaError_t cudaStreamBeginCapture(cudaStream_t s, cudaStreamCaptureMode)
{
    API;
    s->captured = new CUgraph_st;
    s->spoilt = false;
    return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *graph)
{
    API;
    *graph = std::exchange(s->captured, nullptr);
    if (!s->spoilt && !injected("capture"))
        return cudaSuccess;
    delete *graph;
    *graph = nullptr;
    return fails(cudaErrorStreamCaptureInvalidated);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t graph, unsigned long long) { API; *out = new CUgraphExec_st{*graph}; return cudaSuccess; }
cudaError_t cudaGraphLaunch(cudaGraphExec_t g, cudaStream_t s)
{
    API;
    if (injected("graph"))
        return sticky = cudaErrorLaunchFailure;
    for (const work &w : g->nodes)
        queue(s, w);
    return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t g) { delete g; return cudaSuccess; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t g) { delete g; return cudaSuccess; }
}
