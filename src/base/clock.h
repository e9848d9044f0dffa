/* Time. */
#ifndef FD_BASE_CLOCK_H
#define FD_BASE_CLOCK_H

#include <stdint.h>

/* Seconds of a monotonic clock with an arbitrary start. */
double fd_now(void);
/* Processor seconds used by the calling thread. */
double fd_thread_seconds(void);
/* Writes "2026-01-31T12:00:00Z" (UTC) into out. */
void fd_utc(char out[21]);
/* Reads such a text: nanoseconds since 1970. False when it is none. */
int fd_utc_parse(const char *text, int64_t *ns);
/* Now, in nanoseconds since 1970 (UTC). */
int64_t fd_wall(void);
/* Sleeps for at least `seconds`. */
void fd_sleep(double seconds);

#endif
