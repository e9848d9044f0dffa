/* What pictures.c and its neighbours share. */
#ifndef FD_RUN_PICTURES_PRIVATE_H
#define FD_RUN_PICTURES_PRIVATE_H

#include "data/entry.h"
#include "run/job.h"
#include "run/picture_names.h"
#include "run/pictures.h"

typedef struct fd_pictures {
    fd_job job;               /* comm, options, manifest, engine, threads, memory, decode: what the scan and the workers need */
    const fd_picture_work *work;
    fd_picture_format format;
    int quality;
    char *output;             /* folder, or the name of the one picture */
    bool one;                 /* output is that name */
    char **name;              /* [n] in the folder */
    int64_t *first;           /* [ranks + 1] which entries are whose */
    fd_verdict *verdict;      /* [n], this rank's share; all of them once gathered */
} fd_pictures;

/* pictures_output.c: where pictures go; nothing is written yet but folders. Collective. */
fd_error *fd_pictures_place(fd_pictures *p) FD_CHECK;
/* *out = path of picture i; free() it. */
fd_error *fd_pictures_path(const fd_pictures *p, int64_t i, char **out) FD_CHECK;

/* pictures_report.c: by rank 0. *failed: how many have no picture. */
fd_error *fd_pictures_report(const fd_pictures *p, int64_t *failed) FD_CHECK;

#endif
