/* Products of bfloat16 rows on AMX: 32 x 32 of them in four accumulators of 16 x 16, two tiles of rows and two of columns at a time. */
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/cpu/sweep_amx.h"

bool fd_amx_usable(void)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18, NEEDED = 1u << 22 | 1u << 24 }; /* CPUID 7: AMX-BF16 and AMX-TILE */
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & NEEDED) != NEEDED)
        return false;
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

void fd_amx_begin(void)
{
    /* Eight tiles of 16 rows of 64 bytes. Static: compilers take the instruction to read 8 bytes and drop stores to the rest. */
    static const struct {
        uint8_t palette, start, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } config = {.palette = 1, .bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
    _tile_loadconfig(&config);
}

void fd_amx_end(void)
{
    _tile_release();
}

/* The right panels stream: were they kept in the first-level cache, the left one would not stay there. */
void fd_amx_multiply(const uint16_t *left, const uint16_t *right, int64_t depth)
{
    enum { HALF = 16 * FD_AMX_DEPTH }; /* values of a tile */
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t k = 0; k < depth; k += FD_AMX_DEPTH, left += 2 * HALF, right += 2 * HALF) {
        _tile_loadd(4, left, 64);
        _tile_stream_loadd(6, right, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_stream_loadd(7, right + HALF, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, left + HALF, 64);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
}

void fd_amx_store(float *dot)
{
    _tile_stored(0, dot, 32 * sizeof(float));
    _tile_stored(1, dot + 16, 32 * sizeof(float));
    _tile_stored(2, dot + 16 * 32, 32 * sizeof(float));
    _tile_stored(3, dot + 16 * 32 + 16, 32 * sizeof(float));
}
