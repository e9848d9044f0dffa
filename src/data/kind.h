/* What kind of file it is: by its first bytes, never by its name. */
#ifndef FD_DATA_KIND_H
#define FD_DATA_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/manifest.h"

enum { FD_KIND_BYTES = 32 };   /* so many first bytes decide */

/* The kind; *name is "JPEG", "PNG", the name of another kind ("GIF", "TIFF", ...) or NULL when unknown. */
fd_image_kind fd_kind_of(const uint8_t *bytes, size_t n, const char **name);

/* Whether the last part of a name ends as images' names do (.jpg, .PNG, .webp, ...). */
bool fd_has_image_extension(const char *name);

/* The verdict on bytes of a kind that is not read: unsupported for other kinds of images, corrupt for what is no image at all. */
fd_verdict fd_verdict_of_kind(fd_image_kind kind, const char *name);

#endif
