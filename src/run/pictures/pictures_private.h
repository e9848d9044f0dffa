/* What pictures.c and its neighbours share. */
#ifndef FD_RUN_PICTURES_PRIVATE_H
#define FD_RUN_PICTURES_PRIVATE_H

#include "data/entry.h"
#include "run/faces/job.h"
#include "run/pictures/picture_names.h"
#include "run/pictures/pictures.h"

typedef struct fd_pictures {
    fd_job job;               /* comm, options, manifest, engine, threads, memory, decode: what the scan and the workers need */
    const fd_picture_work *work;
    fd_picture_format format;
    int quality, compression;
    char *output;             /* folder, or the name of the one picture */
    bool one;                 /* output is that name */
    char **name;              /* [n] in the folder */
    int64_t *first;           /* [ranks + 1] which entries are whose */
    fd_verdict *verdict;      /* [n], this rank's share; all of them once gathered */
} fd_pictures;

/* The steps of a job, in their order; collective but where said otherwise. fd_pictures_free in any case. */
fd_pictures fd_pictures_begin(fd_comm *c, fd_options *o);
fd_error *fd_pictures_resolve(fd_pictures *p) FD_CHECK;       /* options, engine */
fd_error *fd_pictures_resolve_machine(fd_pictures *p) FD_CHECK;   /* of these only what the table of the machine says */
/* then fd_job_scan(&p->job) */
/* pictures_output.c: where pictures go; nothing is written yet but folders. */
fd_error *fd_pictures_place(fd_pictures *p) FD_CHECK;
/* The same once p->output and p->one say where; files get this extension. */
fd_error *fd_pictures_place_as(fd_pictures *p, const char *extension) FD_CHECK;
fd_error *fd_pictures_share_out(fd_pictures *p) FD_CHECK;     /* first, verdict; each rank by itself */
/* *image of entry i, or why there is none; by any thread. fd_image_free. */
fd_error *fd_pictures_read(const fd_pictures *p, int64_t i, fd_image *image, fd_verdict *verdict) FD_CHECK;
fd_error *fd_pictures_write(const fd_pictures *p, int64_t i, const fd_image *image) FD_CHECK;
/* Bytes of memory that entry i needs while it is in hand, from what its header says. */
int64_t fd_pictures_bytes(const fd_pictures *p, int64_t i);
fd_error *fd_pictures_finish(fd_pictures *p, bool interrupted, int *exit_code) FD_CHECK;
void fd_pictures_free(fd_pictures *p);

/* pictures_output.c: *out = path of picture i, or what it would be in another folder; free() it. */
fd_error *fd_pictures_path(const fd_pictures *p, int64_t i, char **out) FD_CHECK;
fd_error *fd_pictures_path_in(const fd_pictures *p, const char *folder, int64_t i, char **out) FD_CHECK;
/* Makes the folder, and those that its pictures need inside. One rank does. */
fd_error *fd_pictures_make_folders(const fd_pictures *p, const char *folder) FD_CHECK;

/* pictures_report.c: by rank 0. *failed: how many have no picture. */
fd_error *fd_pictures_report(const fd_pictures *p, int64_t *failed) FD_CHECK;

#endif
