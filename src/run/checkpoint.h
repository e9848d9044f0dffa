/* Checkpoints of the distance stage, in the journal: which tiles are done, and all that came of them but the matrix, whose tiles stand in the result in
 * work. A record of rank 0's log, written last, makes one valid:
 *
 *     'D', then 64-bit numbers: the length of the pin, and its bytes; generation, run; the sides of the plans' blocks, in which covers count; the
 *     histogram's counts; the covers; the files of pairs.
 *
 * lists-GENERATION.part holds the nearest rows of all: index [n][k], distance [n][k], CRC-32C of each block's part of both; the one before it is
 * removed. pairs-RUN-RANK-THREAD.part are spills (dist/spill.h) that grow from checkpoint to checkpoint. Any number of ranks goes on from them. */
#ifndef FD_RUN_CHECKPOINT_H
#define FD_RUN_CHECKPOINT_H

#include "run/pairing.h"
#include "run/record.h"
#include "store/journal.h"

enum { FD_RECORD_DISTANCES = 'D' };

/* A file of pairs. */
typedef struct fd_part { int64_t run, rank, thread, runs; fd_spill_run *of; } fd_part;

struct fd_checkpoint {
    fd_journal *log;             /* rank 0's */
    int64_t generation, run;     /* of the lists that are valid (0: none); of this run, for the names of its files */
    int64_t side[2];             /* of the blocks that covers count in */
    fd_cover *before;            /* [n_before] tiles that are done */
    size_t n_before;
    int64_t *counts;             /* [FD_HISTOGRAM_BINS + 2] or NULL */
    fd_part *part;               /* [parts] of interrupted runs */
    size_t parts;
    double last, cost;           /* rank 0: when the last one was begun, and how long it took */
};

/* The two parts of fd_pairing_prepare that look back, by one job at a time (run/lock.h). Collective: what an interrupted run of the same pin left; p's
 * plan becomes that run's. What was made otherwise is removed. */
fd_error *fd_checkpoint_find(fd_pairing *p) FD_CHECK;
/* Each rank alone: its share of what was saved becomes part of p. */
fd_error *fd_checkpoint_take(fd_pairing *p) FD_CHECK;
/* Whether anything is done: then the result in work is there and holds its tiles. */
bool fd_checkpoint_resumed(const fd_pairing *p);
/* Whether one is due; rank 0 knows. */
bool fd_checkpoint_due(const fd_pairing *p);
/* Saves all that was computed: `now` are the covers of the window in hand. Collective. */
fd_error *fd_checkpoint_save(fd_pairing *p, const fd_cover *now, size_t n) FD_CHECK;
/* Rank 0: records that nothing is done, before files that an older record speaks of go. */
fd_error *fd_checkpoint_void(fd_pairing *p) FD_CHECK;
void fd_checkpoint_close(fd_checkpoint *c);   /* NULL is allowed */
/* Rank 0: removes the parts from a journal that is kept; what hinders that is a warning. */
void fd_checkpoint_drop(const char *folder);

/* pairing_load.c: of a record's payload; counts, covers and files are checked against p. */
fd_error *fd_checkpoint_parse(const fd_pairing *p, const uint8_t *payload, size_t n, fd_checkpoint *out) FD_CHECK;
fd_error *fd_part_path(char **out, const char *folder, const fd_part *part) FD_CHECK;
fd_error *fd_lists_path(char **out, const char *folder, int64_t generation) FD_CHECK;
/* Bytes in the file of lists before block b's distances and indices, and before its checksum. */
typedef struct fd_lists_place { int64_t index, distance, check; } fd_lists_place;
fd_lists_place fd_lists_place_of(const fd_pairing *p, int64_t block);

#endif
