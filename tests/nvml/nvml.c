/* Stands in for libnvidia-ml.so.1: the emulator's GPU and a slice of one, which tells its memory alone, always with the same values. Its calls
 * are the real ones as far as they are used. FACESDIST_NVML_FAIL=init: it does not start. */
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID = 2, UNSUPPORTED = 3, NOT_FOUND = 6, UNKNOWN = 999 };

struct utilization {
    unsigned gpu, memory;
};
struct memory {
    unsigned long long total, available, used;
};

int nvmlInit_v2(void), nvmlShutdown(void), nvmlSystemGetDriverVersion(char *, unsigned), nvmlDeviceGetHandleByUUID(const char *, void **);
int nvmlDeviceGetUtilizationRates(void *, struct utilization *), nvmlDeviceGetMemoryInfo(void *, struct memory *);
int nvmlDeviceGetClockInfo(void *, int, unsigned *), nvmlDeviceGetTemperature(void *, int, unsigned *);
int nvmlDeviceGetCurrentClocksThrottleReasons(void *, unsigned long long *);
const char *nvmlErrorString(int);

static int users;
static char whole, slice;

int nvmlInit_v2(void)
{
    const char *fail = getenv("FACESDIST_NVML_FAIL");
    if (fail && strcmp(fail, "init") == 0)
        return UNKNOWN;
    users++;
    return SUCCESS;
}

int nvmlShutdown(void)
{
    if (users == 0)
        abort();   /* closed more often than opened */
    users--;
    return SUCCESS;
}

const char *nvmlErrorString(int error)
{
    return error == NOT_FOUND ? "Not Found" : "Unknown Error";
}

int nvmlSystemGetDriverVersion(char *version, unsigned size)
{
    static const char known[] = "999.12.34";
    if (size < sizeof known)
        return INVALID;
    memcpy(version, known, sizeof known);
    return SUCCESS;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, void **device)
{
    if (users == 0)
        abort();   /* asked before it was started */
    *device = strcmp(uuid, "GPU-656d756c-6174-6564-2064-657669636500") == 0 ? &whole : strcmp(uuid, "MIG-0") == 0 ? &slice : NULL;
    return *device ? SUCCESS : NOT_FOUND;
}

int nvmlDeviceGetUtilizationRates(void *device, struct utilization *out)
{
    *out = (struct utilization){87, 41};
    return device == &whole ? SUCCESS : UNSUPPORTED;
}

int nvmlDeviceGetMemoryInfo(void *device, struct memory *out)
{
    (void)device;
    *out = (struct memory){80ULL << 30, 77ULL << 30, 3ULL << 30};
    return SUCCESS;
}

int nvmlDeviceGetClockInfo(void *device, int type, unsigned *mhz)
{
    static const unsigned clock[] = {1700, 1755, 2619};   /* graphics, SM, memory */
    if (type < 0 || type > 2)
        return INVALID;
    *mhz = clock[type];
    return device == &whole ? SUCCESS : UNSUPPORTED;
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *celsius)
{
    *celsius = 61;
    return device != &whole ? UNSUPPORTED : sensor == 0 ? SUCCESS : INVALID;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *bits)
{
    *bits = 0x1 | 0x4 | 0x20;   /* idle, power, heat */
    return device == &whole ? SUCCESS : UNSUPPORTED;
}
