/* A log of any bytes, or a whole log with known damage: read, and opened for appending and read again, it gives the same records, or the same
 * refusal. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "store/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

typedef struct sum {
    uint64_t records, bytes;
    uint32_t crc;
} sum;

static fd_error *add(void *self, const uint8_t *payload, size_t n, int64_t offset)
{
    sum *s = self;
    s->records++;
    s->bytes += n;
    s->crc = fd_crc32c(s->crc, payload, n) ^ (uint32_t)offset;
    return NULL;
}

static void must(int fine)
{
    if (!fine)
        abort();
}

typedef struct log {
    uint8_t byte[1 << 16];
    size_t n;
} log;

static void add_record(log *l, fd_record_kind kind, const uint8_t *payload, size_t n)
{
    if (l->n + FD_RECORD_HEAD + n > sizeof l->byte)
        return;
    fd_record_head(l->byte + l->n, kind, payload, n);
    memcpy(l->byte + l->n + FD_RECORD_HEAD, payload, n);
    l->n += FD_RECORD_HEAD + n;
}

/* Instructions of two bytes: append a record (its payload is what follows), cut the end, flip a bit, append zeros. Checksums that no fuzzer
 * guesses are right here, so that what lies behind them is reached. */
static void build(log *l, const uint8_t *bytes, size_t n)
{
    add_record(l, FD_RECORD_PIN, (const uint8_t *)"a = 1\n", 6);
    for (size_t i = 0; i + 2 <= n; i += 2) {
        size_t argument = bytes[i + 1], rest = n - i - 2;
        switch (bytes[i] % 4) {
        case 0:
            argument = argument < rest ? argument : rest;
            add_record(l, bytes[i] & 64 ? FD_RECORD_PIN : FD_RECORD_DATA, bytes + i + 2, argument);
            i += argument;
            break;
        case 1:
            l->n -= argument < l->n ? argument : l->n;
            break;
        case 2:
            if (l->n > 0)
                l->byte[l->n - 1 - (argument < l->n ? argument : l->n - 1)] ^= (uint8_t)(1 << (bytes[i] >> 5));
            break;
        default:
            argument = l->n + argument < sizeof l->byte ? argument : 0;
            memset(l->byte + l->n, 0, argument);
            l->n += argument;
        }
    }
}

static void check(const uint8_t *bytes, size_t n)
{
    char folder[64], path[96], *pin = NULL;
    sum before = {0}, after = {0};
    fd_journal *j = NULL;
    snprintf(folder, sizeof folder, "/dev/shm/fuzz-journal-%d", (int)getpid());
    snprintf(path, sizeof path, "%s/rank-00000.log", folder);
    mkdir(folder, 0700);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    must(fd >= 0);
    fd_error *err = fd_file_pwrite(fd, path, bytes, n, 0);
    close(fd);
    must(!err);
    fd_error *read = fd_journal_read(path, NULL, add, &before);
    must(before.bytes + before.records * FD_RECORD_HEAD <= n);
    fd_error_free(fd_journal_pin(folder, &pin));
    fd_error *opened = fd_journal_open(folder, 0, pin ? pin : "", &j);
    /* The pin is its own, so only damage refuses: unless it has lines that a pin cannot have, such as two of one key. */
    must(!read || fd_error_code(read) == FD_FORMAT);
    must(read == NULL || opened != NULL);
    if (!opened) {
        fd_error_free(fd_journal_close(j));
        err = fd_journal_read(path, NULL, add, &after);
        must(!err && after.records == before.records && after.bytes == before.bytes && after.crc == before.crc);
    }
    free(pin);
    fd_error_free(read);
    fd_error_free(opened);
    unlink(path);
    rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static log built;
    built.n = 0;
    check(bytes, n);
    build(&built, bytes, n);
    check(built.byte, built.n);
    return 0;
}
