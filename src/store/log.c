#include "store/log.h"

#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"

static const uint8_t magic[2][4] = {{'F', 'D', 'J', '1'}, {'F', 'D', 'R', '1'}}; /* by fd_record_kind */

static void put(uint8_t *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *from, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

void fd_record_head(uint8_t head[FD_RECORD_HEAD], fd_record_kind kind, const void *payload, size_t n)
{
    memcpy(head, magic[kind], 4);
    put(head + 4, n, 8);
    put(head + 12, fd_crc32c(0, payload, n), 4);
    put(head + 16, fd_crc32c(0, head, 16), 4);
}

/* A file that was made longer but whose bytes never arrived reads as zeros. */
static fd_error *zeros_to_the_end(const fd_log_walk *w, bool *zeros)
{
    fd_error *err = NULL;
    uint8_t block[4096];
    *zeros = true;
    for (int64_t at = w->at; at < w->size && *zeros; at += (int64_t)sizeof block) {
        size_t n = w->size - at < (int64_t)sizeof block ? (size_t)(w->size - at) : sizeof block;
        FD_TRY(fd_file_pread(w->fd, w->path, block, n, at));
        for (size_t i = 0; i < n; i++)
            *zeros = *zeros && block[i] == 0;
    }
done:
    return err;
}

static fd_error *damaged(const fd_log_walk *w)
{
    char name[FD_ESCAPED];
    return FD_FAIL(FD_FORMAT, "%s: damaged at byte %lld of %lld, and not by an interrupted write; without the file its part is done again",
                   fd_escape(name, sizeof name, w->path), (long long)w->at, (long long)w->size);
}

/* Reads n payload bytes (n was checked against the file's size) and checks them. */
static fd_error *read_payload(fd_log_walk *w, size_t n, uint32_t crc, bool *whole)
{
    fd_error *err = NULL;
    FD_TRY(fd_grow(&w->payload, &w->capacity, n + 1, 1));
    FD_TRY(fd_file_pread(w->fd, w->path, w->payload, n, w->at + FD_RECORD_HEAD));
    w->payload[n] = 0;
    w->n = n;
    *whole = fd_crc32c(0, w->payload, n) == crc;
done:
    return err;
}

fd_error *fd_log_next(fd_log_walk *w, fd_record_kind *kind)
{
    fd_error *err = NULL;
    uint8_t head[FD_RECORD_HEAD];
    bool whole = false, zeros = false;
    *kind = FD_RECORD_END;
    if (w->size - w->at < FD_RECORD_HEAD)
        return NULL;
    FD_TRY(fd_file_pread(w->fd, w->path, head, sizeof head, w->at));
    bool is_pin = memcmp(head, magic[FD_RECORD_PIN], 4) == 0, is_data = memcmp(head, magic[FD_RECORD_DATA], 4) == 0;
    if (get(head + 16, 4) != fd_crc32c(0, head, 16) || (w->at == 0 ? !is_pin : !is_data)) {
        FD_TRY(zeros_to_the_end(w, &zeros));
        return zeros ? NULL : damaged(w);
    }
    uint64_t n = get(head + 4, 8), room = (uint64_t)(w->size - w->at - FD_RECORD_HEAD);
    if (n > room)
        return NULL;
    FD_TRY(read_payload(w, (size_t)n, (uint32_t)get(head + 12, 4), &whole));
    if (!whole)
        return n == room ? NULL : damaged(w);
    w->at += FD_RECORD_HEAD + (int64_t)n;
    *kind = is_pin ? FD_RECORD_PIN : FD_RECORD_DATA;
done:
    return err;
}
