/* Names of files as bytes; not for other rooms. */
#ifndef FD_DATA_NAMES_H
#define FD_DATA_NAMES_H

#include "base/status.h"

/* *out = path without "." parts, doubled and trailing slashes; "." gives "", "/" stays. ".." and links are not resolved. free(*out). */
fd_error *fd_name_normalise(const char *path, char **out) FD_CHECK;
/* *out = "folder/name"; the name alone when folder is "". free(*out). */
fd_error *fd_name_join(const char *folder, const char *name, char **out) FD_CHECK;
/* The part after the last slash. */
const char *fd_name_last(const char *path);

#endif
