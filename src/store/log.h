/* Walking over the records of one log: what opening and reading share. */
#ifndef FD_STORE_LOG_H
#define FD_STORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/journal.h"

typedef enum fd_record_kind { FD_RECORD_PIN, FD_RECORD_DATA, FD_RECORD_END /* of the log, or of its whole part */ } fd_record_kind;

/* Zero-initialise but for path, fd, size; free(payload). */
typedef struct fd_log_walk {
    const char *path;     /* for messages */
    int fd;
    int64_t size;         /* of the file */
    int64_t at;           /* where the next record starts; after END: where the whole part ends */
    uint8_t *payload;     /* of the latest record, with one zero byte behind it */
    size_t n, capacity;
} fd_log_walk;

/* The next record. FD_FORMAT for damage that is no torn tail. */
fd_error *fd_log_next(fd_log_walk *walk, fd_record_kind *kind) FD_CHECK;

/* Fills the 20 bytes before a payload. */
void fd_record_head(uint8_t head[FD_RECORD_HEAD], fd_record_kind kind, const void *payload, size_t n);

#endif
