/* The engine that lives in a plugin (base/plugin.h): libfacesdist-cuda.so. It is opened only after the driver has said that there is
 * something to use it for. */
#ifndef FD_ENGINE_PLUGIN_H
#define FD_ENGINE_PLUGIN_H

#include "base/plugin.h"
#include "engine/engine.h"

/* What the GPU's driver says, asked without any plugin. */
typedef struct fd_driver {
    fd_plugin_status status;     /* READY, NO_DRIVER, WRONG_DRIVER, OLD_DRIVER or NO_DEVICE */
    int have, need;              /* versions of CUDA, 1000 * major + 10 * minor; have 0: unknown */
    int devices;                 /* visible ones */
    char reason[256];            /* of a status that is not READY: one line for people */
} fd_driver;

void fd_driver_ask(fd_driver *out);

/* The registry's row of the engine in libfacesdist-cuda.so; only name, help, automatic and open. */
extern const fd_engine_kind fd_cuda_row;

#endif
