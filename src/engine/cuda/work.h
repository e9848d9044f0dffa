/* What the GPU's time is spent on: events around what a lane is given, read when the lane is waited for anyhow, and ranges for profilers
 * (NVTX).
 *
 * A span begins with the first thing that is queued and ends where the host waits or the kind of work changes, so that a GPU that waits for the
 * host is not counted as one that works. */
#ifndef FD_ENGINE_CUDA_WORK_H
#define FD_ENGINE_CUDA_WORK_H

#include "engine/cuda/cuda.h"

fd_error *fd_cuda_clock_open(fd_cuda_engine *e, fd_cuda_clock **out) FD_CHECK;   /* after the engine's stream, before its lanes */
void fd_cuda_clock_close(fd_cuda_clock *clock);   /* NULL is allowed */

fd_error *fd_cuda_work_open(fd_cuda_lane *lane, fd_cuda_work **out) FD_CHECK;   /* after the lane's stream; waits for it */
void fd_cuda_work_close(fd_cuda_work *work);   /* NULL is allowed */

/* Failures of these are no one's: a time that cannot be had is not counted, and an error that matters meets the lane's next call. */
void fd_cuda_work_runs(fd_cuda_lane *lane);   /* something will be queued now */
void fd_cuda_work_pauses(fd_cuda_lane *lane);   /* what was queued ends a span */
void fd_cuda_work_done(fd_cuda_lane *lane);   /* the stream was waited for */
fd_purpose fd_cuda_work_now(const fd_cuda_lane *lane);

/* --- rows of the engine's table ---------------------------------------------------------------------------------------------------------- */

void fd_cuda_work_begin(fd_lane *lane, fd_purpose purpose, const char *label);
void fd_cuda_work_end(fd_lane *lane);
void fd_cuda_work_seconds(const fd_engine *e, fd_device_seconds *out);
/* fd_cuda_upload and fd_cuda_download; of many bytes they are work of their own, of few they are part of what they are for. */
fd_error *fd_cuda_work_upload(fd_lane *lane, void *to, const void *from_host, size_t bytes) FD_CHECK;
fd_error *fd_cuda_work_download(fd_lane *lane, void *to_host, const void *from, size_t bytes) FD_CHECK;

#endif
