/* Engines that live in shared libraries of their own, so that nobody pays for half a gigabyte of GPU libraries who has no GPU.
 *
 * A plugin lies in lib/facesdist beside the program's bin/, is opened with RTLD_NOW | RTLD_LOCAL and exports one symbol, a const fd_plugin.
 * It takes what it needs of base/ from the program that opens it (cmake/plugin.symbols). It is opened only after the driver has said that
 * there is something to use it for. */
#ifndef FD_ENGINE_PLUGIN_H
#define FD_ENGINE_PLUGIN_H

#include <stdint.h>

#include "engine/engine.h"

/* Raised with every change of what plugin and program share: fd_plugin, the tables of the engine, base/status.h and base/memory.h. */
enum { FD_PLUGIN_ABI = 1 };
#define FD_PLUGIN_SYMBOL "facesdist_plugin"

typedef struct fd_plugin {
    int32_t abi;                    /* FD_PLUGIN_ABI */
    const char *version;            /* the program's version and revision, which must be the same */
    const fd_engine_kind *engine;   /* NULL: the plugin holds none */
} fd_plugin;

typedef enum fd_plugin_status {
    FD_PLUGIN_READY,
    FD_PLUGIN_NO_DRIVER,         /* libcuda.so.1 cannot be opened */
    FD_PLUGIN_WRONG_DRIVER,      /* it is there, but does not start: the toolkit's stub, another version than the kernel module */
    FD_PLUGIN_OLD_DRIVER,        /* made for an older CUDA than the plugin needs */
    FD_PLUGIN_NO_DEVICE,         /* no GPU, or none that is visible */
    FD_PLUGIN_NOT_BUILT,         /* no such file */
    FD_PLUGIN_LIBRARY_MISSING,   /* it does not open: a library that it needs is not there */
    FD_PLUGIN_FOREIGN            /* of another build of this program */
} fd_plugin_status;

/* What the GPU's driver says, asked without any plugin. */
typedef struct fd_driver {
    fd_plugin_status status;     /* READY, NO_DRIVER, WRONG_DRIVER, OLD_DRIVER or NO_DEVICE */
    int have, need;              /* versions of CUDA, 1000 * major + 10 * minor; have 0: unknown */
    int devices;                 /* visible ones */
    char reason[256];            /* of a status that is not READY: one line for people */
} fd_driver;

void fd_driver_ask(fd_driver *out);

/* Whether there is a lib/facesdist/FILE. */
bool fd_plugin_is_there(const char *file);

/* Opens lib/facesdist/FILE; it stays open until the process ends. On a failure *status says which, the error why. */
fd_error *fd_plugin_open(const char *file, const fd_plugin **out, fd_plugin_status *status) FD_CHECK;

/* The registry's row of the engine in libfacesdist-cuda.so; only name, help, automatic and open. */
extern const fd_engine_kind fd_cuda_row;

#endif
