/* The negative of bytes. */
#ifndef FD_KERNELS_INVERT_H
#define FD_KERNELS_INVERT_H

#include "kernels/kernel.h"

FD_C_BEGIN

/* Bytes that are turned where they are 255; byte i of an array by pattern i % 24. */
typedef struct fd_turned { uint8_t pattern[24]; } fd_turned;

/* to[i] = from[i] ^ pattern[i % 24], i < n; `to` may be `from`. Any alignment; 16 bytes at a time where both are aligned to that. */
int fd_invert(const uint8_t *from, uint8_t *to, int64_t n, fd_turned turned, fd_stream stream);

/* The same for pixels of `pixel` bytes (1, 2, 3, 4, 6 or 8), a thread a pixel, as a newcomer would launch it: thread k of blocks begin .. begin + blocks - 1 turns
 * pixel first + k if that lies before `last`, and where stride > 0 each stride-th pixel from there on; others are left alone. block: at most 1024 threads. */
typedef struct fd_invert_launch { int64_t begin, first, last, stride; uint32_t blocks, block; int32_t pixel; } fd_invert_launch;
int fd_invert_grid(fd_invert_launch launch, const uint8_t *from, uint8_t *to, fd_turned turned, fd_stream stream);

FD_C_END

#endif
