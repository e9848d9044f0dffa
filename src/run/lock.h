/* One writer for one output: an advisory lock on the journal's folder, gone with its process. */
#ifndef FD_RUN_LOCK_H
#define FD_RUN_LOCK_H

#include "base/status.h"

/* Makes the folder where it is missing and locks it: *lock is a descriptor. FD_LOCKED tells who holds it, where that can be seen. On a file system
 * without locks it is only made. */
fd_error *fd_lock_take(const char *folder, const char *output, int *lock) FD_CHECK;
/* Also removes the folder when nothing is in it. lock < 0: does nothing. */
void fd_lock_release(const char *folder, int lock);

#endif
