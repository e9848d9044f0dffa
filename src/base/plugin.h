/* Parts of the program that live in shared libraries of their own, so that nobody pays for half a gigabyte of GPU libraries who has no GPU.
 *
 * * A plugin lies in lib/facesdist beside the program's bin/, is opened with RTLD_NOW | RTLD_LOCAL and exports one symbol, a const
 * fd_plugin. It takes what it needs of base/ from the program that opens it (cmake/plugin.symbols). */
#ifndef FD_BASE_PLUGIN_H
#define FD_BASE_PLUGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* Raised with every change of what plugins and program share: fd_plugin, the tables that it may point to (engine/engine.h, comm/nccl_plugin.h),
 * base/status.h and base/memory.h. */
enum { FD_PLUGIN_ABI = 4 };
#define FD_PLUGIN_SYMBOL "facesdist_plugin"

typedef struct fd_plugin {
    int32_t abi;           /* FD_PLUGIN_ABI */
    const char *version;   /* the program's version and revision, which must be the same */
    const char *part;      /* what `table` is: "engine" (fd_engine_kind) or "exchange" (fd_nccl_table) */
    const void *table;
} fd_plugin;

typedef enum fd_plugin_status {
    FD_PLUGIN_READY,
    FD_PLUGIN_NO_DRIVER,         /* libcuda.so.1 cannot be opened */
    FD_PLUGIN_WRONG_DRIVER,      /* it is there, but does not start: the toolkit's stub, another version than the kernel module */
    FD_PLUGIN_OLD_DRIVER,        /* made for an older CUDA than the plugin needs */
    FD_PLUGIN_NO_DEVICE,         /* no GPU, or none that is visible */
    FD_PLUGIN_NOT_BUILT,         /* no such file */
    FD_PLUGIN_LIBRARY_MISSING,   /* it does not open: a library that it needs is not there */
    FD_PLUGIN_FOREIGN,           /* of another build of this program, or another part of it */
    FD_PLUGIN_OTHER_LIBRARY      /* it opens, but with a library older than the one it was built with, or of another major version */
} fd_plugin_status;

/* Whether there is a lib/facesdist/FILE. */
bool fd_plugin_is_there(const char *file);

/* Opens lib/facesdist/FILE, which must be this part, and gives its table; it stays open until the process ends. On a failure *status says
 * which (NOT_BUILT, LIBRARY_MISSING or FOREIGN), the error (FD_DEVICE) why. */
fd_error *fd_plugin_open(const char *file, const char *part, const void **table, fd_plugin_status *status) FD_CHECK;

#endif
