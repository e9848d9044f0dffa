/* One writer for one output, on whatever hosts: a file `owner` in the journal's folder that is locked, says who holds it, and shows a sign of life for
 * hosts and file systems between which locks do not reach. */
#ifndef FD_RUN_LOCK_H
#define FD_RUN_LOCK_H

#include <stdbool.h>

#include "base/status.h"

typedef struct fd_lock fd_lock;

/* Seconds between two signs of life, and without one until a holder on another host counts as dead. */
enum { FD_LOCK_BEAT = 5, FD_LOCK_DEAD = 30 };

/* Makes the folder where it is missing and takes its lock; FD_LOCKED names host and process of the holder. A holder that died is succeeded: at once
 * where it was on this host (or the kernel tells), after at most FD_LOCK_DEAD seconds where it was on another; FD_INTERRUPTED meanwhile. */
fd_error *fd_lock_take(const char *folder, const char *output, fd_lock **out) FD_CHECK;
/* Whether another run took it, which it does only when this one gave no sign of life for long. Any thread. */
bool fd_lock_is_lost(const fd_lock *lock);
/* Also removes the folder when nothing else is in it. NULL is allowed. */
void fd_lock_release(fd_lock *lock);

#endif
