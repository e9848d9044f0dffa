/* Area resampling: what is worked out once per area, and the walk over a picture. */
#include <stdlib.h>

#include "base/memory.h"
#include "engine/cpu/image.h"
#include "kernels/math/area.h"

/* Rows of a strip are this many bytes in sum, so that areas which need the same rows find them in the cache. */
enum { STRIP_BYTES = 256 * 1024, MOST_NARROW_ROWS = 257 };

static size_t align_up(size_t bytes)
{
    return (bytes + FD_ALIGN - 1) / FD_ALIGN * FD_ALIGN;
}

static int64_t most_rows(const fd_area *a)
{
    return (a->height + a->rows - 1) / a->rows + 1;
}

/* Sums over a window must fit in an int32. */
static bool is_huge(const fd_area *a)
{
    return a->largest > INT32_MAX / 255;
}

static void measure(fd_area *a)
{
    a->next = 0;
    a->first = (int32_t)fd_area_begin(a->x, a->width, a->columns);
    a->span = (int32_t)fd_area_end(a->x + a->out_width - 1, a->width, a->columns) - a->first;
    a->taps = (a->width + a->columns - 1) / a->columns;
    a->largest = most_rows(a) * (a->taps + 1);
}

/* A window has `taps` columns or one more. Sums of rows begin with a zero pixel, which stands in for the one that is missing. */
static void plan_columns(fd_area *a)
{
    for (int32_t j = 0; j < a->out_width; j++) {
        const int64_t begin = fd_area_begin(a->x + j, a->width, a->columns), end = fd_area_end(a->x + j, a->width, a->columns);
        a->begin[j] = (int32_t)(begin - a->first + 1) * 3;
        a->extra[j] = end - begin > a->taps ? a->begin[j] + a->taps * 3 : 0;
        a->count[j] = (float)(end - begin);
    }
    for (int32_t j = a->out_width; j < a->out_width + FD_AREA_PAD; j++)
        a->count[j] = 1.0f;
}

/* Hands out pieces of memory; with base NULL it only counts. */
typedef struct pieces {
    uint8_t *base;
    size_t used;
} pieces;

static void *piece(pieces *p, int64_t count, size_t size)
{
    void *at = p->base ? p->base + p->used : NULL;
    p->used += align_up((size_t)count * size);
    return at;
}

static void hand_out(pieces *p, fd_area *areas, int n, fd_area_space *space)
{
    int32_t span = 0, width = 0;
    bool wide = false;
    for (fd_area *a = areas; a < areas + n; a++) {
        a->begin = piece(p, a->out_width, sizeof *a->begin);
        a->extra = piece(p, a->out_width, sizeof *a->extra);
        a->count = piece(p, a->out_width + FD_AREA_PAD, sizeof *a->count);
        span = a->span > span ? a->span : span;
        width = a->out_width > width ? a->out_width : width;
        wide = wide || most_rows(a) > MOST_NARROW_ROWS;
    }
    const int64_t row = (int64_t)(span + 2) * 3; /* the zero pixel, and what is read beyond the last */
    space->narrow = piece(p, row, sizeof *space->narrow);
    space->wide = piece(p, wide ? row : 3, sizeof *space->wide);
    space->sum = piece(p, width + FD_AREA_PAD, sizeof *space->sum);
}

static fd_error *prepare(fd_area *areas, int n, fd_area_memory *memory, fd_area_space *space)
{
    pieces need = {NULL, 0};
    for (int k = 0; k < n; k++)
        measure(&areas[k]);
    hand_out(&need, areas, n, space);
    if (need.used > memory->bytes) {
        free(memory->memory);
        *memory = (fd_area_memory){NULL, 0};
        fd_error *err = fd_alloc_aligned(&memory->memory, need.used, 1);
        if (err)
            return err;
        memory->bytes = need.used;
    }
    pieces given = {memory->memory, 0};
    hand_out(&given, areas, n, space);
    for (int k = 0; k < n; k++)
        plan_columns(&areas[k]);
    for (int k = 0; k < 3; k++)
        space->narrow[k] = 0, space->wide[k] = 0;
    return NULL;
}

static uint64_t window_sum(const fd_area *a, const int64_t rows[2], int64_t column, int64_t columns)
{
    uint64_t sum = 0;
    for (int64_t y = rows[0]; y < rows[1]; y++)
        for (int64_t x = 0; x < columns; x++)
            sum += a->rgb[y * a->pitch + column + x * 3];
    return sum;
}

/* Windows of millions of pixels, one by one in 64 bits. */
static void run_huge(const fd_area *a)
{
    for (int32_t i = 0; i < a->out_height; i++) {
        const int64_t rows[2] = {fd_area_begin(a->y + i, a->height, a->rows), fd_area_end(a->y + i, a->height, a->rows)};
        for (int32_t j = 0; j < a->out_width; j++)
            for (int c = 0; c < 3; c++) {
                const int64_t column = (int64_t)a->first * 3 + a->begin[j] - 3 + c, columns = (int64_t)a->count[j];
                const float mean = fd_area_mean(window_sum(a, rows, column, columns), rows[1] - rows[0], columns);
                a->out[c * a->plane_pitch + i * a->row_pitch + j] = (mean - a->shift) * a->factor;
            }
    }
}

fd_error *fd_area_run(const fd_image_code *code, fd_area *areas, int n, fd_area_memory *memory)
{
    fd_area_space space;
    fd_error *err = prepare(areas, n, memory, &space);
    if (err)
        return err;
    const int64_t height = areas[0].height, row = (int64_t)areas[0].width * 3;
    const int64_t strip = n == 1 ? height : STRIP_BYTES / row + 1;
    for (int64_t limit = 0; limit < height;) {
        limit = limit + strip < height ? limit + strip : height;
        for (int k = 0; k < n; k++)
            if (!is_huge(&areas[k]))
                code->area(&areas[k], &space, limit);
    }
    for (int k = 0; k < n; k++)
        if (is_huge(&areas[k]))
            run_huge(&areas[k]);
    return NULL;
}
