/* Files, with errors that name the file (escaped) and the reason. ENOSPC, EDQUOT and EFBIG are FD_NOSPACE. All sizes are 64 bits. */
#ifndef FD_BASE_FILE_H
#define FD_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The error of a failed system call: "cannot VERB PATH: reason of errno `number`". */
fd_error *fd_file_error(const char *path, const char *verb, int number);
/* The whole file; FD_FORMAT when it is larger than `limit` bytes. free(*bytes). The buffer has one zero byte after the end. */
fd_error *fd_file_read(const char *path, size_t limit, uint8_t **bytes, size_t *n) FD_CHECK;
/* Writes all of it at an offset (pwrite, split, EINTR and short writes handled). `path` is for messages. */
fd_error *fd_file_pwrite(int fd, const char *path, const void *bytes, size_t n, int64_t offset) FD_CHECK;
fd_error *fd_file_pread(int fd, const char *path, void *bytes, size_t n, int64_t offset) FD_CHECK;   /* short file: FD_IO */
/* Writes a file whole: temporary name in its folder, fsync, rename, fsync of the folder. A link is followed and keeps what it is, a file its
 * permissions; a device or pipe is written into. */
fd_error *fd_file_replace(const char *path, const void *bytes, size_t n) FD_CHECK;

/* The same for what is too long to be in memory: pieces are added, and take the file's place at the commit. A path "-" is standard output. */
typedef struct fd_file_writer fd_file_writer;
fd_error *fd_file_writer_open(const char *path, fd_file_writer **out) FD_CHECK;
fd_error *fd_file_writer_add(fd_file_writer *w, const void *bytes, size_t n) FD_CHECK;
/* Writes over bytes that were added before: offset + n is at most the sum of what was added. Not where the path is a pipe, a device or "-": FD_IO. */
fd_error *fd_file_writer_change(fd_file_writer *w, int64_t offset, const void *bytes, size_t n) FD_CHECK;
fd_error *fd_file_writer_commit(fd_file_writer *w) FD_CHECK;
void fd_file_writer_close(fd_file_writer *w);   /* without a commit nothing is left, and what was there is as it was; NULL is allowed */

fd_error *fd_file_sync_folder_of(const char *path) FD_CHECK;
/* Opens an empty file without a name in `beside`'s folder, for reading and writing: it is gone when it is closed, whatever happens. */
fd_error *fd_file_scratch(const char *beside, int *fd) FD_CHECK;
/* Free bytes on the file system that holds `path`'s folder. */
fd_error *fd_file_free_bytes(const char *path, int64_t *out) FD_CHECK;
/* *out = "a/b" of "a" and "b", "b" of "" and "b". free() it. */
fd_error *fd_path_join(char **out, const char *a, const char *b) FD_CHECK;
/* *out = the folder part of a path: "a" of "a/b", "." of "b", "/" of "/b". free() it. */
fd_error *fd_path_folder(char **out, const char *path) FD_CHECK;
/* *out = the folder of the running program (from /proc/self/exe). free() it. */
fd_error *fd_program_folder(char **out) FD_CHECK;

#endif
