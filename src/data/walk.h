/* Folders, walked: what the scan (scan.c) is made of; not for other rooms. */
#ifndef FD_DATA_WALK_H
#define FD_DATA_WALK_H

#include <stddef.h>
#include <sys/types.h>

#include "data/manifest.h"

/* A folder that was found; parents stay to tell loops. */
typedef struct fd_folder {
    char *key, *path;
    int64_t parent;          /* index, -1: named by the user */
    dev_t device;
    ino_t inode;
} fd_folder;

/* Entries in the order in which they were named and found. Zero-initialise but for glob, visit and self; fd_walk_free. */
typedef struct fd_walk {
    fd_manifest found;
    size_t capacity;
    fd_folder *folder;
    size_t folders, folder_capacity;
    const char *glob;
    fd_error *(*visit)(void *self, const char *path);   /* as in fd_scan_config */
    void *self;
} fd_walk;

/* Tells the scan's visitor what is read next. */
fd_error *fd_walk_visit(const fd_walk *w, const char *path) FD_CHECK;

/* Adds one file, with a verdict when it is not to be opened (NULL: it is); drops it when the glob does not take it. */
fd_error *fd_walk_add(fd_walk *w, const char *key, const char *path, const fd_verdict *verdict) FD_CHECK;
/* Adds all files under a folder. A folder that cannot be read is FD_IO when `named` (by the user), else a row. */
fd_error *fd_walk_folder(fd_walk *w, const char *key, const char *path, bool named) FD_CHECK;
void fd_walk_free(fd_walk *w);

#endif
