/* Checksums: SHA-256 (FIPS 180-4, by libcrypto) for what must not be forged or confused, CRC-32C (Castagnoli, RFC 3720 appendix B.4)
 * for torn records. */
#ifndef FD_BASE_HASH_H
#define FD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct fd_sha256 { uint8_t byte[32]; } fd_sha256;
typedef struct fd_hasher fd_hasher;

fd_sha256 fd_sha256_of(const void *bytes, size_t n);
fd_error *fd_hasher_open(fd_hasher **out) FD_CHECK;
void fd_hasher_add(fd_hasher *h, const void *bytes, size_t n);
fd_sha256 fd_hasher_close(fd_hasher *h);   /* frees h */
void fd_sha256_text(fd_sha256 hash, char out[65]);
/* False when text is not 64 hex digits. */
int fd_sha256_parse(const char *text, fd_sha256 *out);

/* CRC-32C of bytes, continuing from `crc` (0 to start). */
uint32_t fd_crc32c(uint32_t crc, const void *bytes, size_t n);
/* The same without the processor's own instruction: what fd_crc32c falls back to, and is tested against. */
uint32_t fd_crc32c_portable(uint32_t crc, const void *bytes, size_t n);

#endif
