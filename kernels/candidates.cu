#include "kernels/candidates.h"

#include "kernels/launch.cuh"

enum { WARPS = 8, SCAN_THREADS = 1024 };

/* The region that row `line` of all regions belongs to: the last one with lines_before <= line, which is never an empty one. */
static __device__ const fd_cells *region_of(const fd_cells *cells, int32_t n, int64_t line)
{
    int32_t low = 0, high = n;
    while (high - low > 1) {
        const int32_t middle = low + (high - low) / 2;
        if (cells[middle].lines_before <= line)
            low = middle;
        else
            high = middle;
    }
    return &cells[low];
}

static __device__ void store(const fd_cells *r, int32_t i, int32_t j, fd_hit *out)
{
    const int64_t at = i * r->pitch + j;
    fd_hit h = {r->tag, r->row + i, r->column + j, r->prob[at], {0.0f, 0.0f, 0.0f, 0.0f}};
    for (int k = 0; k < 4; k++)
        h.box[k] = r->box[k * r->plane + at];
    *out = h;
}

/* A warp goes through one row, 32 cells at a time. First pass (hits null): line[row] = how many. Second pass: line[row] is where they go. */
static __global__ void rows(const fd_cells *cells, int32_t n, int64_t lines, float threshold, fd_hits out, int counting)
{
    const int64_t line = (int64_t)blockIdx.x * WARPS + threadIdx.y;
    if (line >= lines)
        return;
    const fd_cells *r = region_of(cells, n, line);
    const int32_t i = (int32_t)(line - r->lines_before), lane = (int32_t)threadIdx.x;
    int64_t at = counting ? 0 : out.line[line];
    for (int32_t j = 0; j < r->width; j += FD_WARP) {
        const bool is_hit = j + lane < r->width && r->prob[i * r->pitch + j + lane] >= threshold;
        const unsigned hits = __ballot_sync(0xffffffffu, is_hit);
        const int64_t mine = at + __popc(hits & ((1u << lane) - 1u));
        if (!counting && is_hit && mine < out.capacity)
            store(r, i, j + lane, &out.hit[mine]);
        at += __popc(hits);
    }
    if (counting && lane == 0)
        out.line[line] = at;
}

/* line[k] = sum of those before k, *found = sum of all. One block: each thread adds a stretch, then takes the sum of the stretches before. */
static __global__ void scan(int64_t *line, int64_t lines, int64_t *found)
{
    __shared__ int64_t sum[SCAN_THREADS];
    const int64_t stretch = (lines + SCAN_THREADS - 1) / SCAN_THREADS, begin = threadIdx.x * stretch;
    const int64_t end = begin + stretch < lines ? begin + stretch : lines;
    int64_t total = 0;
    for (int64_t k = begin; k < end; k++)
        total += line[k];
    sum[threadIdx.x] = total;
    __syncthreads();
    int64_t before = 0;
    for (unsigned k = 0; k < threadIdx.x; k++)
        before += sum[k];
    if (threadIdx.x == SCAN_THREADS - 1)
        *found = before + total;
    for (int64_t k = begin; k < end; k++) {
        const int64_t count = line[k];
        line[k] = before;
        before += count;
    }
}

int fd_candidates(const fd_cells *cells, int32_t n, int64_t lines, float threshold, fd_hits out, fd_stream stream)
{
    const dim3 block(FD_WARP, WARPS);
    int error = 0;
    if (lines > 0)
        error = FD_LAUNCH(rows, fd_blocks(lines, WARPS), block, stream, cells, n, lines, threshold, out, 1);
    if (!error)
        error = FD_LAUNCH(scan, 1, SCAN_THREADS, stream, out.line, lines, out.found);
    if (!error && lines > 0)
        error = FD_LAUNCH(rows, fd_blocks(lines, WARPS), block, stream, cells, n, lines, threshold, out, 0);
    return error;
}
