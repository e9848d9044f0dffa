/* What this build is. */
#ifndef FD_BASE_VERSION_H
#define FD_BASE_VERSION_H

const char *fd_version(void);    /* "0.1.0" */
const char *fd_revision(void);   /* git's name of the source at configure time, "unknown" outside a repository */

#endif
