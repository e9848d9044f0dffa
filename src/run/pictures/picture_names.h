/* Where the pictures go that a job makes of pictures: one for each, under the same path in the output folder. */
#ifndef FD_RUN_PICTURE_NAMES_H
#define FD_RUN_PICTURE_NAMES_H

#include "data/manifest.h"

typedef enum fd_picture_format { FD_PICTURE_PNG, FD_PICTURE_JPEG, FD_PICTURE_NPY } fd_picture_format;

/* names[n] = for each entry its key with this extension (".png") in place of its own; where that is another's name too, behind its own ("a.jpg.png"). Parts
 * of a key that would lead out of the folder ("..", a slash at the start) are left out. Names that are equal all the same: FD_USAGE with both keys.
 * fd_picture_names_free. */
fd_error *fd_picture_names(const fd_manifest *m, const char *extension, char ***names) FD_CHECK;
void fd_picture_names_free(char **names, int64_t n);

/* ".png", ... */
const char *fd_picture_extension(fd_picture_format format);
/* The same name without its extension: how many bytes of it. */
size_t fd_picture_stem(const char *name);

/* By the end of a name; false when it is none of them. */
bool fd_picture_format_of(const char *name, fd_picture_format *out);

#endif
