/* A table for people: cells of text, columns as wide as their widest cell. */
#ifndef FD_RUN_TEXT_TABLE_H
#define FD_RUN_TEXT_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

enum { FD_TEXT_COLUMNS = 8 };

/* Zero-initialise but for columns and right; fd_text_table_free. The first row is the heading. */
typedef struct fd_text_table {
    int columns;                       /* 1..FD_TEXT_COLUMNS */
    unsigned right;                    /* bit i: column i is set to the right (numbers) */
    char **cell;                       /* row by row */
    size_t n, capacity;
} fd_text_table;

/* The next cell; rows follow when one is full. */
fd_error *fd_text_cell(fd_text_table *t, const char *format, ...) __attribute__((format(printf, 2, 3))) FD_CHECK;
void fd_text_table_print(const fd_text_table *t, FILE *out);
void fd_text_table_free(fd_text_table *t);

#endif
