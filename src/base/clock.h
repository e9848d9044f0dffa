/* Time. */
#ifndef FD_BASE_CLOCK_H
#define FD_BASE_CLOCK_H

/* Seconds of a monotonic clock with an arbitrary start. */
double fd_now(void);
/* Processor seconds used by the calling thread. */
double fd_thread_seconds(void);
/* Writes "2026-01-31T12:00:00Z" (UTC) into out. */
void fd_utc(char out[21]);
/* Sleeps for at least `seconds`. */
void fd_sleep(double seconds);

#endif
