/* The main job: stages, worker queue, resume, end report. The only room where the others meet. */
#ifndef FD_RUN_RUN_H
#define FD_RUN_RUN_H

#include "base/option.h"
#include "comm/comm.h"
#include "data/manifest.h"

/* Exit codes (design section 8). */
enum { FD_EXIT_OK = 0, FD_EXIT_FAILED = 1, FD_EXIT_USAGE = 2, FD_EXIT_STRICT = 3, FD_EXIT_INTERRUPTED = 75 };

/* Of a program that ends with this error (NULL: none). */
int fd_exit_code_of(const fd_error *e);

/* The table of the main job. */
extern const fd_program fd_faces_program;

/* Runs the whole job of the parsed options on all ranks; *exit_code is one of the above when NULL is returned. */
fd_error *fd_run_faces(fd_comm *c, fd_options *options, int *exit_code) FD_CHECK;

/* Photographs that the options do not name: `find` (rank 0 alone calls it, from any thread) fills a manifest as fd_scan does; `folder` is what their
 * keys are relative to. */
struct fd_names { fd_error *(*find)(void *self, fd_manifest *out); void *self; const char *folder; };
fd_error *fd_run_named_faces(fd_comm *c, fd_options *options, const struct fd_names *names, int *exit_code) FD_CHECK;

/* The frame of every program's main: opens comm and log, parses, runs `job`, reports its error, agrees on the exit code, closes. */
int fd_main(int argc, char **argv, const fd_program *program, fd_error *(*job)(fd_comm *c, fd_options *o, int *exit_code));
/* The same without ranks (facesdist-compare, facesdist-net). */
int fd_main_alone(int argc, char **argv, const fd_program *program, fd_error *(*job)(fd_options *o, int *exit_code));

#endif
