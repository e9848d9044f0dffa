/* A comparison under way: what the values' and the attributes' parts of it share. */
#ifndef FD_STORE_WALK_H
#define FD_STORE_WALK_H

#include "store/differ.h"
#include "store/read.h"

typedef struct fd_differ {
    fd_result *a, *b;
    fd_error *(*each)(void *self, const fd_difference *d);
    void *self;
    fd_differ_sum *sum;
} fd_differ;

typedef struct fd_extent { int rank; hsize_t dim[H5S_MAX_RANK + 1]; } fd_extent;

/* Counts a difference and hands it on. */
fd_error *fd_differ_say(fd_differ *d, fd_difference difference) FD_CHECK;
/* Whether two types or shapes are the same; says so where they are not. */
fd_error *fd_differ_type(fd_differ *d, const char *path, hid_t a, hid_t b, bool *same) FD_CHECK;
fd_error *fd_differ_shape(fd_differ *d, const char *path, const fd_extent *a, const fd_extent *b, bool *same) FD_CHECK;
/* The attributes of a group or dataset that both files have. */
fd_error *fd_differ_attributes(fd_differ *d, const char *path) FD_CHECK;

void fd_names_free(char **names, int n);

#endif
