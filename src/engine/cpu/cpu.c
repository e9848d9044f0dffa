#include "engine/cpu/cpu.h"

#include <dnnl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

void fd_cpu_one_thread(void)
{
    omp_set_num_threads(1);
}

/* The name in /proc/cpuinfo, for people. */
static void processor_name(char *out, size_t size)
{
    snprintf(out, size, "unknown processor");
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon && colon[1]) {
            line[strcspn(line, "\n")] = 0;
            snprintf(out, size, "%s", colon + 2);
            break;
        }
    }
    if (f)
        fclose(f);
}

/* oneDNN's limit belongs to the process and is frozen at its first use: a second engine must ask for the same. */
static fd_error *limit_isa(fd_isa isa)
{
    static const dnnl_cpu_isa_t limits[FD_ISA_COUNT] = {
        [FD_ISA_SSE41] = dnnl_cpu_isa_sse41, [FD_ISA_AVX2] = dnnl_cpu_isa_avx2, [FD_ISA_AVX512] = dnnl_cpu_isa_avx512_core};
    (void)dnnl_set_max_cpu_isa(limits[isa]);
    if (dnnl_get_effective_cpu_isa() == limits[isa])   /* asking freezes it, for the engines that come later */
        return NULL;
    return FD_FAIL(FD_UNSUPPORTED, "oneDNN already runs with another instruction set in this process: --isa %s cannot be had any more", fd_isa_name(isa));
}

/* Compiled primitives that are kept for the next layer of the same shape; operators hold on to their own. A network has 50 to 200 layers. */
enum { PRIMITIVE_CACHE = 256 };

static void cpu_close(fd_engine *e)
{
    fd_cpu_engine *own = (fd_cpu_engine *)e;
    if (own->dnnl)
        dnnl_engine_destroy(own->dnnl);
    free(own);
}

static void describe(fd_cpu_engine *e)
{
    char processor[80];
    processor_name(processor, sizeof processor);
    const dnnl_version_t *v = dnnl_version();
    snprintf(e->description, sizeof e->description, "oneDNN %d.%d.%d, %s, %s", v->major, v->minor, v->patch, fd_isa_name(e->isa), processor);
}

static fd_error *cpu_open(const fd_engine_config *config, fd_engine **out)
{
    fd_error *err = NULL;
    fd_cpu_engine *e = NULL;
    fd_isa isa;
    FD_TRY(fd_isa_resolve(config->isa, &isa));
    FD_TRY(limit_isa(isa));
    fd_cpu_one_thread();
    (void)dnnl_set_primitive_cache_capacity(PRIMITIVE_CACHE);
    FD_TRY(fd_alloc(&e, 1, sizeof *e));
    e->base.kind = &fd_cpu_kind;
    e->isa = isa;
    e->lanes = isa == FD_ISA_AVX512 ? 16 : isa == FD_ISA_AVX2 ? 8 : 4;
    e->cache = sysconf(_SC_LEVEL2_CACHE_SIZE) > 0 ? sysconf(_SC_LEVEL2_CACHE_SIZE) : 1 << 20;
    e->block = isa == FD_ISA_AVX512 ? 16 : 8;
    describe(e);
    int status = (int)dnnl_engine_create(&e->dnnl, dnnl_cpu, 0);
    if (status != dnnl_success)
        FD_THROW(FD_DEVICE, "oneDNN gives no engine (status %d)", status);
    *out = &e->base;
    e = NULL;
done:
    if (e)
        cpu_close(&e->base);
    return err;
}

static const char *cpu_description(const fd_engine *e)
{
    return fd_cpu(e)->description;
}

static const char *cpu_isa(const fd_engine *e)
{
    return fd_isa_name(fd_cpu(e)->isa);
}

static void cpu_lane_close(fd_lane *lane)
{
    fd_cpu_lane *own = (fd_cpu_lane *)lane;
    if (own->stream)
        dnnl_stream_destroy(own->stream);
    fd_host_lane_close(lane);
}

static fd_error *cpu_lane_open(fd_engine *e, fd_lane **out)
{
    fd_cpu_lane *lane;
    fd_error *err = fd_alloc(&lane, 1, sizeof *lane);
    if (err)
        return err;
    lane->host.base.engine = e;
    int status = (int)dnnl_stream_create(&lane->stream, fd_cpu(e)->dnnl, dnnl_stream_default_flags);
    if (status != dnnl_success) {
        cpu_lane_close(&lane->host.base);
        return FD_FAIL(FD_DEVICE, "oneDNN gives no stream (status %d)", status);
    }
    *out = &lane->host.base;
    return NULL;
}

const fd_engine_kind fd_cpu_kind = {
    .name = "cpu",
    .help = "oneDNN and vector code of our own, one thread per lane",
    .automatic = 1,
    .open = cpu_open,
    .close = cpu_close,
    .description = cpu_description,
    .isa = cpu_isa,
    .lane_open = cpu_lane_open,
    .lane_close = cpu_lane_close,
    .lane_scratch = fd_host_lane_scratch,
    .lane_sync = fd_host_lane_sync,
    .alloc = fd_host_alloc,
    .release = fd_host_release,
    .slab_alloc = fd_host_slab,
    .slab_release = fd_host_release,
    .upload = fd_host_copy,
    .download = fd_host_copy,
    .op = &fd_cpu_op,
    .image = &fd_cpu_image,
    .distance = &fd_cpu_distance,
    .raster = &fd_cpu_raster,
};
