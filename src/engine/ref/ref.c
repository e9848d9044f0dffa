#include "engine/ref/ref.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static fd_error *ref_open(const fd_engine_config *config, fd_engine **out)
{
    (void)config;   /* plain C: the same code whatever the processor */
    fd_engine *e;
    fd_error *err = fd_alloc(&e, 1, sizeof *e);
    if (err)
        return err;
    e->kind = &fd_ref_kind;
    *out = e;
    return NULL;
}

static void ref_close(fd_engine *e)
{
    free(e);
}

static const char *ref_description(const fd_engine *e)
{
    (void)e;
    return "reference, plain C";
}

static const char *ref_isa(const fd_engine *e)
{
    (void)e;
    return "generic";
}

const fd_engine_kind fd_ref_kind = {
    .name = "ref",
    .help = "plain C, slow, always there: what the other engines are tested against",
    .automatic = 1,
    .open = ref_open,
    .close = ref_close,
    .description = ref_description,
    .isa = ref_isa,
    .lane_open = fd_host_lane_open,
    .lane_close = fd_host_lane_close,
    .lane_scratch = fd_host_lane_scratch,
    .lane_sync = fd_host_lane_sync,
    .alloc = fd_host_alloc,
    .release = fd_host_release,
    .slab_alloc = fd_host_slab,
    .slab_release = fd_host_release,
    .upload = fd_host_copy,
    .download = fd_host_copy,
    .op = &fd_ref_op,
    .image = &fd_ref_image,
    .distance = &fd_ref_distance,
    .raster = &fd_ref_raster,
};
