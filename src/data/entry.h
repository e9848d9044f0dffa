/* Photographs' files: found by paths of any length, opened without ever hanging, their faults told as verdicts. */
#ifndef FD_DATA_ENTRY_H
#define FD_DATA_ENTRY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/status.h"
#include "data/ledger.h"

/* open(2) and stat(2) for paths longer than PATH_MAX too: the path is walked in pieces. -1 with errno on failure. */
int fd_open_path(const char *path, int flags);
int fd_stat_path(const char *path, struct stat *out);

/* A regular file open for reading (symbolic links followed), and its size; -1 with a verdict when it cannot be: special_file for a FIFO,
 * socket, device or folder (they are not opened), a dangling link or a loop of links; unreadable for all else. */
int fd_open_entry(const char *path, int64_t *bytes, fd_verdict *verdict);

/* A file's contents. */
typedef struct fd_content {
    uint8_t *bytes;       /* [n], NULL when the verdict is not OK; owned */
    size_t n;
    fd_verdict verdict;   /* OK, or why there are no bytes: as fd_open_entry, and empty, too_large, out_of_memory */
} fd_content;

/* Reads a whole file of at most `limit` bytes (more: too_large). A fault of the file is a verdict; an fd_error only a fault of this process (no
 * file descriptors left). fd_content_free(out) in any case. */
fd_error *fd_read_entry(const char *path, size_t limit, fd_content *out) FD_CHECK;
void fd_content_free(fd_content *c);

/* The verdict on a file that a call refused with `code` (an errno). */
fd_verdict fd_verdict_of_errno(int code);

#endif
