#include "engine/cpu/isa.h"

#include <stdbool.h>
#include <string.h>

static const char *const names[FD_ISA_COUNT] = {[FD_ISA_SSE41] = "sse41", [FD_ISA_AVX2] = "avx2", [FD_ISA_AVX512] = "avx512"};

const char *fd_isa_name(fd_isa isa)
{
    return names[isa];
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
}

fd_error *fd_isa_resolve(const char *wanted, fd_isa *out)
{
    if (!__builtin_cpu_supports("sse4.1"))
        return FD_FAIL(FD_UNSUPPORTED, "engine cpu needs a processor with SSE4.1; --device ref runs on any");
    fd_isa best = FD_ISA_SSE41, isa;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        best = has_avx512() ? FD_ISA_AVX512 : FD_ISA_AVX2;
    if (strcmp(wanted, "auto") == 0) {
        *out = best;
        return NULL;
    }
    for (isa = 0; isa < FD_ISA_COUNT && strcmp(wanted, names[isa]) != 0; isa++)
        continue;
    if (isa == FD_ISA_COUNT)
        return FD_FAIL(FD_UNSUPPORTED, "there is no instruction set called %s; auto, sse41, avx2 and avx512 are known", wanted);
    if (isa > best)
        return FD_FAIL(FD_UNSUPPORTED, "this processor has no %s; --isa %s is its best", names[isa], names[best]);
    *out = isa;
    return NULL;
}
