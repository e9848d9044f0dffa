/* The cuda engine: one GPU, its memory in one pool, lanes that are streams. Built as a plugin (engine/plugin.h).
 *
 * Nothing runs on the default stream, and the GPU allocates nothing once the engine is open: whatever is asked for later comes from the pool.
 * Everything that is queued belongs to a lane; the engine's own stream serves zeroing and weights and is idle whenever its lock is free. */
#ifndef FD_ENGINE_CUDA_CUDA_H
#define FD_ENGINE_CUDA_CUDA_H

#include <cuda_runtime_api.h>
#include <pthread.h>
#include <stdatomic.h>

#include "engine/cuda/pool.h"
#include "engine/distance.h"
#include "engine/host.h"
#include "engine/image.h"
#include "engine/lesson.h"
#include "engine/raster.h"

typedef struct fd_cuda_lane fd_cuda_lane;
typedef struct fd_cuda_library fd_cuda_library;   /* library.h: cuDNN and cuBLASLt */
typedef struct fd_cuda_handles fd_cuda_handles;   /* library.h: what a lane needs of them */
typedef struct fd_cuda_clock fd_cuda_clock;       /* work.h: the engine's device times */
typedef struct fd_cuda_work fd_cuda_work;         /* work.h: what a lane does, and since when */
typedef struct fd_cuda_pinned fd_cuda_pinned;     /* slab.c */

typedef struct fd_cuda_engine {
    fd_engine base;
    int device;
    fd_arithmetic arithmetic;
    fd_cuda_library *library;
    atomic_uint released;       /* operators that are gone */
    atomic_bool graphs, graphless;   /* a graph was made; one could not be made, so no more are tried */
    atomic_int lost;            /* the sticky error that ended the GPU's context; 0: none */
    pthread_mutex_t lock;       /* of all that follows */
    cudaStream_t stream;
    fd_cuda_pool pool;
    fd_cuda_lane *lanes;        /* the open ones */
    fd_cuda_pinned *pinned;     /* page-locked memory that callers have */
    pthread_mutex_t setup_lock; /* of the lane on which operators are tried while they are prepared */
    fd_cuda_lane *setup;        /* NULL until it is needed */
    char name[128];             /* "GPU 0 (NVIDIA H100 80GB HBM3)" */
    char uuid[48], address[32];
    fd_cuda_clock *clock;
    char description[256], isa[256];
} fd_cuda_engine;

static inline fd_cuda_engine *fd_cuda(fd_engine *e)
{
    return (fd_cuda_engine *)e;
}

extern const fd_op_table fd_cuda_op_table;
extern const fd_image_table fd_cuda_image_table;
extern const fd_distance_table fd_cuda_distance_table;
extern const fd_raster_table fd_cuda_raster_table;
extern const fd_lesson_table fd_cuda_lesson_table;

/* --- check.c ------------------------------------------------------------------------------------------------------------------------- */

/* The error of a cudaError_t, NULL for 0: FD_NOMEM where memory is short, else FD_DEVICE. One that ends the context is remembered, and every
 * later call fails with it: nothing that was computed since can be trusted. */
fd_error *fd_cuda_error(fd_cuda_engine *e, int error, const char *what) FD_CHECK;

/* Whether it is an error after which a context answers every call with the same until the process ends. */
bool fd_cuda_is_sticky(int error);

#define FD_CUDA(engine, call) FD_TRY(fd_cuda_error((engine), (int)(call), #call))

/* --- memory of the engine ------------------------------------------------------------------------------------------------------------- */

/* From the pool, contents undefined. */
fd_error *fd_cuda_take(fd_cuda_engine *e, size_t bytes, void *out) FD_CHECK;
/* Back to it, once `lane` has done what it was given; lane NULL: once all lanes have. p NULL is allowed. */
void fd_cuda_give(fd_cuda_engine *e, fd_cuda_lane *lane, void *p);
/* A copy of host memory that stays: weights, tables. */
fd_error *fd_cuda_keep(fd_cuda_engine *e, const void *host, size_t bytes, void *out) FD_CHECK;

/* Waits until `lane` has done what it was given. */
void fd_cuda_wait(const fd_cuda_engine *e, fd_cuda_lane *lane);

/* The lane for trials while operators are prepared; fd_cuda_setup_end gives it back (an error: it was never had). */
fd_error *fd_cuda_setup_begin(fd_cuda_engine *e, fd_cuda_lane **out) FD_CHECK;
void fd_cuda_setup_end(fd_cuda_engine *e);

/* --- lane.c --------------------------------------------------------------------------------------------------------------------------- */

enum { FD_CUDA_SLABS = 2, FD_CUDA_PARCELS = 64 };

/* Pinned memory on the way to the GPU, and what tells that it has arrived. */
typedef struct fd_cuda_slab { unsigned char *memory; cudaEvent_t sent; } fd_cuda_slab;

/* Bytes that lie in the landing slab and belong to the host memory of a caller. */
typedef struct fd_cuda_parcel { void *to; const void *from; size_t bytes; } fd_cuda_parcel;

/* --- repeat.c ------------------------------------------------------------------------------------------------------------------------- */

enum { FD_CUDA_GRAPHS = 16 };   /* that a lane keeps: four networks in two workspaces, and as many again */

typedef struct fd_cuda_graph {
    fd_sequence of;
    int seen;                  /* calls, counted up to 2; 0: no entry */
    cudaGraphExec_t ready;     /* NULL: not captured */
} fd_cuda_graph;

struct fd_cuda_lane {
    fd_lane base;
    fd_cuda_lane *next;
    cudaStream_t stream;
    fd_cuda_handles *handles;
    fd_cuda_work *work;
    atomic_bool busy;                                  /* something was queued since the last wait */
    void *scratch;
    size_t scratch_bytes;
    fd_cuda_slab slab[FD_CUDA_SLABS];
    int slab_next;
    unsigned char *landing;                            /* pinned */
    size_t landed;                                     /* bytes of it that wait for their callers */
    fd_cuda_parcel parcel[FD_CUDA_PARCELS];
    int parcels;
    unsigned char *jobs;                               /* device: arrays of jobs for kernels, used in a circle */
    size_t jobs_bytes, jobs_at;
    unsigned char *window;                             /* device: the part of a large picture that is being read; NULL until one comes */
    size_t window_bytes;
    fd_cuda_graph graph[FD_CUDA_GRAPHS];
    int graph_next;
    unsigned released;                                 /* the engine's, when the graphs were made */
};

static inline fd_cuda_engine *fd_cuda_of(const fd_cuda_lane *lane)
{
    return (fd_cuda_engine *)lane->base.engine;
}

/* The stream to queue work on; makes the lane's GPU the thread's. */
cudaStream_t fd_cuda_stream(fd_cuda_lane *lane);

fd_error *fd_cuda_lane_open(fd_engine *e, fd_lane **out) FD_CHECK;
void fd_cuda_lane_close(fd_lane *lane);
fd_error *fd_cuda_lane_scratch(fd_lane *lane, size_t bytes, void **out) FD_CHECK;
fd_error *fd_cuda_lane_sync(fd_lane *lane) FD_CHECK;
fd_error *fd_cuda_repeat(fd_lane *lane, const fd_sequence *s) FD_CHECK;
void fd_cuda_graphs_close(fd_cuda_lane *lane);
/* from_host may be changed on return. */
fd_error *fd_cuda_upload(fd_lane *lane, void *to, const void *from_host, size_t bytes) FD_CHECK;
fd_error *fd_cuda_download(fd_lane *lane, void *to_host, const void *from, size_t bytes) FD_CHECK;
/* *out = a copy on the device for the kernels that are queued next: it lasts until as much again has been sent after it. */
fd_error *fd_cuda_send(fd_cuda_lane *lane, const void *host, size_t bytes, void *out) FD_CHECK;

#endif
