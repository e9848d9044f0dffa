#include "base/plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/version.h"

#ifndef FACESDIST_PLUGINS
#define FACESDIST_PLUGINS "../lib/facesdist"   /* from the program's folder */
#endif

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
static fd_error *check(const fd_plugin *p, const char *path, const char *part)
{
    char own[128], shown[FD_ESCAPED];
    fd_escape(shown, sizeof shown, path);
    snprintf(own, sizeof own, "%s %s", fd_version(), fd_revision());
    if (!p)
        return FD_FAIL(FD_DEVICE, "%s is no plugin of facesdist", shown);
    if (p->abi != FD_PLUGIN_ABI)
        return FD_FAIL(FD_DEVICE, "%s has interface %d, this program %d: install both from one build", shown, (int)p->abi, (int)FD_PLUGIN_ABI);
    if (strcmp(p->version, own) != 0)
        return FD_FAIL(FD_DEVICE, "%s is of facesdist %s, this program is %s: install both from one build", shown, p->version, own);
    if (strcmp(p->part, part) != 0)
        return FD_FAIL(FD_DEVICE, "%s holds no %s", shown, part);
    return NULL;
}

fd_error *fd_plugin_open(const char *file, const char *part, const void **table, fd_plugin_status *status)
{
    fd_error *err = NULL;
    char *path = NULL, shown[FD_ESCAPED];
    *table = NULL;
    *status = FD_PLUGIN_NOT_BUILT;
    FD_TRY(path_of(file, &path));
    if (!fd_plugin_is_there(file))
        FD_THROW(FD_DEVICE, "%s is not there: this program was built or installed without it", fd_escape(shown, sizeof shown, path));
    *status = FD_PLUGIN_LIBRARY_MISSING;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        FD_THROW(FD_DEVICE, "%s does not open: %s", file, why ? why : "no reason given");
    }
    *status = FD_PLUGIN_FOREIGN;
    const fd_plugin *found = dlsym(library, FD_PLUGIN_SYMBOL);
    FD_TRY(check(found, path, part));
    *status = FD_PLUGIN_READY;
    *table = found->table;
done:
    free(path);
    return err;
}
