/* The keys of a result's photographs by their number, and by the number of a face, without holding them in memory: they lie in a file without a
 * name, which the kernel keeps in its cache as far as there is room. */
#ifndef FD_RUN_EXPORT_NAMES_H
#define FD_RUN_EXPORT_NAMES_H

#include <stdint.h>

#include "store/result.h"

typedef struct fd_names fd_names;

/* `beside`: a path in a folder that has room for a copy of the keys. *out NULL: the result has no photographs. fd_names_close(*out). */
fd_error *fd_names_open(fd_result *r, const char *beside, fd_names **out) FD_CHECK;
void fd_names_close(fd_names *n);   /* NULL is allowed */
/* Raw bytes; NULL where there is no such image or face. Valid until the close. */
const char *fd_names_of_image(const fd_names *n, int64_t image);
const char *fd_names_of_face(const fd_names *n, int64_t face);

#endif
