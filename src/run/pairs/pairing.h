/* The distance stage of every program: all pairs of rows, from wherever the rows are, and what is wanted of them in one pass. */
#ifndef FD_RUN_PAIRING_H
#define FD_RUN_PAIRING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "comm/comm.h"
#include "dist/panel.h"
#include "run/stage.h"
#include "run/watch.h"
#include "store/result.h"

enum { FD_HISTOGRAM_BINS = 1000 };

typedef enum fd_clusters { FD_CLUSTERS_NONE, FD_CLUSTERS_CONNECTED, FD_CLUSTERS_WHISPERS } fd_clusters;

/* What is wanted of the pairs, any together. */
typedef struct fd_wanted {
    bool matrix, half, compress;      /* half: the matrix in float16 */
    bool radius_given, histogram, include_self;
    int64_t k;                        /* 0: no nearest rows */
    float radius;
    fd_clusters clusters;             /* of the pairs within the radius */
} fd_wanted;

/* Reads --matrix-type, --compress, --topk, --radius, --clusters, --histogram and --include-self; --matrix is resolved by the caller, who knows the number of rows. */
void fd_wanted_of(const fd_options *o, fd_wanted *out);
/* FD_USAGE where options are given that need others. */
fd_error *fd_wanted_check(const fd_options *o) FD_CHECK;
bool fd_wanted_any(const fd_wanted *w);

/* How the rows get to the ranks. */
typedef enum fd_exchange { FD_EXCHANGE_AUTO, FD_EXCHANGE_ALLGATHER, FD_EXCHANGE_RING } fd_exchange;

typedef struct fd_tile_file fd_tile_file;     /* pairing_tiles.c */
typedef struct fd_checkpoint fd_checkpoint;   /* run/checkpoint.h */

/* Where the stage saves what it has, and what that depends on. */
typedef struct fd_saving {
    const char *folder;               /* of the journal */
    const char *header;               /* pin of its logs */
    const char *pin;                  /* what the distances depend on, "key = value" lines */
    double every;                     /* seconds between two checkpoints; 0: as often as can be */
} fd_saving;

typedef struct fd_pairing {
    /* by the caller */
    fd_comm *comm;
    fd_engine *engine;
    int threads;
    fd_metric metric;
    fd_precision precision;
    int64_t dim, n[2];                /* n: rows and columns; the same where symmetric */
    bool symmetric;
    fd_row_source source[2];          /* of rows and of columns; called by the main thread only */
    fd_wanted wanted;
    const char *temporary, *scale;    /* the result in work; path of the dataset that names the rows, NULL: none */
    const char *valid;                /* path in the result of which rows can be compared; for clusters */
    fd_stage_row *stages;
    fd_saving saving;
    double timeout;                   /* --timeout: ranks meet more often than that; 0: none */
    fd_watch *watch;                  /* NULL: none */
    void (*beat)(void *self);         /* NULL: nothing; called a few times a second while tiles are computed, by the caller's thread */
    void *beat_self;
    fd_exchange exchange;             /* what is asked for; what was chosen, once fd_pairing_fit was called */
    int64_t memory;                   /* bytes that the stage may take of a rank; 0: no matter */
    int64_t side;                     /* most rows of a block; 0: what is best (any gives the same bytes) */
    int64_t panel;                    /* blocks of rows, and of columns, that are in memory at a time; 0: all, or the ring's share (fd_pairing_fit) */
    /* by fd_pairing_prepare */
    fd_tile_plan plan[2];
    fd_scale scaling;
    fd_histogram bins;                /* of all threads; bins.count [FD_HISTOGRAM_BINS + 2] of this rank */
    char low[32], high[32], limit[32];/* edges of the histogram and the radius as text */
    fd_attribute attribute[6][4];     /* of the datasets, by fd_pairing_columns */
    fd_lists *lists;
    fd_spill **spill;                 /* [spills]: of this rank's threads, then of files that an interrupted run left */
    int spills;
    fd_lane **lane;                   /* [lanes], one for each thread: opened when it is first needed, kept until the stage ends */
    int lanes;
    int64_t *row_count;               /* [n[0] + 1] pairs within the radius */
    fd_result_writer *writer;         /* for tiles */
    fd_tile_file *tiles;              /* [threads] for compressed ones; else NULL */
    int64_t saturated;                /* values of this rank's tiles that float16 cannot hold */
    /* of an interrupted run */
    fd_checkpoint *checkpoint;
    fd_coverage before;               /* tiles that an interrupted run computed */
    fd_cover done[2];                 /* and the windows that this run went through before the one in hand */
    int n_done;
} fd_pairing;

/* Whether rows can be compared: finite, and for the cosine not all zero. */
bool fd_row_is_valid(const float *row, int64_t dim, fd_metric metric);

void fd_pairing_plan(fd_pairing *p);   /* sets the plans of rows and columns from what the caller set */
/* Collective. survey: of all rows, the same on every rank. fd_pairing_free in any case. */
fd_error *fd_pairing_prepare(fd_pairing *p, const fd_survey *survey) FD_CHECK;
void fd_pairing_free(fd_pairing *p);
/* Largest of all ranks' surveys. Collective. */
fd_error *fd_survey_reduce(fd_comm *c, fd_survey *s) FD_CHECK;

/* The datasets of the stage but those of the radius, whose size is known only later; returns how many (at most 4). They borrow from p. */
int fd_pairing_columns(fd_pairing *p, fd_column *out);

/* pairing_compute.c: computes this rank's share of the pairs; tiles go to w. Collective. */
fd_error *fd_pairing_compute(fd_pairing *p, fd_result_writer *w) FD_CHECK;
/* pairing_fit.c: chooses `exchange` and `panel` so that this stage takes at most `memory` bytes of each rank; FD_NOMEM says what it needs at least.
 * After fd_pairing_prepare; collective. */
fd_error *fd_pairing_fit(fd_pairing *p, int64_t memory) FD_CHECK;
/* The lesser of `memory` and what is free of the engine's own, where it has any. */
int64_t fd_pairing_room(const fd_engine *e, int64_t memory);
/* Bytes of a rank for all but the rows, and for the rows with all of them in memory. */
void fd_pairing_memory(const fd_pairing *p, int64_t *fixed, int64_t *rows);
/* For the rows of a rank in a ring of so many: its own and those at hand, prepared, and two parcels of plain rows. */
int64_t fd_pairing_ring_memory(const fd_pairing *p, int64_t ranks);
/* pairing_window.c: the tiles of `deal` on all threads; `shift` (NULL: none) is polled meanwhile and ended. Ranks meet every few seconds: to save, or to
 * stop (FD_INTERRUPTED, everything is saved). Collective. */
typedef struct fd_window { const fd_panel *a, *b; fd_deal *deal; fd_comm_shift *shift; } fd_window;
fd_error *fd_pairing_window(fd_pairing *p, const fd_window *w) FD_CHECK;
fd_panel_desc fd_pairing_describe(const fd_pairing *p, int which);   /* of rows or of columns */
/* pairing_ring.c: blocks go round. The sources are read by each rank alone. */
fd_error *fd_pairing_ring(fd_pairing *p) FD_CHECK;

/* pairing_write.c: merges what all ranks found and writes it; no writer may be open. Collective. */
fd_error *fd_pairing_write(fd_pairing *p) FD_CHECK;
/* pairing_lists.c: the lists of all ranks, merged, a chunk of rows at a time on one of the ranks. Every rank keeps its own. Collective. */
typedef struct fd_lists_sink {
    void *self;
    fd_error *(*take)(void *self, int64_t first, int64_t rows, const fd_topk *lists);   /* first: a whole number of blocks; lists may be changed */
} fd_lists_sink;
fd_error *fd_pairing_merge_lists(fd_pairing *p, const fd_lists_sink *sink) FD_CHECK;
int64_t fd_pairing_merge_bytes(const fd_pairing *p);   /* memory that it takes of a rank */
/* pairing_tiles.c: compressed tiles into the result, and what is known of them only now. Collective. */
fd_error *fd_pairing_write_matrix(fd_pairing *p) FD_CHECK;
/* pairing_radius.c: its part for the pairs within the radius. */
fd_error *fd_pairing_write_radius(fd_pairing *p) FD_CHECK;
/* pairing_clusters.c: and for their groups, by rank 0, after the pairs are written. Collective. */
fd_error *fd_pairing_write_clusters(fd_pairing *p) FD_CHECK;

#endif
