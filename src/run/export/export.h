/* facesdist-export: tables of a result as CSV, JSON Lines or .npy, row by row: neither result nor output is ever in memory as a whole. */
#ifndef FD_RUN_EXPORT_H
#define FD_RUN_EXPORT_H

#include "base/file.h"
#include "base/option.h"
#include "run/export/export_names.h"
#include "store/result.h"

extern const fd_program fd_export_program;

/* Writes the table that --table names to what --output names. */
fd_error *fd_run_export(fd_options *options, int *exit_code) FD_CHECK;

/* --- tables -------------------------------------------------------------------------------------------------------------------------- */

typedef enum fd_cell { FD_CELL_I64, FD_CELL_F32, FD_CELL_TEXT } fd_cell;

enum { FD_EXPORT_COLUMNS = 16 };

/* A column holds one value in each row, or an array of them: a vector [dim 0] or a matrix [dim 0][dim 1]. */
typedef struct fd_export_column {
    const char *name;
    fd_cell cell;
    int rank;                    /* 0: one value; text always */
    int64_t dim[2];
    const char *const *parts;    /* names of the values in a table that is flat; NULL: the column's name and a number from 0 */
} fd_export_column;

int64_t fd_export_width(const fd_export_column *c);   /* values in a row */

/* The next few rows: per column int64_t, float or const char * [rows][width]. NULL text: there is none. Valid until the next call. */
typedef struct fd_export_batch { int64_t rows; const void *cells[FD_EXPORT_COLUMNS]; } fd_export_batch;

/* A table that is read from the beginning to the end, once. */
typedef struct fd_export_source fd_export_source;
struct fd_export_source {
    fd_result *result;           /* borrowed */
    fd_names *names;             /* borrowed; NULL: no names of photographs are wanted, or there are none */
    fd_export_column column[FD_EXPORT_COLUMNS];
    int columns;
    int64_t rows;                /* of all; at most, where there is a count() */
    fd_error *(*count)(fd_export_source *s);                          /* makes `rows` exact; NULL: it is */
    fd_error *(*next)(fd_export_source *s, fd_export_batch *batch);   /* rows 0: the end */
    void (*close)(fd_export_source *s);
    void *state;
};

/* export_rows.c: images, faces, embeddings, matrix; `numbers` leaves out all columns but the one that the table is about. FD_FORMAT where the
 * result has no such table. fd_export_close in any case. */
fd_error *fd_export_open_rows(fd_export_source *s, const char *table, bool numbers) FD_CHECK;
/* export_pairs.c: topk, radius. */
fd_error *fd_export_open_pairs(fd_export_source *s, const char *table) FD_CHECK;
void fd_export_close(fd_export_source *s);

/* --- formats ------------------------------------------------------------------------------------------------------------------------- */

typedef struct fd_export_format {
    const char *name, *ending;   /* "csv", ".csv" */
    bool text;                   /* whether it holds columns of text: the others go without */
    fd_error *(*begin)(const fd_export_source *s, fd_string *out);   /* what comes before the rows; s->rows is exact unless text */
    fd_error *(*rows)(const fd_export_source *s, const fd_export_batch *batch, fd_string *out);
} fd_export_format;

extern const fd_export_format fd_export_csv;     /* export_csv.c: RFC 4180; names as their raw bytes; nan, inf */
extern const fd_export_format fd_export_jsonl;   /* export_json.c: an object for each row; not finite: null */
extern const fd_export_format fd_export_npy;     /* export_npy.c: numbers alone; several columns are a structured array */

/* Adds bytes to a text that already has room for most of what is added. */
fd_error *fd_export_put(fd_string *s, const char *bytes, size_t n) FD_CHECK;
/* Adds value i of a column of numbers: a float in up to nine digits, from which it is read back exactly; `odd` where it is not finite. */
fd_error *fd_export_put_number(fd_string *s, fd_cell cell, const void *cells, int64_t i, const char *odd) FD_CHECK;

#endif
