#include "kernels/invert.h"

#include "kernels/elements.cuh"

/* A thread turns one byte, from `first` on. */
static __global__ void invert_bytes(const uint8_t *from, uint8_t *to, int64_t first, int64_t n, fd_turned turned)
{
    const int64_t i = first + fd_thread();
    if (i < n)
        to[i] = from[i] ^ turned.pattern[i % 24];
}

/* The largest load there is. Three of them hold two patterns. */
typedef struct alignas(16) quad { uint32_t word[4]; } quad;
typedef struct triple { quad vector[3]; } triple;

/* A thread turns one vector of 16 bytes. */
static __global__ void invert_vectors(const quad *from, quad *to, int64_t n, triple pattern)
{
    const int64_t i = fd_thread();
    if (i >= n)
        return;
    const int k = (int)(i % 3);
    const quad p = k == 0 ? pattern.vector[0] : k == 1 ? pattern.vector[1] : pattern.vector[2];
    quad x = from[i];
    for (int w = 0; w < 4; w++)
        x.word[w] ^= p.word[w];
    to[i] = x;
}

static triple pattern_of(const fd_turned *turned)
{
    triple out = {};
    for (int i = 0; i < 48; i++)
        out.vector[i / 16].word[i / 4 % 4] |= (uint32_t)turned->pattern[i % 24] << 8 * (i % 4);
    return out;
}

int fd_invert(const uint8_t *from, uint8_t *to, int64_t n, fd_turned turned, fd_stream stream)
{
    const bool aligned = ((uintptr_t)from | (uintptr_t)to) % sizeof(quad) == 0;
    const int64_t vectors = aligned ? n / (int64_t)sizeof(quad) : 0, done = vectors * (int64_t)sizeof(quad);
    int error = 0;
    if (vectors > 0)
        error = FD_LAUNCH(invert_vectors, fd_blocks(vectors, FD_THREADS), FD_THREADS, stream, (const quad *)from, (quad *)to, vectors, pattern_of(&turned));
    if (!error && n > done)
        error = FD_LAUNCH(invert_bytes, fd_blocks(n - done, FD_THREADS), FD_THREADS, stream, from, to, done, n, turned);
    return error;
}

/* A thread has one pixel, or with a stride as many as there are for it. */
static __global__ void invert_pixels(fd_invert_launch launch, const uint8_t *from, uint8_t *to, fd_turned turned)
{
    int64_t i = launch.first + (launch.begin + blockIdx.x) * launch.block + threadIdx.x;
    for (; i < launch.last; i += launch.stride) {
        for (int k = 0; k < launch.pixel; k++)
            to[i * launch.pixel + k] = from[i * launch.pixel + k] ^ turned.pattern[k];
        if (launch.stride == 0)
            return;
    }
}

int fd_invert_grid(fd_invert_launch launch, const uint8_t *from, uint8_t *to, fd_turned turned, fd_stream stream)
{
    return FD_LAUNCH(invert_pixels, launch.blocks, launch.block, stream, launch, from, to, turned);
}
