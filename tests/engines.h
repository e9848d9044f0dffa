/* The engines that tests run on: those of the registry that open here, the fastest first. "cuda" is a GPU's, or, where the tests' own plugin is
 * built, the same engine emulated on host threads. */
#ifndef TESTS_ENGINES_H
#define TESTS_ENGINES_H

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine/engine.h"
#include "engine/plugin.h"

static inline bool engine_opens(const char *name)
{
    fd_engine *e = NULL;
    fd_error *err = fd_engine_open(name, &(fd_engine_config){.isa = "auto"}, &e);
    fd_engine_close(e);
    fd_error_free(err);
    return !err;
}

/* "cuda" is the emulated engine from now on, where it is built. */
static inline void use_emulator(void)
{
    if (fd_plugin_is_there("libfacesdist-emu.so"))
        setenv("FACESDIST_EMULATOR", "1", 1);
}

/* Name of engine i, NULL past the last. */
static inline const char *engine_at(int i)
{
    static const char *names[8];
    static int n = -1;
    const fd_engine_kind *kind;
    if (n < 0) {
        n = 0;
        use_emulator();
        for (int k = 0; (kind = fd_engine_kind_at(k)); k++)
            if (engine_opens(kind->name))
                names[n++] = kind->name;
    }
    return i < n ? names[i] : NULL;
}

/* Whether the registry has a row of this name, were it one that does not open here. */
static inline bool has_engine(const char *name)
{
    const fd_engine_kind *kind;
    for (int k = 0; (kind = fd_engine_kind_at(k)); k++)
        if (strcmp(kind->name, name) == 0)
            return true;
    return false;
}

#endif
