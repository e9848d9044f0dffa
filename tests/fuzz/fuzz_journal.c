/* A log of any bytes: read, and opened for appending and read again, it gives the same records, or the same refusal. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "store/journal.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
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
    return 0;
}
