/* Checkpoints of the distance stage, in the journal: which tiles are done, and all that came of them but the matrix, whose tiles stand in the result in
 * work. A record of rank 0's log, written last, makes one valid:
 *
 *     'D', then 64-bit numbers: the length of the pin, and its bytes; generation, run; the sides of the plans' blocks, in which covers count; the
 *     saturated values; the histogram's counts; the covers; the files.
 *
 * lists-GENERATION.part holds the nearest rows of all: index [n][k], distance [n][k], CRC-32C of each block's part of both; the one before it is
 * removed. pairs-RUN-RANK-THREAD.part are spills (dist/spill.h) that grow from checkpoint to checkpoint, tiles-RUN-RANK-THREAD.part
 * compressed tiles of the matrix (pairing_tiles.c). Any number of ranks goes on from them. */
#ifndef FD_RUN_CHECKPOINT_H
#define FD_RUN_CHECKPOINT_H

#include "run/faces/record.h"
#include "run/pairs/pairing.h"
#include "store/journal.h"

enum { FD_RECORD_DISTANCES = 'D' };

typedef enum fd_part_kind { FD_PART_PAIRS, FD_PART_TILES } fd_part_kind;

/* A file of one thread: pairs, or compressed tiles, which are one run, whose `pairs` are its bytes. */
typedef struct fd_part { int64_t kind, run, rank, thread, runs; fd_spill_run *of; } fd_part;

struct fd_checkpoint {
    fd_journal *log;             /* rank 0's */
    int64_t generation, run;     /* of the lists that are valid (0: none); of this run, for the names of its files */
    int64_t side[2];             /* of the blocks that covers count in */
    fd_cover *before;            /* [n_before] tiles that are done */
    size_t n_before;
    int64_t *counts;             /* [FD_HISTOGRAM_BINS + 2] or NULL */
    int64_t saturated;
    fd_part *part;               /* [parts] of interrupted runs; of this one too after fd_checkpoint_parts */
    size_t parts;
    double last, cost;           /* rank 0: when the last one was begun, and how long it took */
};

/* The two parts of fd_pairing_prepare that look back, by one job at a time (run/lock.h). Collective: what an interrupted run of the same pin left; p's
 * plan becomes that run's. What was made otherwise is removed. */
fd_error *fd_checkpoint_find(fd_pairing *p) FD_CHECK;
/* Each rank alone: its share of what was saved becomes part of the fd_pairing. */
fd_error *fd_checkpoint_take(void *pairing) FD_CHECK;
/* Whether anything is done: then the result in work is there and holds its tiles. */
bool fd_checkpoint_resumed(const fd_pairing *p);
/* Whether one is due; rank 0 knows. */
bool fd_checkpoint_due(const fd_pairing *p);
/* Saves all that was computed: `now` are the covers of the window in hand. Collective. */
fd_error *fd_checkpoint_save(fd_pairing *p, const fd_cover *now, size_t n) FD_CHECK;
/* Rank 0: records that nothing is done, before files that an older record speaks of go. */
fd_error *fd_checkpoint_void(fd_pairing *p) FD_CHECK;
/* Makes the files of this run durable and adds them to those of interrupted ones, on rank 0. Collective. */
fd_error *fd_checkpoint_parts(fd_pairing *p) FD_CHECK;
void fd_checkpoint_close(fd_checkpoint *c);   /* NULL is allowed */
/* Rank 0: removes the parts from a journal that is kept; what hinders that is a warning. */
void fd_checkpoint_drop(const char *folder);

/* pairing_record.c: the pin of a record's payload, and its length; NULL: it is none. */
const char *fd_checkpoint_pin(const uint8_t *payload, size_t n, int64_t *length);
/* All of it; counts, covers and files are checked against p. */
fd_error *fd_checkpoint_parse(const fd_pairing *p, const uint8_t *payload, size_t n, fd_checkpoint *out) FD_CHECK;
fd_error *fd_part_path(char **out, const char *folder, const fd_part *part) FD_CHECK;
fd_error *fd_lists_path(char **out, const char *folder, int64_t generation) FD_CHECK;
/* The files of a record, or what is left of it; false where it does not add up. */
fd_error *fd_parts_parse(const uint8_t *bytes, size_t n, fd_checkpoint *out, bool *good) FD_CHECK;
/* pairing_tiles.c: a tile of the matrix, from its first element. */
typedef struct fd_matrix_tile { int64_t row, column, rows, columns, pitch; const float *values; } fd_matrix_tile;
fd_error *fd_tiles_open(fd_pairing *p) FD_CHECK;
fd_error *fd_tiles_store(fd_pairing *p, int thread, const fd_matrix_tile *t, int64_t *saturated) FD_CHECK;
fd_error *fd_tiles_save(fd_pairing *p, int thread, int64_t *bytes) FD_CHECK;   /* makes them durable: so many bytes */
void fd_tiles_close(fd_pairing *p);
/* Bytes in the file of lists before block b's distances and indices, and before its checksum. */
typedef struct fd_lists_place { int64_t index, distance, check; } fd_lists_place;
fd_lists_place fd_lists_place_of(const fd_pairing *p, int64_t block);

#endif
