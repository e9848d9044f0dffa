/* The GPU's driver, through libcuda.so.1 alone: three calls whose types never change, so that no header of CUDA is needed. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/plugin.h"

#ifndef FACESDIST_CUDA_VERSION
#define FACESDIST_CUDA_VERSION 12000   /* no toolkit: what the oldest one that is supported would need */
#endif

/* Values of CUresult. */
enum { CU_SUCCESS = 0, CU_STUB_LIBRARY = 34, CU_NO_DEVICE = 100, CU_SYSTEM_DRIVER_MISMATCH = 803 };

typedef struct driver_calls {
    int (*version)(int *version);
    int (*init)(unsigned flags);
    int (*count)(int *devices);
    int (*name)(int error, const char **text);
} driver_calls;

/* dlsym gives an object's address for a function's. */
static bool find(void *library, const char *name, void *call)
{
    void *address = dlsym(library, name);
    memcpy(call, &address, sizeof address);
    return address != NULL;
}

static void wrong(fd_driver *d, const driver_calls *calls, const char *call, int error)
{
    const char *name = NULL;
    d->status = FD_PLUGIN_WRONG_DRIVER;
    if (error == CU_STUB_LIBRARY)
        snprintf(d->reason, sizeof d->reason, "libcuda.so.1 is the CUDA toolkit's stub, no driver: take its folder out of LD_LIBRARY_PATH");
    else if (error == CU_SYSTEM_DRIVER_MISMATCH)
        snprintf(d->reason, sizeof d->reason, "libcuda.so.1 and the kernel's NVIDIA module are of different versions: load the module again or reboot");
    else if (calls->name && calls->name(error, &name) == CU_SUCCESS && name)
        snprintf(d->reason, sizeof d->reason, "the NVIDIA driver does not start: %s gives %s", call, name);
    else
        snprintf(d->reason, sizeof d->reason, "the NVIDIA driver does not start: %s gives error %d", call, error);
}

static void none_visible(fd_driver *d)
{
    d->status = FD_PLUGIN_NO_DEVICE;
    snprintf(d->reason, sizeof d->reason, "the NVIDIA driver sees no GPU (look at CUDA_VISIBLE_DEVICES and nvidia-smi -L; one in MIG mode is seen by its instances only)");
}

static void ask(fd_driver *d, const driver_calls *calls)
{
    int error = calls->version(&d->have);
    if (error) {
        d->have = 0;
        wrong(d, calls, "cuDriverGetVersion", error);
        return;
    }
    if (d->have < d->need) {
        d->status = FD_PLUGIN_OLD_DRIVER;
        snprintf(d->reason, sizeof d->reason, "the NVIDIA driver is too old: it is made for CUDA %d.%d, this program needs one for %d.%d or newer", d->have / 1000,
                 d->have % 1000 / 10, d->need / 1000, d->need % 1000 / 10);
        return;
    }
    error = calls->init(0);
    if (!error)
        error = calls->count(&d->devices);
    if (error == CU_NO_DEVICE || (!error && d->devices == 0))
        none_visible(d);
    else if (error)
        wrong(d, calls, "cuInit", error);
}

/* The driver stays loaded: it has threads of its own once it is initialised. */
void fd_driver_ask(fd_driver *out)
{
    driver_calls calls = {NULL, NULL, NULL, NULL};
    *out = (fd_driver){.status = FD_PLUGIN_READY, .need = FACESDIST_CUDA_VERSION / 1000 * 1000};   /* within a major version drivers run what newer toolkits made */
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        out->status = FD_PLUGIN_NO_DRIVER;
        snprintf(out->reason, sizeof out->reason, "there is no NVIDIA driver (%s)", why ? why : "libcuda.so.1 does not open");
        return;
    }
    (void)find(library, "cuGetErrorName", &calls.name);
    if (find(library, "cuDriverGetVersion", &calls.version) && find(library, "cuInit", &calls.init) && find(library, "cuDeviceGetCount", &calls.count)) {
        ask(out, &calls);
        return;
    }
    out->status = FD_PLUGIN_WRONG_DRIVER;
    snprintf(out->reason, sizeof out->reason, "libcuda.so.1 is no NVIDIA driver: it lacks cuInit or its like");
}
