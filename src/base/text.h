/* Text for people. File names are bytes, not text: they are escaped wherever they are printed. */
#ifndef FD_BASE_TEXT_H
#define FD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Valid UTF-8 without control characters stays; every other byte becomes \xHH, a backslash \\. Returns out (truncated to size, always
 * terminated; a cut name ends in "..."). */
char *fd_escape(char *out, size_t size, const char *bytes);
enum { FD_ESCAPED = 512 };   /* room for a printable name */

/* Whether all of it is valid UTF-8 (RFC 3629). */
bool fd_utf8(const char *bytes);

/* Bytes of the byte order mark that a UTF-8 text begins with: 3, or 0 without. */
size_t fd_text_mark(const char *text);

/* "1.5 GB" style, powers of 1000 for people: "812 B", "4.3 MB". Returns out. */
char *fd_bytes_text(char out[16], double bytes);
/* "2 h 03 min", "4 min 05 s", "12.3 s". Returns out. */
char *fd_seconds_text(char out[24], double seconds);

/* "64M", "2.5G", "1024" -> a count; K, M, G, T are powers of 1024 when `binary`, else of 1000. FD_USAGE when not a number >= 0. */
fd_error *fd_parse_size(const char *text, int binary, int64_t *out) FD_CHECK;

/* The index of the candidate nearest to `word` by edit distance, -1 when none is near (more than a third of the letters differ). */
int fd_nearest(const char *word, const char *const *candidates, int n);

/* A string that grows. Zero-initialise; free(text). */
typedef struct fd_string { char *text; size_t length, capacity; } fd_string;
fd_error *fd_string_add(fd_string *s, const char *format, ...) __attribute__((format(printf, 2, 3))) FD_CHECK;

#endif
