/* The cpu engine: oneDNN and kernels of our own, one thread per lane. dnnl.h itself is included in the .c files that need it. */
#ifndef FD_ENGINE_CPU_CPU_H
#define FD_ENGINE_CPU_CPU_H

#include "engine/cpu/isa.h"
#include "engine/distance.h"
#include "engine/host.h"
#include "engine/image.h"
#include "engine/raster.h"

extern const fd_engine_kind fd_cpu_kind;
extern const fd_op_table fd_cpu_op;
extern const fd_image_table fd_cpu_image;
extern const fd_distance_table fd_cpu_distance;
extern const fd_raster_table fd_cpu_raster;

typedef struct fd_cpu_engine {
    fd_engine base;
    fd_isa isa;
    int lanes;                    /* floats of one vector: 4, 8 or 16 */
    int64_t cache;                /* bytes of the second level's, or 1 MiB where nobody knows */
    int block;                    /* channels of a block of FD_BLOCKED: 8 or 16 */
    struct dnnl_engine *dnnl;
    char description[160];
} fd_cpu_engine;

static inline const fd_cpu_engine *fd_cpu(const fd_engine *e)
{
    return (const fd_cpu_engine *)e;
}

/* A lane has a oneDNN stream of its own. */
typedef struct fd_cpu_lane {
    fd_host_lane host;
    struct dnnl_stream *stream;
} fd_cpu_lane;

/* One thread per lane: oneDNN's threads are OpenMP's, whose number is a setting of the calling thread. Called before every use of oneDNN. */
void fd_cpu_one_thread(void);

#endif
