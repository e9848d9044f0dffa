/* Options, declared once: a program has one const table; it makes the parser, --help, the resolved list, the INI file, the man page, the
 * shell completion and the attributes in /run, so that they cannot drift. */
#ifndef FD_BASE_OPTION_H
#define FD_BASE_OPTION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "base/text.h"

typedef enum fd_option_type {
    FD_OPT_FLAG,     /* --strict, --no-strict; value "true"|"false" */
    FD_OPT_INT,      /* 64 bits, within [low, high] */
    FD_OPT_COUNT,    /* a size in powers of 1000: 64M pixels */
    FD_OPT_BYTES,    /* a size in powers of 1024: 2G */
    FD_OPT_REAL,     /* within [low, high] */
    FD_OPT_REALS,    /* numbers separated by spaces or commas; `low`..`high` each */
    FD_OPT_CHOICE,   /* one of `choices`, separated by |; "cuda:N" stands for any number */
    FD_OPT_TEXT,     /* any text; a path */
    FD_OPT_ACTION    /* asks for something instead of a run: --help, --version, --save-config FILE when metavar is set */
} fd_option_type;

typedef enum fd_effect {
    FD_AFFECTS_RESULT,   /* pinned by the journal: a resume with another value is refused */
    FD_AFFECTS_RUN       /* how, where and how fast; free to change */
} fd_effect;

typedef struct fd_option {
    const char *name;        /* long name without dashes */
    char letter;             /* short name, 0 for none */
    fd_option_type type;
    const char *fallback;    /* default as text; NULL: unset, resolved later ("from the pack", "all cores") */
    const char *metavar;     /* "DIR", "N", "BYTES"; NULL for flags */
    const char *choices;     /* FD_OPT_CHOICE */
    double low, high;        /* INT, REAL, REALS; both 0: no bounds */
    fd_effect effect;
    const char *group;       /* heading in --help and man page, by task; NULL: not shown */
    const char *help;        /* one or two sentences; says unit and default where not evident */
} fd_option;

typedef struct fd_program {
    const char *name;            /* "facesdist" */
    const char *summary;         /* one line */
    const char *usage;           /* "facesdist [options] FILE|FOLDER... -o FILE"; a line for each way of calling */
    const char *description;     /* paragraphs for the man page, an empty line between them; one in capitals is a heading; may be NULL */
    const fd_option *options;    /* n of them; --help, --version, --features, -v, -q are added by the parser itself */
    int n;
    int min_positional, max_positional;   /* max -1: any */
    const char *default_config;  /* INI file taken from the current folder when there are no arguments at all; NULL: none */
} fd_program;

typedef struct fd_options fd_options;   /* the parsed command line */

typedef enum fd_parsed {
    FD_PARSED_RUN,
    FD_PARSED_ANSWERED,   /* --help or the like was printed to `out`: exit 0 */
    FD_PARSED_FEATURES    /* --features: name and version were; what is built in is for the caller to say, exit 0 */
} fd_parsed;

/* Parses argv (and --config FILE, whose values yield to the command line). Bad usage is FD_USAGE, naming the nearest option. `out`
 * receives help asked for: rank 0 passes stdout; NULL on the others, which answer nothing and save nothing. fd_options_free(*options). */
fd_error *fd_options_parse(const fd_program *program, int argc, char **argv, FILE *out, fd_options **options, fd_parsed *parsed) FD_CHECK;
void fd_options_free(fd_options *o);

int fd_positionals(const fd_options *o);
const char *fd_positional(const fd_options *o, int i);
int fd_option_verbosity(const fd_options *o);                      /* -q: -1, -v: 1, -vv: 2 */

/* Reading a value by name; a name that is not in the table, or of another type, is our bug (assert). */
bool fd_opt_given(const fd_options *o, const char *name);          /* on the command line or in the config */
bool fd_opt_set(const fd_options *o, const char *name);            /* given, resolved, or with a default */
bool fd_opt_flag(const fd_options *o, const char *name);
int64_t fd_opt_int(const fd_options *o, const char *name);         /* INT, COUNT, BYTES */
double fd_opt_real(const fd_options *o, const char *name);
int fd_opt_reals(const fd_options *o, const char *name, double *values, int capacity);   /* how many there are */
const char *fd_opt_text(const fd_options *o, const char *name);    /* TEXT, CHOICE; NULL when unset */
int fd_opt_choice(const fd_options *o, const char *name);          /* index in choices */

/* Resolves a value that was left open ("auto", unset) to what will be used; shown in -v, pinned, stored in /run. */
fd_error *fd_opt_resolve(fd_options *o, const char *name, const char *value) FD_CHECK;
/* The same with a number, where the user gave none. */
fd_error *fd_opt_default(fd_options *o, const char *name, double value) FD_CHECK;

/* Walks the table's options but actions, as text in one form per value (1000K and 1M are both "1M"): i from 0 until NULL is returned.
 * *value is NULL where unset. */
const fd_option *fd_opt_at(const fd_options *o, int i, const char **value);

/* Writes all given values as an INI file (with positionals as `input`), readable by --config; FD_USAGE for a value that INI cannot hold. */
fd_error *fd_options_save(const fd_options *o, const char *path) FD_CHECK;

/* --generate man|bash: made at build time from the table. */
void fd_options_print_help(const fd_program *program, FILE *out);
void fd_options_print_man(const fd_program *program, FILE *out);
void fd_options_print_completion(const fd_program *program, FILE *out);

#endif
