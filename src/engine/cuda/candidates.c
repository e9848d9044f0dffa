/* Candidates: cells of P-Net's answer that may be faces, found and kept in order on the GPU. What does not fit into the hits of one search is found
 * in slices: of the regions, then of a region's rows, then of a row's cells. */
#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"
#include "engine/cuda/image.h"
#include "kernels/candidates.h"

_Static_assert(sizeof(fd_hit) == sizeof(fd_candidate) && offsetof(fd_hit, box) == offsetof(fd_candidate, box), "a hit is a candidate");

#ifdef FACESDIST_EMULATED
enum { MOST_HITS = 128 };       /* few, so that tests go through slices */
#else
enum { MOST_HITS = 1 << 16 };   /* 2 MiB: a strip of the pyramid has 2^16 cells */
#endif
enum { FIRST_HITS = 256 };      /* that come back with their number */

/* One call: where the next hits go, and memory on the device: the counter, hits, and a number for each row of all regions. */
typedef struct search {
    fd_cuda_lane *lane;
    float threshold;
    fd_candidate *out;
    int64_t capacity, found;
    unsigned char *memory;
    fd_hits hits;
} search;

static fd_error *send_regions(fd_cuda_lane *lane, const fd_region *regions, int n, int64_t *lines, fd_cells **sent)
{
    fd_error *err = NULL;
    fd_cells *cells = NULL;
    FD_TRY(fd_alloc(&cells, (size_t)n, sizeof *cells));
    *lines = 0;
    for (int i = 0; i < n; i++) {
        const fd_region *r = &regions[i];
        cells[i] = (fd_cells){r->tag, r->row, r->column, r->height, r->width, r->prob, r->box, r->pitch, r->plane, *lines};
        *lines += r->height;
    }
    FD_TRY(fd_cuda_send(lane, cells, (size_t)n * sizeof *cells, sent));
done:
    free(cells);
    return err;
}

/* The counter lies before the hits: both come back in one go. */
static fd_error *open_search(search *s, int64_t lines)
{
    fd_error *err = NULL;
    const size_t head = FD_CUDA_POOL_ALIGN, hits = (MOST_HITS * sizeof(fd_hit) + FD_CUDA_POOL_ALIGN - 1) / FD_CUDA_POOL_ALIGN * FD_CUDA_POOL_ALIGN;
    FD_TRY(fd_cuda_take(fd_cuda_of(s->lane), head + hits + (size_t)lines * sizeof(int64_t), &s->memory));
    s->hits = (fd_hits){(fd_hit *)(s->memory + head), MOST_HITS, (int64_t *)s->memory, (int64_t *)(s->memory + head + hits)};
done:
    return err;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The hits of these regions behind those found before, as far as there is room; *all false: there were more than the device has room for, and nothing
 * was done. */
static fd_error *search_once(search *s, const fd_region *regions, int n, bool *all)
{
    fd_error *err = NULL;
    fd_lane *base = &s->lane->base;
    fd_cells *sent;
    int64_t lines = 0, found = 0;
    const int64_t stored = least(s->found, s->capacity), room = least(s->capacity - stored, MOST_HITS), first = least(room, FIRST_HITS);
    fd_candidate *to = s->out + stored;
    FD_TRY(send_regions(s->lane, regions, n, &lines, &sent));
    FD_CUDA(fd_cuda_of(s->lane), fd_candidates(sent, n, lines, s->threshold, s->hits, fd_cuda_stream(s->lane)));
    FD_TRY(fd_cuda_download(base, &found, s->hits.found, sizeof found));
    FD_TRY(fd_cuda_download(base, to, s->hits.hit, (size_t)first * sizeof *to));
    FD_TRY(fd_cuda_lane_sync(base));
    *all = found <= MOST_HITS;
    if (!*all)
        goto done;
    if (least(found, room) > first) {
        FD_TRY(fd_cuda_download(base, to + first, s->hits.hit + first, (size_t)(least(found, room) - first) * sizeof *to));
        FD_TRY(fd_cuda_lane_sync(base));
    }
    s->found += found;
done:
    return err;
}

/* The half of a region of several rows, or of one row's cells, that begins at its row or cell k and has n of them. */
static fd_region part_of(const fd_region *r, bool rows, int32_t k, int32_t n)
{
    fd_region part = *r;
    const int64_t at = rows ? k * r->pitch : k;
    *(rows ? &part.row : &part.column) += k;
    *(rows ? &part.height : &part.width) = n;
    part.prob += at;
    part.box += at;
    return part;
}

static fd_error *search_all(search *s, const fd_region *regions, int n)
{
    fd_error *err = NULL;
    bool all;
    FD_TRY(search_once(s, regions, n, &all));
    if (all)
        goto done;
    if (n > 1) {
        FD_TRY(search_all(s, regions, n / 2));
        FD_TRY(search_all(s, regions + n / 2, n - n / 2));
        goto done;
    }
    const bool rows = regions->height > 1;
    const int32_t size = rows ? regions->height : regions->width;
    const fd_region half[2] = {part_of(regions, rows, 0, size / 2), part_of(regions, rows, size / 2, size - size / 2)};
    FD_TRY(search_all(s, &half[0], 1));
    FD_TRY(search_all(s, &half[1], 1));
done:
    return err;
}

fd_error *fd_cuda_candidates(fd_lane *base, const fd_region *regions, int n, float threshold, fd_candidate *out, int64_t capacity, int64_t *found)
{
    fd_error *err = NULL;
    search s = {.lane = (fd_cuda_lane *)base, .threshold = threshold, .out = out, .capacity = capacity};
    int64_t lines = 0;
    for (int i = 0; i < n; i++)
        lines += regions[i].height;
    *found = 0;
    if (n == 0)
        return NULL;
    FD_TRY(open_search(&s, lines));
    FD_TRY(search_all(&s, regions, n));
    *found = s.found;
done:
    fd_cuda_give(fd_cuda_of(s.lane), s.lane, s.memory);
    return err;
}
