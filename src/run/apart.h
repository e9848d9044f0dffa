/* Work in a process of its own. HDF5 trusts what it reads (its global heaps above all): on a damaged file it may crash, or go round in circles. Then only the
 * child does, and the parent says which file it was. */
#ifndef FD_RUN_APART_H
#define FD_RUN_APART_H

#include "base/status.h"

/* Processor seconds in which a child that is at work has read or written something: so many, and so many more for each 10^6 bytes of its files. Whatever
 * a program computes of what it has read takes far less (1 us for each byte); a child that computes for as long without a byte is ended. */
enum { FD_APART_PATIENCE = 60, FD_APART_PATIENCE_PER_MB = 1 };

/* Runs work(self) in a child; what it returns becomes *exit_code. What the child changes in memory is lost, what it prints is not. file: the HDF5 files
 * that it reads, for messages (the second may be NULL). FD_FORMAT: the child died of what it read, or got nowhere with it. FD_INTERRUPTED: a signal that
 * fd_signals caught, at which the child ends at once. It also ends when its parent does. */
fd_error *fd_apart(const char *const file[2], int (*work)(void *self), void *self, int *exit_code) FD_CHECK;

/* Reads in a child, before the caller reads the same of this file itself; for processes that use MPI, too. What `read` returns is forgotten, for the caller
 * will meet it as well. */
fd_error *fd_apart_rehearse(const char *file, fd_error *(*read)(void *self), void *self) FD_CHECK;

#endif
