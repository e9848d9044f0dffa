/* What the files of the options share: option.c (reading), option_value.c (checking), option_parse.c, option_config.c, option_print.c. */
#ifndef FD_BASE_OPTION_PRIVATE_H
#define FD_BASE_OPTION_PRIVATE_H

#include "base/option.h"

struct fd_options {
    const fd_program *program;
    char **value;        /* [program->n] checked text in its one form, NULL: unset */
    bool *given;         /* [program->n] on the command line or in the config */
    char **positional;
    size_t n_positional, capacity;
    int verbosity;
};

/* Option i of the program's table, then of the parser's own (--help, ...); NULL after the last. */
const fd_option *fd_option_at(const fd_program *program, int i);
/* The index for fd_option_at of a long name of n bytes; -1: none. */
int fd_option_find(const fd_program *program, const char *name, size_t n);
bool fd_option_takes_value(const fd_option *option);

/* All values unset but for the table's defaults. fd_options_free(*out). */
fd_error *fd_options_new(const fd_program *program, fd_options **out) FD_CHECK;
fd_error *fd_options_set(fd_options *o, int i, const char *text) FD_CHECK;   /* checks; marks as given */
fd_error *fd_options_add_positional(fd_options *o, const char *text) FD_CHECK;

/* *canonical = the one form of a value that is of the option's type and in its range; else FD_USAGE naming option, value and range. */
fd_error *fd_option_check(const fd_option *option, const char *text, char **canonical) FD_CHECK;
/* Words for the bounds: "1..64", "at least 1"; "" when there are none. Returns out. */
char *fd_option_range(const fd_option *option, char out[64]);
/* The numbers of a checked REALS value; returns how many there are, writes at most `capacity`. */
int fd_option_reals(const char *text, double *values, int capacity);

/* Fills what was not given from an INI file. */
fd_error *fd_options_read_config(fd_options *o, const char *path) FD_CHECK;

#endif
