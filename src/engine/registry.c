/* The one const table of engines, and the one #ifdef on what was built. `auto` tries the rows in this order. (cuda needs no #ifdef: it is
 * there when its plugin is.) */
#include "engine/plugin.h"
#include "engine/ref/ref.h"
#ifdef FACESDIST_HAVE_ONEDNN
#include "engine/cpu/cpu.h"
#include "engine/cpu/isa.h"
#endif

static const fd_engine_kind *const kinds[] = {
    &fd_cuda_row,
#ifdef FACESDIST_HAVE_ONEDNN
    &fd_cpu_kind,
#endif
    &fd_ref_kind,
};
enum { KINDS = sizeof kinds / sizeof(const fd_engine_kind *) };

const fd_engine_kind *fd_engine_kind_at(int i)
{
    return i >= 0 && i < KINDS ? kinds[i] : NULL;
}

int fd_engine_isa_level(const char *wanted)
{
    int level = -1;
#ifdef FACESDIST_HAVE_ONEDNN
    fd_isa isa;
    fd_error *none = fd_isa_resolve(wanted, &isa);
    level = none ? -1 : (int)isa;
    fd_error_free(none);
#else
    (void)wanted;
#endif
    return level;
}

const char *fd_engine_isa_name(int level)
{
#ifdef FACESDIST_HAVE_ONEDNN
    return fd_isa_name((fd_isa)level);
#else
    (void)level;
    return "none";
#endif
}
