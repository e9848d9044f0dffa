/* INI text: "[section]", "key = value", comments that start a line with ; or #. A value is taken as it is to the end of its line, blanks around
 * it removed; in double quotes it keeps its blanks and loses the quotes. There are no escapes and no continued lines. */
#ifndef FD_BASE_INI_H
#define FD_BASE_INI_H

#include <stddef.h>

#include "base/status.h"

enum { FD_INI_LINE = 4096 };   /* bytes of the longest line that is accepted; a longer one is an error, never cut */

/* Called for every "key = value" in order. section is "" before the first heading; line counts from 1. Its error gets "NAME:LINE: " in front. */
typedef fd_error *fd_ini_each(void *self, const char *section, const char *key, const char *value, int line);

/* Parses n bytes (they need no terminator). `name` is for messages, which read "NAME:LINE: reason" (FD_USAGE). Keys may repeat: what that means
 * is up to `each`. Text may end its lines with CR LF and begin with a UTF-8 byte order mark. */
fd_error *fd_ini_parse(const char *text, size_t n, const char *name, fd_ini_each *each, void *self) FD_CHECK;

#endif
