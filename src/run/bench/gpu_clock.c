/* Through libnvidia-ml.so.1 alone, as the driver is asked (engine/driver.c): four calls whose types never change, so that no header is needed.
 */
#include "run/bench/gpu_clock.h"

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Values of NVML: nvmlClockType_t, nvmlTemperatureSensors_t, nvmlClocksThrottleReasons. */
enum { CLOCK_SM = 1, SENSOR_GPU = 0 };

static const struct {
    unsigned long long bit;
    const char *name;
} reasons[] = {
    {0x4, "power"}, {0x8, "slowdown by hardware"}, {0x20, "heat"}, {0x40, "heat limit of the hardware"}, {0x80, "power brake"},
};

typedef struct calls {
    int (*init)(void);
    int (*shutdown)(void);
    int (*handle)(const char *uuid, void **device);
    int (*clock)(void *device, int type, unsigned *mhz);
    int (*temperature)(void *device, int sensor, unsigned *celsius);
    int (*reasons)(void *device, unsigned long long *bits);
} calls;

/* dlsym gives an object's address for a function's. */
static bool find(void *library, const char *name, void *call)
{
    void *address = dlsym(library, name);
    memcpy(call, &address, sizeof address);
    return address != NULL;
}

static void name_reasons(unsigned long long bits, char out[80])
{
    int n = 0;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (bits & reasons[i].bit)
            n += snprintf(out + n, (size_t)(80 - n), "%s%s", n ? ", " : "", reasons[i].name);
}

static void ask(const calls *c, const char *uuid, fd_gpu_clock *out)
{
    void *device = NULL;
    unsigned mhz = 0, celsius = 0;
    unsigned long long bits = 0;
    if (c->init() != 0)
        return;
    if (c->handle(uuid, &device) == 0) {
        if (c->clock(device, CLOCK_SM, &mhz) == 0)
            out->mhz = mhz;
        if (c->temperature(device, SENSOR_GPU, &celsius) == 0)
            out->celsius = celsius;
        if (c->reasons(device, &bits) == 0)
            name_reasons(bits, out->held);
    }
    c->shutdown();
}

fd_gpu_clock fd_gpu_clock_now(const char *uuid)
{
    fd_gpu_clock now = {NAN, NAN, ""};
    calls c = {0};
    void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return now;
    if (find(library, "nvmlInit_v2", &c.init) && find(library, "nvmlShutdown", &c.shutdown) &&
        find(library, "nvmlDeviceGetHandleByUUID", &c.handle) && find(library, "nvmlDeviceGetClockInfo", &c.clock) &&
        find(library, "nvmlDeviceGetTemperature", &c.temperature) && find(library, "nvmlDeviceGetCurrentClocksThrottleReasons", &c.reasons))
        ask(&c, uuid, &now);
    dlclose(library);
    return now;
}
