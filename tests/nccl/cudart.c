/* A CUDA runtime for the exchange alone: memory, one kind of copy, streams and events. Nothing moves but when an event is queried, so that
 * what is read too early is wrong. FACESDIST_EMU_UNIT: as in tests/emu/cudart.cpp. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standin.h"

typedef struct entry { standin_work *work; void *self; struct entry *next; } entry;
struct CUstream_st { entry *head, **tail; };
struct CUevent_st { cudaStream_t stream; bool waiting; };

int standin_unsettled;

void standin_queue(cudaStream_t s, standin_work *work, void *self)
{
    entry *e = malloc(sizeof *e);
    if (!e)
        abort();
    *e = (entry){work, self, NULL};
    *s->tail = e;
    s->tail = &e->next;
}

static void go_on(cudaStream_t s)
{
    while (s->head && s->head->work(s->head->self)) {
        entry *e = s->head;
        s->head = e->next;
        if (!s->head)
            s->tail = &s->head;
        free(e->self);
        free(e);
    }
}

typedef struct copying { void *to; const void *from; size_t n; } copying;

static bool copy(void *self)
{
    const copying *c = self;
    memcpy(c->to, c->from, c->n);
    return true;
}

static bool record(void *self)
{
    cudaEvent_t *e = self;
    (*e)->waiting = false;
    return true;
}

static void must_be_settled(const char *call)
{
    if (!standin_unsettled)
        return;
    fprintf(stderr, "stand-in of NCCL: %s before the collective in front of it has settled\n", call);
    abort();
}

static void *kept(const void *bytes, size_t n)
{
    void *copy_of = malloc(n);
    if (!copy_of)
        abort();
    return memcpy(copy_of, bytes, n);
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n, cudaMemcpyKind kind, cudaStream_t s)
{
    (void)kind;
    must_be_settled("cudaMemcpyAsync");
    standin_queue(s, copy, kept(&(copying){to, from, n}, sizeof(copying)));
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s)
{
    must_be_settled("cudaEventRecord");
    *e = (struct CUevent_st){s, true};
    standin_queue(s, record, kept(&e, sizeof e));
    return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t e)
{
    if (e->waiting)
        go_on(e->stream);
    return e->waiting ? cudaErrorNotReady : cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned flags)
{
    (void)flags;
    *s = malloc(sizeof **s);
    if (*s)
        **s = (struct CUstream_st){NULL, &(*s)->head};
    return *s ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaStreamDestroy(cudaStream_t s)
{
    for (entry *e = s->head, *next; e; e = next) {
        next = e->next;
        free(e->self);
        free(e);
    }
    free(s);
    return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned flags)
{
    (void)flags;
    *e = calloc(1, sizeof **e);
    return *e ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaEventDestroy(cudaEvent_t e)
{
    free(e);
    return cudaSuccess;
}

/* Never what it was before: it shows where bytes are taken for those that came. */
static cudaError_t take(void **p, size_t n)
{
    *p = malloc(n);
    if (*p)
        memset(*p, 0xa5, n);
    return *p ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaMalloc(void **p, size_t n)
{
    const char *fail = getenv("FACESDIST_EMU_NCCL");
    return fail && strcmp(fail, "memory") == 0 ? cudaErrorMemoryAllocation : take(p, n);
}

cudaError_t cudaHostAlloc(void **p, size_t n, unsigned flags)
{
    (void)flags;
    return take(p, n);
}

cudaError_t cudaFree(void *p)
{
    free(p);
    return cudaSuccess;
}

cudaError_t cudaFreeHost(void *p)
{
    free(p);
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int *n)
{
    *n = 1;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
    return device ? cudaErrorInvalidDevice : cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int device)
{
    const char *variable = getenv("FACESDIST_EMU_UNIT"), *unit = variable ? getenv(variable) : NULL;
    (void)device;
    memset(p, 0, sizeof *p);
    memcpy(p->uuid.bytes, "emulated device", sizeof p->uuid.bytes);
    p->uuid.bytes[15] = (char)(unit ? atoi(unit) : 0);
    return cudaSuccess;
}

cudaError_t cudaGetLastError(void)
{
    return cudaSuccess;
}

const char *cudaGetErrorName(cudaError_t e)
{
    return e == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaErrorEmulated";
}

const char *cudaGetErrorString(cudaError_t e)
{
    return e == cudaErrorMemoryAllocation ? "out of memory" : "an error of the stand-in";
}
