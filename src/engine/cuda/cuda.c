#include "engine/cuda/cuda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/plugin.h"
#include "engine/cuda/library.h"
#include "engine/cuda/slab.h"
#include "engine/cuda/work.h"

/* --- memory -------------------------------------------------------------------------------------------------------------------------- */

fd_error *fd_cuda_take(fd_cuda_engine *e, size_t bytes, void *out)
{
    void *p = NULL;
    pthread_mutex_lock(&e->lock);
    fd_error *err = fd_cuda_pool_take(&e->pool, bytes, &p);
    pthread_mutex_unlock(&e->lock);
    if (!err)
        memcpy(out, &p, sizeof p);
    return err;
}

void fd_cuda_wait(const fd_cuda_engine *e, fd_cuda_lane *lane)
{
    if (!atomic_load(&lane->busy))
        return;
    (void)cudaSetDevice(e->device);
    (void)cudaStreamSynchronize(lane->stream);   /* its error stays with the stream and meets the lane's next call */
}

void fd_cuda_give(fd_cuda_engine *e, fd_cuda_lane *lane, void *p)
{
    if (!p)
        return;
    if (lane)
        fd_cuda_wait(e, lane);
    pthread_mutex_lock(&e->lock);
    for (fd_cuda_lane *l = lane ? NULL : e->lanes; l; l = l->next)
        fd_cuda_wait(e, l);
    fd_cuda_pool_give(&e->pool, p);
    pthread_mutex_unlock(&e->lock);
}

fd_error *fd_cuda_keep(fd_cuda_engine *e, const void *host, size_t bytes, void *out)
{
    fd_error *err = NULL;
    void *p = NULL;
    FD_TRY(fd_cuda_take(e, bytes, &p));
    pthread_mutex_lock(&e->lock);
    (void)cudaSetDevice(e->device);
    err = fd_cuda_error(e, (int)cudaMemcpyAsync(p, host, bytes, cudaMemcpyHostToDevice, e->stream), "copying constants");
    if (!err)
        err = fd_cuda_error(e, (int)cudaStreamSynchronize(e->stream), "copying constants");
    pthread_mutex_unlock(&e->lock);
    if (err)
        goto done;
    memcpy(out, &p, sizeof p);
    p = NULL;
done:
    fd_cuda_give(e, NULL, p);
    return err;
}

static fd_error *cuda_alloc(fd_engine *engine, size_t bytes, void **out)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = fd_cuda(engine);
    FD_TRY(fd_cuda_take(e, bytes, out));
    pthread_mutex_lock(&e->lock);
    (void)cudaSetDevice(e->device);
    err = fd_cuda_error(e, (int)cudaMemsetAsync(*out, 0, bytes, e->stream), "zeroing memory");
    if (!err)
        err = fd_cuda_error(e, (int)cudaStreamSynchronize(e->stream), "zeroing memory");
    pthread_mutex_unlock(&e->lock);
    if (err)
        fd_cuda_give(e, NULL, *out);
done:
    return err;
}

static void cuda_release(fd_engine *e, void *p)
{
    fd_cuda_give(fd_cuda(e), NULL, p);
}

static size_t cuda_room(fd_engine *engine)
{
    fd_cuda_engine *e = fd_cuda(engine);
    pthread_mutex_lock(&e->lock);
    const size_t room = e->pool.bytes - e->pool.extents.used;
    pthread_mutex_unlock(&e->lock);
    return room;
}

fd_error *fd_cuda_setup_begin(fd_cuda_engine *e, fd_cuda_lane **out)
{
    fd_error *err = NULL;
    fd_lane *lane = NULL;
    pthread_mutex_lock(&e->setup_lock);
    if (!e->setup)
        FD_TRY(fd_cuda_lane_open(&e->base, &lane));
    e->setup = lane ? (fd_cuda_lane *)lane : e->setup;
    *out = e->setup;
done:
    if (err)
        pthread_mutex_unlock(&e->setup_lock);
    return err;
}

void fd_cuda_setup_end(fd_cuda_engine *e)
{
    pthread_mutex_unlock(&e->setup_lock);
}

/* --- the engine ------------------------------------------------------------------------------------------------------------------------ */

static void cuda_close(fd_engine *base)
{
    fd_cuda_engine *e = fd_cuda(base);
    (void)cudaSetDevice(e->device);
    if (e->setup)
        fd_cuda_lane_close(&e->setup->base);
    fd_cuda_library_close(e->library);
    fd_cuda_clock_close(e->clock);
    if (e->stream)
        (void)cudaStreamDestroy(e->stream);
    fd_cuda_pool_close(&e->pool);
    fd_cuda_slabs_close(e);
    pthread_mutex_destroy(&e->lock);
    pthread_mutex_destroy(&e->setup_lock);
    free(e);
}

/* How much of the free memory to take when nobody says: the rest is for what CUDA itself loads while the program runs, and for others. */
static size_t share_of(size_t available, size_t total, int sharers)
{
    if (sharers < 2)
        return available / 5 * 4;
    const size_t part = total / 5 * 4 / (size_t)sharers;   /* of the whole: who comes later must not get less */
    return part < available ? part : available / 5 * 4;
}

/* All that the engine will ever use, at once: what does not fit later is an error of this program, not of the GPU. */
static fd_error *open_pool(fd_cuda_engine *e, size_t wanted, int sharers)
{
    fd_error *err = NULL;
    size_t available = 0, total = 0;
    FD_CUDA(e, cudaMemGetInfo(&available, &total));
    if (wanted > available)
        FD_THROW(FD_NOMEM, "%s has %zu MiB free, --gpu-memory asks for %zu", e->name, available >> 20, wanted >> 20);
    size_t bytes = wanted ? wanted : share_of(available, total, sharers);
    int error = fd_cuda_pool_open(&e->pool, bytes);
    for (; error == cudaErrorMemoryAllocation && !wanted && bytes >> 28; error = fd_cuda_pool_open(&e->pool, bytes)) {
        (void)cudaGetLastError();
        bytes /= 2;   /* others take memory at the same time */
    }
    FD_TRY(fd_cuda_error(e, error, "taking the engine's memory"));
done:
    return err;
}

#ifndef FACESDIST_EMULATED
static const char *arithmetic_name(fd_arithmetic a)
{
    static const char *const names[] = {[FD_ARITHMETIC_F32] = "f32", [FD_ARITHMETIC_TF32] = "tf32", [FD_ARITHMETIC_F16] = "f16", [FD_ARITHMETIC_BF16] = "bf16"};
    return names[a];
}
#endif

/* What the bytes of a result depend on goes into `isa`, which is compared between ranks and pinned by the journal. */
static fd_error *describe(fd_cuda_engine *e, const struct cudaDeviceProp *p)
{
    fd_error *err = NULL;
    int runtime = 0, driver = 0;
    char libraries[96];
    FD_CUDA(e, cudaRuntimeGetVersion(&runtime));
    FD_CUDA(e, cudaDriverGetVersion(&driver));
    fd_cuda_library_describe(e->library, libraries, sizeof libraries);
    snprintf(e->description, sizeof e->description, "%.64s, CUDA %d.%d (driver %d.%d), %s, %zu MiB", p->name, runtime / 1000, runtime % 1000 / 10,
             driver / 1000, driver % 1000 / 10, libraries, e->pool.bytes >> 20);
#ifdef FACESDIST_EMULATED
    snprintf(e->isa, sizeof e->isa, "emulated");
#else
    snprintf(e->isa, sizeof e->isa, "sm_%d%d, %.64s, CUDA %d.%d, %s, %s", p->major, p->minor, p->name, runtime / 1000, runtime % 1000 / 10, libraries,
             arithmetic_name(e->arithmetic));
#endif
done:
    return err;
}

/* As nvidia-smi -L writes it. A slice of a GPU (MIG) has one of its own, and is told by its name: "NVIDIA A100-SXM4-40GB MIG 1g.5gb". */
static void write_uuid(const struct cudaDeviceProp *p, char out[48])
{
    int n = snprintf(out, 48, "%s", strstr(p->name, " MIG ") ? "MIG" : "GPU");
    for (int i = 0; i < 16; i++)
        n += snprintf(out + n, (size_t)(48 - n), "%s%02x", i == 0 || i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", (unsigned char)p->uuid.bytes[i]);
}

static fd_error *set_device(fd_cuda_engine *e)
{
    const int error = (int)cudaSetDevice(e->device);
    if (error == cudaErrorDevicesUnavailable)
        return FD_FAIL(FD_DEVICE, "%s is taken: it is in exclusive-process mode and another process uses it, or its mode prohibits computing (nvidia-smi -q -d COMPUTE)",
                       e->name);
    return fd_cuda_error(e, error, "starting it");
}

static fd_error *fill(fd_cuda_engine *e, const fd_engine_config *config)
{
    fd_error *err = NULL;
    struct cudaDeviceProp p;
    snprintf(e->name, sizeof e->name, "GPU %d", e->device);
    FD_CUDA(e, cudaGetDeviceProperties(&p, e->device));
    snprintf(e->name, sizeof e->name, "GPU %d (%.64s)", e->device, p.name);
    write_uuid(&p, e->uuid);
    if (p.pciBusID >= 0)   /* -1: the emulator, which is nowhere */
        snprintf(e->address, sizeof e->address, "%04x:%02x:%02x.0", (unsigned)p.pciDomainID, (unsigned)p.pciBusID, (unsigned)p.pciDeviceID);
    if (p.major < 7 || (p.major == 7 && p.minor < 5))
        FD_THROW(FD_DEVICE, "%s has compute capability %d.%d; 7.5 or newer is needed", e->name, p.major, p.minor);
    FD_TRY(set_device(e));
    FD_CUDA(e, cudaStreamCreateWithFlags(&e->stream, cudaStreamNonBlocking));
    FD_TRY(fd_cuda_clock_open(e, &e->clock));
    FD_TRY(fd_cuda_library_open(e, &e->library));
    FD_TRY(open_pool(e, config->memory, config->sharers));
    FD_TRY(describe(e, &p));
done:
    return err;
}

static fd_error *cuda_open(const fd_engine_config *config, fd_engine **out);

static const char *cuda_description(const fd_engine *e)
{
    return ((const fd_cuda_engine *)e)->description;
}

static const char *cuda_isa(const fd_engine *e)
{
    return ((const fd_cuda_engine *)e)->isa;
}

static const char *cuda_uuid(const fd_engine *e)
{
    return ((const fd_cuda_engine *)e)->uuid;
}

static const char *cuda_address(const fd_engine *e)
{
    return ((const fd_cuda_engine *)e)->address;
}

static const fd_engine_kind kind = {
    .name = "cuda",
    .help = "NVIDIA GPUs: cuDNN, cuBLASLt and kernels of our own",
    .automatic = 1,
    .numbered = 1,
    .open = cuda_open,
    .close = cuda_close,
    .description = cuda_description,
    .isa = cuda_isa,
    .uuid = cuda_uuid,
    .address = cuda_address,
    .lanes = 2,   /* one is filled while the other computes */
#ifdef FACESDIST_EMULATED
    .width = 2,
#else
    .width = 16,
#endif
    .lane_open = fd_cuda_lane_open,
    .lane_close = fd_cuda_lane_close,
    .lane_scratch = fd_cuda_lane_scratch,
    .lane_sync = fd_cuda_lane_sync,
    .lane_repeat = fd_cuda_repeat,
    .lane_begin = fd_cuda_work_begin,
    .lane_end = fd_cuda_work_end,
    .seconds = fd_cuda_work_seconds,
    .alloc = cuda_alloc,
    .release = cuda_release,
    .slab_alloc = fd_cuda_slab_alloc,
    .slab_release = fd_cuda_slab_release,
    .room = cuda_room,
    .upload = fd_cuda_work_upload,
    .download = fd_cuda_work_download,
    .op = &fd_cuda_op_table,
    .image = &fd_cuda_image_table,
    .distance = &fd_cuda_distance_table,
    .raster = &fd_cuda_raster_table,
    .lesson = &fd_cuda_lesson_table,
};

static fd_error *cuda_open(const fd_engine_config *config, fd_engine **out)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = NULL;
    FD_TRY(fd_alloc(&e, 1, sizeof *e));
    e->base.kind = &kind;
    e->device = config->device;
    e->arithmetic = config->arithmetic;
    atomic_init(&e->lost, 0);
    pthread_mutex_init(&e->lock, NULL);
    pthread_mutex_init(&e->setup_lock, NULL);
    FD_TRY(fill(e, config));
    *out = &e->base;
    e = NULL;
done:
    if (e)
        cuda_close(&e->base);
    return err;
}

extern const fd_plugin facesdist_plugin;
__attribute__((visibility("default"))) const fd_plugin facesdist_plugin = {FD_PLUGIN_ABI, FACESDIST_BUILD, "engine", &kind};
