/* Where the time goes: items, seconds and bytes of each stage, for the end table and /run/stages. */
#ifndef FD_RUN_STAGE_H
#define FD_RUN_STAGE_H

#include <stdint.h>

typedef enum fd_stage {
    FD_STAGE_NAMES, FD_STAGE_SCAN, FD_STAGE_START, FD_STAGE_PARTITION, FD_STAGE_COPY, FD_STAGE_IMAGES, FD_STAGE_READ, FD_STAGE_DECODE, FD_STAGE_DETECT,
    FD_STAGE_EMBED, FD_STAGE_JOURNAL, FD_STAGE_ASSEMBLE, FD_STAGE_EXCHANGE, FD_STAGE_WRITE, FD_STAGE_DISTANCES, FD_STAGE_COMMIT, FD_STAGES
} fd_stage;

typedef struct fd_stage_row { double items, seconds, bytes; } fd_stage_row;

const char *fd_stage_name(fd_stage s);
/* What `seconds` means: 1 when it is summed over the worker threads, 0 when it is wall time of the rank. */
int fd_stage_is_threaded(fd_stage s);
const char *fd_stage_items_name(fd_stage s);   /* "images", "faces", "tiles" */

/* Adds the time since *mark (fd_now) and sets *mark to now. Not thread-safe: each worker has rows of its own. */
void fd_stage_add(fd_stage_row *rows, fd_stage s, double *mark, double items, double bytes);
void fd_stage_merge(fd_stage_row *into, const fd_stage_row *from);

#endif
