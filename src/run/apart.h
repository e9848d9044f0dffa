/* Work in a process of its own. HDF5 trusts what it reads (its global heaps above all) and may crash on a damaged file: then only the child
 * does. */
#ifndef FD_RUN_APART_H
#define FD_RUN_APART_H

#include "base/status.h"

/* Runs work(self) in a child; what it returns becomes *exit_code. A child that a signal kills is FD_FORMAT: the file that it read is damaged.
 * What the child changes in memory is lost; what it prints is not. */
fd_error *fd_apart(int (*work)(void *self), void *self, int *exit_code) FD_CHECK;   /* a signal that fd_signals caught is passed on to the child */

/* Reads in a child, before the caller reads the same of this file itself. What `read` returns is forgotten, for the caller will meet it too. */
fd_error *fd_apart_rehearse(const char *path, fd_error *(*read)(void *self), void *self) FD_CHECK;

#endif
