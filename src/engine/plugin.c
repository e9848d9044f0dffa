#include "engine/plugin.h"

#include <stdlib.h>

#include "base/log.h"

static const char CUDA_PLUGIN[] = "libfacesdist-cuda.so";

static fd_error *open_in(const char *file, const fd_engine_config *config, fd_engine **out)
{
    fd_error *err = NULL;
    const void *table;
    fd_plugin_status status;
    FD_TRY(fd_plugin_open(file, "engine", &table, &status));
    const fd_engine_kind *kind = table;
    FD_TRY(kind->open(config, out));
done:
    return err;
}

/* Opens the engine after the driver was asked; *expected: a user of this machine would expect it to work, so it is worth a word that it does
 * not. */
static fd_error *open_cuda(const fd_engine_config *config, fd_engine **out, bool *expected)
{
    fd_driver driver;
    fd_driver_ask(&driver);
    *expected = driver.status != FD_PLUGIN_NO_DRIVER || fd_plugin_is_there(CUDA_PLUGIN);
    if (driver.status != FD_PLUGIN_READY)
        return FD_FAIL(FD_DEVICE, "%s", driver.reason);
    if (config->device >= driver.devices)
        return FD_FAIL(FD_DEVICE, "there is no GPU %d: the driver sees %d, counted from 0", config->device, driver.devices);
    return open_in(CUDA_PLUGIN, config, out);
}

static fd_error *cuda_open(const fd_engine_config *config, fd_engine **out)
{
    const char *emulator = getenv("FACESDIST_EMULATOR");   /* for tests: the same engine on host threads, built beside them */
    bool expected = false;
    fd_error *err = NULL;
    if (emulator && *emulator && !config->automatic)
        err = open_in("libfacesdist-emu.so", config, out);
    else
        err = open_cuda(config, out, &expected);
    if (err)
        err = fd_error_prefix(err, "engine cuda");
    if (fd_error_code(err) == FD_DEVICE && config->automatic)
        fd_say(expected ? FD_NORMAL : FD_VERBOSE, "no GPU is used: %s", fd_error_message(err));
    return err;
}

const fd_engine_kind fd_cuda_row = {
    .name = "cuda",
    .help = "NVIDIA GPUs: cuDNN, cuBLASLt and kernels of our own",
    .automatic = 1,
    .numbered = 1,
    .open = cuda_open,
};
