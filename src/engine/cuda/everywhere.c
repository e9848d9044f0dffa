#include "engine/cuda/everywhere.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Numbers of -1..1, always the same ones. */
static void fill(float *x, size_t n)
{
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < n; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        x[i] = (float)(int32_t)state * 0x1p-31f;
    }
}

/* One run with the sample at `place`: samples - 1 neighbours stand on each side of it in `row`, and the batch is a window onto that row. */
static fd_error *run(fd_cuda_lane *lane, const fd_cuda_batch *b, fd_cuda_trial *trial, void *self, const float *row, float *x, float *y, int64_t place,
                     float *got)
{
    fd_error *err = NULL;
    const float *from = row + (b->samples - 1 - place) * b->in;
    FD_CUDA(fd_cuda_of(lane), cudaMemcpyAsync(x, from, (size_t)(b->samples * b->in) * sizeof *x, cudaMemcpyDeviceToDevice, fd_cuda_stream(lane)));
    FD_TRY(trial(self, lane, x, y));
    FD_TRY(fd_cuda_download(&lane->base, got, y + place * b->out, (size_t)b->out * sizeof *got));
    FD_TRY(fd_cuda_lane_sync(&lane->base));
done:
    return err;
}

fd_error *fd_cuda_same_everywhere(fd_cuda_lane *lane, const fd_cuda_batch *b, fd_cuda_trial *trial, void *self, bool *same)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = fd_cuda_of(lane);
    const size_t numbers = (size_t)((2 * b->samples - 1) * b->in), bytes = (size_t)b->out * sizeof(float);
    const int64_t places[] = {1, b->samples - 1};
    float *host = NULL, *row = NULL, *x = NULL, *y = NULL, *first = NULL, *other = NULL;
    *same = true;
    if (b->samples < 2)
        return NULL;
    FD_TRY(fd_alloc(&host, numbers, sizeof *host));
    FD_TRY(fd_alloc(&first, 1, bytes));
    FD_TRY(fd_alloc(&other, 1, bytes));
    FD_TRY(fd_cuda_take(e, numbers * sizeof *row, &row));
    FD_TRY(fd_cuda_take(e, (size_t)(b->samples * b->in) * sizeof *x, &x));
    FD_TRY(fd_cuda_take(e, (size_t)(b->samples * b->out) * sizeof *y, &y));
    fill(host, numbers);
    FD_TRY(fd_cuda_upload(&lane->base, row, host, numbers * sizeof *row));
    FD_TRY(run(lane, b, trial, self, row, x, y, 0, first));
    for (int i = 0; i < 2 && *same; i++) {
        FD_TRY(run(lane, b, trial, self, row, x, y, places[i], other));
        *same = memcmp(first, other, bytes) == 0;
    }
done:
    fd_cuda_give(e, lane, row);
    fd_cuda_give(e, lane, x);
    fd_cuda_give(e, lane, y);
    free(host);
    free(first);
    free(other);
    return err;
}
