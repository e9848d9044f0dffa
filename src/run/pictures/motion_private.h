/* What motion.c and its neighbours share. */
#ifndef FD_RUN_MOTION_PRIVATE_H
#define FD_RUN_MOTION_PRIVATE_H

#include "base/text.h"
#include "run/pictures/pictures_private.h"
#include "run/pictures/motion_step.h"

typedef struct fd_motion {
    fd_pictures pictures;
    int threshold;
    fd_motion_times times, *timed; /* timed: NULL where times are not wanted */
    const char *masks, *table, *plot;   /* NULL: not wanted */
    int64_t *sequence;      /* [n] the entry with which the frame's folder begins */
    int64_t *chunk, chunks; /* this rank's work: frames chunk[k] .. chunk[k + 1] - 1, of one folder */
    fd_moved *moved;        /* [n] this rank's share; all of them once gathered */
    char **line;            /* [n] of the table, this rank's share */
} fd_motion;

/* motion_table.c: the table (collective) and the curve (rank 0). */
fd_error *fd_motion_line(const fd_motion *m, int64_t frame, const fd_regions *regions, char **out) FD_CHECK;
fd_error *fd_motion_write_table(fd_motion *m) FD_CHECK;
fd_error *fd_motion_write_plot(const fd_motion *m) FD_CHECK;

#endif
