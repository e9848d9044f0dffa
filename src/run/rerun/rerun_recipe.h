/* What /run and /images say about how to make a result again. */
#ifndef FD_RUN_RERUN_RECIPE_H
#define FD_RUN_RERUN_RECIPE_H

#include "base/hash.h"
#include "data/manifest.h"

/* "key = value" lines, taken apart. */
typedef struct fd_setting {
    const char *key, *value;
} fd_setting;
typedef struct fd_settings {
    char *text;
    fd_setting *line;
    size_t n, capacity;
} fd_settings;

fd_error *fd_settings_of(const char *text, fd_settings *out) FD_CHECK;
const char *fd_settings_find(const fd_settings *s, const char *key);   /* NULL: not set */
void fd_settings_free(fd_settings *s);

/* Zero-initialise; fd_recipe_free. */
typedef struct fd_recipe {
    char *result;                                       /* the file */
    char *folder;                                       /* what the keys of the photographs are relative to */
    bool moved;                                         /* by --photos: also keys that begin with a slash are */
    char *model;                                        /* folder of the pack */
    fd_manifest photographs;                            /* keys and paths, sorted; verdicts: as recorded */
    fd_sha256 *sha256;                                  /* [photographs.n]; zeros where the file was not read */
    fd_settings pin;                                    /* what determined the result's bytes */
    fd_settings said;   /* "--NAME = VALUE" of /run's own attributes, for those in pin; "": none */
    char *program, *revision, *isa, *host, *finished;   /* for people; "" where /run has them not */
} fd_recipe;

/* Reads a result. `photos` and `model` (NULL: where they were) say where the photographs and the pack are now. A file of another program, or
 * one that lacks what is needed, is FD_FORMAT. */
fd_error *fd_recipe_read(const char *result, const char *photos, const char *model, fd_recipe *out) FD_CHECK;
void fd_recipe_free(fd_recipe *p);

#endif
