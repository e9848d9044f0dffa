#include "engine/plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/version.h"

#ifndef FACESDIST_PLUGINS
#define FACESDIST_PLUGINS "../lib/facesdist"   /* from the program's folder */
#endif

static const char CUDA_PLUGIN[] = "libfacesdist-cuda.so";

static fd_error *path_of(const char *file, char **out)
{
    fd_error *err = NULL;
    char *program = NULL, *folder = NULL;
    FD_TRY(fd_program_folder(&program));
    FD_TRY(fd_path_join(&folder, program, FACESDIST_PLUGINS));
    FD_TRY(fd_path_join(out, folder, file));
done:
    free(program);
    free(folder);
    return err;
}

bool fd_plugin_is_there(const char *file)
{
    char *path = NULL;
    fd_error *err = path_of(file, &path);
    const bool is_there = !err && access(path, F_OK) == 0;
    fd_error_free(err);
    free(path);
    return is_there;
}

/* Program and plugin share structures: both must come from one build. */
static fd_error *check(const fd_plugin *p, const char *path, fd_plugin_status *status)
{
    char own[128], shown[FD_ESCAPED];
    fd_escape(shown, sizeof shown, path);
    snprintf(own, sizeof own, "%s %s", fd_version(), fd_revision());
    *status = FD_PLUGIN_FOREIGN;
    if (!p)
        return FD_FAIL(FD_DEVICE, "%s is no plugin of facesdist", shown);
    if (p->abi != FD_PLUGIN_ABI)
        return FD_FAIL(FD_DEVICE, "%s has interface %d, this program %d: install both from one build", shown, (int)p->abi, (int)FD_PLUGIN_ABI);
    if (strcmp(p->version, own) != 0)
        return FD_FAIL(FD_DEVICE, "%s is of facesdist %s, this program is %s: install both from one build", shown, p->version, own);
    *status = FD_PLUGIN_READY;
    return NULL;
}

fd_error *fd_plugin_open(const char *file, const fd_plugin **out, fd_plugin_status *status)
{
    fd_error *err = NULL;
    char *path = NULL, shown[FD_ESCAPED];
    *out = NULL;
    *status = FD_PLUGIN_NOT_BUILT;
    FD_TRY(path_of(file, &path));
    if (!fd_plugin_is_there(file))
        FD_THROW(FD_DEVICE, "%s is not there: this program was built or installed without it", fd_escape(shown, sizeof shown, path));
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        *status = FD_PLUGIN_LIBRARY_MISSING;
        FD_THROW(FD_DEVICE, "%s does not open: %s", file, why ? why : "no reason given");
    }
    const fd_plugin *found = dlsym(library, FD_PLUGIN_SYMBOL);
    FD_TRY(check(found, path, status));
    *out = found;
done:
    free(path);
    return err;
}

static fd_error *open_in(const char *file, const fd_engine_config *config, fd_engine **out)
{
    fd_error *err = NULL;
    const fd_plugin *plugin;
    fd_plugin_status status;
    FD_TRY(fd_plugin_open(file, &plugin, &status));
    if (!plugin->engine)
        FD_THROW(FD_DEVICE, "%s holds no engine", file);
    FD_TRY(plugin->engine->open(config, out));
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
