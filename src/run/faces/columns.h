/* The datasets of a result file (design section 7), with their units and meanings. */
#ifndef FD_RUN_COLUMNS_H
#define FD_RUN_COLUMNS_H

#include "run/faces/assemble.h"
#include "run/pairs/pairing.h"
#include "store/result.h"

typedef struct fd_columns { fd_column column[20]; int n; const char **path, **detail; } fd_columns;

/* Rank 0. The columns borrow from job, assembly and pairs. fd_columns_free in any case. */
fd_error *fd_columns_of(const fd_job *job, const fd_assembly *a, fd_pairing *pairs, fd_columns *out) FD_CHECK;
void fd_columns_free(fd_columns *c);

#endif
