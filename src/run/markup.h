/* Text inside HTML and SVG. */
#ifndef FD_RUN_MARKUP_H
#define FD_RUN_MARKUP_H

#include <stddef.h>

#include "base/text.h"

/* Adds bytes that may come from anybody (file names above all) as text of an element or of a quoted attribute: what fd_escape leaves, with the
 * five characters that mean something in markup as entities. Never cut. */
fd_error *fd_markup_text(fd_string *s, const char *bytes) FD_CHECK;

/* Adds bytes in base64 (RFC 4648), as data: addresses want it. */
fd_error *fd_markup_base64(fd_string *s, const void *bytes, size_t n) FD_CHECK;

#endif
