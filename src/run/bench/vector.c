#include "run/bench/vector.h"

const fd_vectors *fd_vectors_of(int level)
{
#ifdef FACESDIST_HAVE_ONEDNN /* who has not the cpu engine need not be an x86 */
    static const fd_vectors *const all[] = {&fd_vectors_base, &fd_vectors_avx2, &fd_vectors_avx512};
    return all[level < 0 ? 0 : level > 2 ? 2 : level];
#else
    (void)level;
    return &fd_vectors_base;
#endif
}
