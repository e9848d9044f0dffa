/* Pairs of rows: the nearest of each (topk), or those within the radius. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/export/export.h"

enum { SLAB = 65536 };   /* pairs read at a time */

/* The columns of a pair. */
enum { FIRST, SECOND, DISTANCE, FIRST_PATH, SECOND_PATH };

typedef struct state {
    int64_t rows;                    /* of the gallery, or the queries */
    int64_t at;                      /* the next row (topk) or place (radius) */
    int64_t width;                   /* topk: K */
    int64_t row, start_first, start_n, *start;   /* radius: the row of the present place; indptr[start_first ..], start_n of them */
    int64_t ended;                   /* the last of these */
    int64_t *first, *second;         /* [SLAB + width] */
    float *distance;
    const char **path[2];
} state;

static void close_pairs(fd_export_source *s)
{
    state *st = s->state;
    free(st->start);
    free(st->first);
    free(st->second);
    free(st->distance);
    free(st->path[0]);
    free(st->path[1]);
    free(st);
}

/* What the pairs of one call become. */
static void hand_over(const fd_export_source *s, int64_t n, fd_export_batch *batch)
{
    state *st = s->state;
    for (int64_t i = 0; i < n && s->names; i++) {
        st->path[0][i] = fd_names_of_face(s->names, st->first[i]);
        st->path[1][i] = fd_names_of_face(s->names, st->second[i]);
    }
    *batch = (fd_export_batch){.rows = n, .cells = {st->first, st->second, st->distance, st->path[0], st->path[1]}};
}

/* --- topk ---------------------------------------------------------------------------------------------------------------------------- */

/* The pairs of the next rows; places that are empty are passed over. *n 0 with *end: no more. */
static fd_error *read_topk(fd_export_source *s, int64_t *n, bool *end)
{
    fd_error *err = NULL;
    state *st = s->state;
    void *index = NULL, *distance = NULL;
    const int64_t most = SLAB / st->width > 0 ? SLAB / st->width : 1, rows = st->rows - st->at < most ? st->rows - st->at : most;
    int64_t got = 0;
    *n = 0;
    *end = rows == 0;
    FD_TRY(fd_result_read(s->result, "/distances/topk/index", FD_COL_I64, st->at, rows, &index, &got));
    FD_TRY(fd_result_read(s->result, "/distances/topk/distance", FD_COL_F32, st->at, rows, &distance, &got));
    for (int64_t i = 0; i < rows * st->width; i++) {
        if (((const int64_t *)index)[i] < 0)
            continue;
        st->first[*n] = st->at + i / st->width;
        st->second[*n] = ((const int64_t *)index)[i];
        st->distance[(*n)++] = ((const float *)distance)[i];
    }
    st->at += rows;
done:
    free(index);
    free(distance);
    return err;
}

static fd_error *count_topk(fd_export_source *s)
{
    fd_error *err = NULL;
    state *st = s->state;
    int64_t n = 0, all = 0;
    for (bool end = false; !end; all += n)
        FD_TRY(read_topk(s, &n, &end));
    s->rows = all;
    st->at = 0;
done:
    return err;
}

static fd_error *next_topk(fd_export_source *s, fd_export_batch *batch)
{
    fd_error *err = NULL;
    int64_t n = 0;
    for (bool end = false; !end && n == 0;)
        FD_TRY(read_topk(s, &n, &end));
    hand_over(s, n, batch);
done:
    return err;
}

/* --- radius -------------------------------------------------------------------------------------------------------------------------- */

/* A row ends where it begins or later, and within the pairs: else they would go to other rows. */
static fd_error *check_ascent(fd_export_source *s)
{
    state *st = s->state;
    for (int64_t i = 0; i < st->start_n; i++) {
        if (st->start[i] < st->ended || st->start[i] > s->rows)
            return FD_FAIL(FD_FORMAT, "/distances/radius: its indptr does not ascend to the number of pairs");
        st->ended = st->start[i];
    }
    return NULL;
}

/* *out = indptr[row + 1]: where the pairs of a row end. */
static fd_error *end_of(fd_export_source *s, int64_t row, int64_t *out)
{
    fd_error *err = NULL;
    state *st = s->state;
    if (row >= st->rows)
        FD_THROW(FD_FORMAT, "/distances/radius: there are more pairs than its indptr has room for");
    if (row + 1 >= st->start_first + st->start_n) {
        const int64_t left = st->rows - row, want = left < SLAB ? left : SLAB;
        free(st->start);
        st->start = NULL;
        st->start_n = 0;
        FD_TRY(fd_result_read(s->result, "/distances/radius/indptr", FD_COL_I64, row + 1, want, (void **)&st->start, &st->start_n));
        st->start_first = row + 1;
        FD_TRY(check_ascent(s));
    }
    *out = st->start[row + 1 - st->start_first];
done:
    return err;
}

static fd_error *next_radius(fd_export_source *s, fd_export_batch *batch)
{
    fd_error *err = NULL;
    state *st = s->state;
    const int64_t n = s->rows - st->at < SLAB ? s->rows - st->at : SLAB;
    int64_t got = 0, end = 0;
    free(st->second);
    free(st->distance);
    st->second = NULL;
    st->distance = NULL;
    FD_TRY(fd_result_read(s->result, "/distances/radius/index", FD_COL_I64, st->at, n, (void **)&st->second, &got));
    FD_TRY(fd_result_read(s->result, "/distances/radius/distance", FD_COL_F32, st->at, n, (void **)&st->distance, &got));
    for (int64_t i = 0; i < n; i++) {
        FD_TRY(end_of(s, st->row, &end));
        while (end <= st->at + i)
            FD_TRY(end_of(s, ++st->row, &end));
        st->first[i] = st->row;
    }
    st->at += n;
    hand_over(s, n, batch);
done:
    return err;
}

/* --- opening ------------------------------------------------------------------------------------------------------------------------- */

static fd_error *shape_of(fd_export_source *s, const char *path, int rank, int64_t dim[4])
{
    fd_error *err = NULL;
    int has = 0;
    FD_TRY(fd_result_shape(s->result, path, &has, dim));
    if (has != rank)
        FD_THROW(FD_FORMAT, "%s has %d axes, not %d", path, has, rank);
done:
    return err;
}

static fd_error *open_topk(fd_export_source *s)
{
    fd_error *err = NULL;
    state *st = s->state;
    int64_t dim[4], other[4];
    FD_TRY(shape_of(s, "/distances/topk/index", 2, dim));
    FD_TRY(shape_of(s, "/distances/topk/distance", 2, other));
    if (dim[0] != other[0] || dim[1] != other[1])
        FD_THROW(FD_FORMAT, "/distances/topk: index and distance differ in shape");
    st->rows = dim[1] > 0 ? dim[0] : 0;
    st->width = dim[1] > 0 ? dim[1] : 1;
    s->rows = st->rows * st->width;
    s->count = count_topk;
    s->next = next_topk;
    FD_TRY(fd_alloc(&st->second, (size_t)(SLAB + st->width), sizeof *st->second));
    FD_TRY(fd_alloc(&st->distance, (size_t)(SLAB + st->width), sizeof *st->distance));
done:
    return err;
}

static fd_error *open_radius(fd_export_source *s)
{
    fd_error *err = NULL;
    state *st = s->state;
    int64_t start[4], index[4], distance[4];
    FD_TRY(shape_of(s, "/distances/radius/indptr", 1, start));
    FD_TRY(shape_of(s, "/distances/radius/index", 1, index));
    FD_TRY(shape_of(s, "/distances/radius/distance", 1, distance));
    if (start[0] < 1 || index[0] != distance[0])
        FD_THROW(FD_FORMAT, "/distances/radius: index and distance differ in length, or indptr is empty");
    st->rows = start[0] - 1;
    s->rows = index[0];
    s->next = next_radius;
done:
    return err;
}

fd_error *fd_export_open_pairs(fd_export_source *s, const char *table)
{
    static const fd_export_column columns[] = {[FIRST] = {.name = "first", .cell = FD_CELL_I64},
                                               [SECOND] = {.name = "second", .cell = FD_CELL_I64},
                                               [DISTANCE] = {.name = "distance", .cell = FD_CELL_F32},
                                               [FIRST_PATH] = {.name = "first_path", .cell = FD_CELL_TEXT},
                                               [SECOND_PATH] = {.name = "second_path", .cell = FD_CELL_TEXT}};
    fd_error *err = NULL;
    const bool topk = strcmp(table, "topk") == 0;
    const char *about = topk ? "/distances/topk/index" : "/distances/radius/indptr";
    state *st = NULL;
    FD_TRY(fd_alloc(&st, 1, sizeof *st));
    s->state = st;
    s->close = close_pairs;
    if (!fd_result_has(s->result, about))
        FD_THROW(FD_FORMAT, "it has no %s: make it with --%s", about, table);
    FD_TRY(topk ? open_topk(s) : open_radius(s));
    const size_t room = (size_t)(SLAB + st->width);
    FD_TRY(fd_alloc(&st->first, room, sizeof *st->first));
    for (int i = 0; i < 2 && s->names; i++)
        FD_TRY(fd_alloc(&st->path[i], room, sizeof *st->path[i]));
    s->columns = s->names ? SECOND_PATH + 1 : DISTANCE + 1;
    memcpy(s->column, columns, (size_t)s->columns * sizeof *columns);
done:
    return err;
}
