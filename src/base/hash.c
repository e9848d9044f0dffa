#include "base/hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct fd_hasher {
    EVP_MD_CTX *context;
};

/* SHA-256 of memory fails in libcrypto only where its default provider is missing or a few hundred bytes are: no state to go on from. */
static void must(int ok)
{
    assert(ok);
    (void)ok;
}

fd_sha256 fd_sha256_of(const void *bytes, size_t n)
{
    fd_sha256 hash;
    must(EVP_Digest(bytes, n, hash.byte, NULL, EVP_sha256(), NULL));
    return hash;
}

fd_error *fd_hasher_open(fd_hasher **out)
{
    fd_error *err = NULL;
    fd_hasher *h = NULL;
    FD_TRY(fd_alloc(&h, 1, sizeof *h));
    h->context = EVP_MD_CTX_new();
    if (!h->context || !EVP_DigestInit_ex(h->context, EVP_sha256(), NULL))
        FD_THROW(FD_NOMEM, "libcrypto cannot start a SHA-256");
    *out = h;
    h = NULL;
done:
    if (h)
        EVP_MD_CTX_free(h->context);
    free(h);
    return err;
}

void fd_hasher_add(fd_hasher *h, const void *bytes, size_t n)
{
    must(EVP_DigestUpdate(h->context, bytes, n));
}

fd_sha256 fd_hasher_close(fd_hasher *h)
{
    fd_sha256 hash;
    must(EVP_DigestFinal_ex(h->context, hash.byte, NULL));
    EVP_MD_CTX_free(h->context);
    free(h);
    return hash;
}

void fd_sha256_text(fd_sha256 hash, char out[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", hash.byte[i]);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int fd_sha256_parse(const char *text, fd_sha256 *out)
{
    for (int i = 0; i < 32; i++) {
        int high = hex_digit(text[2 * i]), low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);   /* never past the terminator */
        if (low < 0)
            return 0;
        out->byte[i] = (uint8_t)(high << 4 | low);
    }
    return text[64] == 0;
}

uint32_t fd_crc32c_portable(uint32_t crc, const void *bytes, size_t n)
{
    /* table[i]: the reflected polynomial 0x82F63B78 applied to the four bits i. */
    static const uint32_t table[16] = {0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3, 0x61C69362, 0x7198540D,
                                       0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9, 0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75};
    const uint8_t *p = bytes;
    crc = ~crc;
    for (; n > 0; n--) {
        crc ^= *p++;
        crc = table[crc & 15] ^ crc >> 4;
        crc = table[crc & 15] ^ crc >> 4;
    }
    return ~crc;
}

#if defined __x86_64__
/* The processor's crc32 instruction has this very polynomial; eight bytes at a time. */
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t wide = (uint32_t)~crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    uint32_t narrow = (uint32_t)wide;
    for (; n > 0; n--)
        narrow = __builtin_ia32_crc32qi(narrow, *p++);
    return ~narrow;
}
#endif

uint32_t fd_crc32c(uint32_t crc, const void *bytes, size_t n)
{
#if defined __x86_64__
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_sse42(crc, bytes, n);
#endif
    return fd_crc32c_portable(crc, bytes, n);
}
