#include "run/nvml.h"

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Values of NVML: nvmlReturn_t, nvmlClockType_t, nvmlTemperatureSensors_t. */
enum { SUCCESS = 0, CLOCK_SM = 1, CLOCK_MEMORY = 2, SENSOR_GPU = 0 };

/* nvmlClocksThrottleReasons; idle (1) and a display's clock (0x100) hold nothing down that computes. */
static const struct {
    uint64_t bit;
    const char *name;
} reasons[] = {
    {0x2, "clocks as set"}, {0x4, "power"}, {0x8, "slowdown by hardware"},
    {0x10, "sync boost"},   {0x20, "heat"}, {0x40, "heat limit of the hardware"},
    {0x80, "power brake"},
};

typedef struct utilization {
    unsigned gpu, memory;
} utilization;   /* nvmlUtilization_t, percent */
typedef struct memory {
    unsigned long long total, available, used;
} memory;   /* nvmlMemory_t, bytes */

/* Those after `handle` may be NULL: what they tell cannot be had then. */
typedef struct calls {
    int (*init)(void);
    int (*shutdown)(void);
    int (*handle)(const char *uuid, void **device);
    const char *(*words)(int error);
    int (*driver)(char *version, unsigned size);
    int (*load)(void *device, utilization *out);
    int (*memory)(void *device, memory *out);
    int (*clock)(void *device, int type, unsigned *mhz);
    int (*temperature)(void *device, int sensor, unsigned *celsius);
    int (*reasons)(void *device, unsigned long long *bits);
} calls;

struct fd_nvml {
    void *library, *device;
    bool started;
    calls call;
    char driver[80];
};

/* dlsym gives an object's address for a function's. */
static bool find(void *library, const char *name, void *call)
{
    void *address = dlsym(library, name);
    memcpy(call, &address, sizeof address);
    return address != NULL;
}

static bool find_all(fd_nvml *n)
{
    calls *c = &n->call;
    void *from = n->library;
    (void)find(from, "nvmlErrorString", &c->words);
    (void)find(from, "nvmlSystemGetDriverVersion", &c->driver);
    (void)find(from, "nvmlDeviceGetUtilizationRates", &c->load);
    (void)find(from, "nvmlDeviceGetMemoryInfo", &c->memory);
    (void)find(from, "nvmlDeviceGetClockInfo", &c->clock);
    (void)find(from, "nvmlDeviceGetTemperature", &c->temperature);
    (void)find(from, "nvmlDeviceGetCurrentClocksThrottleReasons", &c->reasons);
    return find(from, "nvmlInit_v2", &c->init) && find(from, "nvmlShutdown", &c->shutdown) &&
           find(from, "nvmlDeviceGetHandleByUUID", &c->handle);
}

static fd_error *failed(const fd_nvml *n, int error, const char *what)
{
    const char *words = n->call.words ? n->call.words(error) : NULL;
    return FD_FAIL(FD_DEVICE, "%s gives error %d%s%s", what, error, words ? ": " : "", words ? words : "");
}

static fd_error *start(fd_nvml *n, const char *uuid)
{
    int error = n->call.init();
    if (error != SUCCESS)
        return failed(n, error, "nvmlInit_v2");
    n->started = true;
    error = n->call.handle(uuid, &n->device);
    if (error != SUCCESS)
        return failed(n, error, "nvmlDeviceGetHandleByUUID");
    if (!n->call.driver || n->call.driver(n->driver, sizeof n->driver) != SUCCESS)
        n->driver[0] = 0;
    return NULL;
}

fd_error *fd_nvml_open(const char *library, const char *uuid, fd_nvml **out)
{
    fd_error *err = NULL;
    fd_nvml *n = NULL;
    *out = NULL;
    FD_TRY(fd_alloc(&n, 1, sizeof *n));
    n->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!n->library) {
        const char *why = dlerror();
        FD_THROW(FD_DEVICE, "%s", why ? why : "it does not open");
    }
    if (!find_all(n))
        FD_THROW(FD_DEVICE, "%s lacks nvmlInit_v2 or its like", library);
    FD_TRY(start(n, uuid));
    *out = n;
    n = NULL;
done:
    fd_nvml_close(n);
    return err;
}

void fd_nvml_close(fd_nvml *n)
{
    if (!n)
        return;
    if (n->started)
        (void)n->call.shutdown();
    if (n->library)
        dlclose(n->library);
    free(n);
}

fd_nvml_sample fd_nvml_look(const fd_nvml *n)
{
    fd_nvml_sample s = {NAN, NAN, NAN, NAN, NAN, 0};
    utilization load = {0, 0};
    memory room = {0, 0, 0};
    unsigned value = 0;
    unsigned long long bits = 0;
    if (!n)
        return s;
    const calls *c = &n->call;
    if (c->load && c->load(n->device, &load) == SUCCESS)
        s.percent = load.gpu;
    if (c->memory && c->memory(n->device, &room) == SUCCESS)
        s.memory_bytes = (double)room.used;
    if (c->clock && c->clock(n->device, CLOCK_SM, &value) == SUCCESS)
        s.sm_mhz = value;
    if (c->clock && c->clock(n->device, CLOCK_MEMORY, &value) == SUCCESS)
        s.memory_mhz = value;
    if (c->temperature && c->temperature(n->device, SENSOR_GPU, &value) == SUCCESS)
        s.celsius = value;
    if (c->reasons && c->reasons(n->device, &bits) == SUCCESS)
        s.held = bits;
    return s;
}

const char *fd_nvml_driver(const fd_nvml *n)
{
    return n->driver;
}

char *fd_nvml_held_text(uint64_t held, char out[FD_NVML_HELD])
{
    int n = 0;
    out[0] = 0;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (held & reasons[i].bit)
            n += snprintf(out + n, (size_t)(FD_NVML_HELD - n), "%s%s", n ? ", " : "", reasons[i].name);
    return out;
}
