/* The negative of bytes. */
#ifndef FD_KERNELS_INVERT_H
#define FD_KERNELS_INVERT_H

#include "kernels/kernel.h"

FD_C_BEGIN

/* Bytes that are turned where they are 255; byte i of an array by pattern i % 24. */
typedef struct fd_turned { uint8_t pattern[24]; } fd_turned;

/* to[i] = from[i] ^ pattern[i % 24], i < n; `to` may be `from`. Any alignment; 16 bytes at a time where both are aligned to that. */
int fd_invert(const uint8_t *from, uint8_t *to, int64_t n, fd_turned turned, fd_stream stream);

FD_C_END

#endif
