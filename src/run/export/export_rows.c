/* Tables whose rows are rows of datasets: images, faces, embeddings, matrix. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/ledger.h"
#include "run/export/export.h"

/* What a column is made of. */
typedef enum kind {
    ROW,      /* its number */
    I64, F32, TEXT,
    STATUS,   /* as its name */
    HEX,      /* bytes */
    NAME      /* of the image whose number the dataset has */
} kind;

typedef struct made { const char *name; kind kind; const char *dataset; const char *const *parts; } made;
typedef struct plan {
    const char *table;
    const made *column;
    int columns;
    const char *about;   /* the dataset without which there is no table */
} plan;

static const char *const SIZE[] = {"width", "height"};
static const char *const BOX[] = {"x1", "y1", "x2", "y2"};
static const char *const LANDMARKS[] = {"left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y", "nose_x", "nose_y", "left_mouth_x",
                                        "left_mouth_y", "right_mouth_x", "right_mouth_y"};
static const made IMAGES[] = {
    {"image", ROW, NULL, NULL}, {"path", TEXT, "/images/path", NULL}, {"size", I64, "/images/size", SIZE},
    {"status", STATUS, "/images/status", NULL}, {"detail", TEXT, "/images/detail", NULL}, {"flags", I64, "/images/flags", NULL}, {"sha256", HEX, "/images/sha256", NULL},
    {"duplicate_of", I64, "/images/duplicate_of", NULL}, {"first_face", I64, "/images/first_face", NULL}, {"faces", I64, "/images/faces", NULL}};
static const made FACES[] = {
    {"face", ROW, NULL, NULL}, {"image", I64, "/faces/image", NULL}, {"path", NAME, "/faces/image", NULL}, {"box", F32, "/faces/box", BOX},
    {"landmarks", F32, "/faces/landmarks", LANDMARKS}, {"score", F32, "/faces/score", NULL}, {"valid", I64, "/faces/valid", NULL},
    {"cluster", I64, "/clusters/label", NULL}};
static const made EMBEDDINGS[] = {
    {"face", ROW, NULL, NULL}, {"image", I64, "/faces/image", NULL}, {"path", NAME, "/faces/image", NULL}, {"valid", I64, "/faces/valid", NULL},
    {"embedding", F32, "/faces/embedding", NULL}};
static const made MATRIX[] = {{"row", ROW, NULL, NULL}, {"path", NAME, "/faces/image", NULL}, {"distance", F32, "/distances/full", NULL}};
#define COLUMNS(array) (array), sizeof(array) / sizeof *(array)
static const plan plans[] = {{"images", COLUMNS(IMAGES), "/images/path"}, {"faces", COLUMNS(FACES), "/faces/image"},
                             {"embeddings", COLUMNS(EMBEDDINGS), "/faces/embedding"}, {"matrix", COLUMNS(MATRIX), "/distances/full"}};

static const made STATUS_NUMBER = {"status", I64, "/images/status", NULL};   /* where there is no text */

typedef struct state {
    const made *made[FD_EXPORT_COLUMNS];     /* in the order of the source's columns */
    void *read[FD_EXPORT_COLUMNS];           /* as the dataset has it */
    void *cells[FD_EXPORT_COLUMNS];          /* what is made of it; NULL: that itself */
    int64_t first, slab;                     /* the next row; rows at a time */
} state;

static fd_column_type type_of(kind k)
{
    return k == TEXT ? FD_COL_TEXT : k == F32 ? FD_COL_F32 : k == STATUS || k == HEX ? FD_COL_U8 : FD_COL_I64;
}

static fd_cell cell_of(kind k)
{
    return k == F32 ? FD_CELL_F32 : k == ROW || k == I64 ? FD_CELL_I64 : FD_CELL_TEXT;
}

/* --- opening ------------------------------------------------------------------------------------------------------------------------- */

/* Appends a column where the result has its dataset, and it fits the table. */
static fd_error *add_column(fd_export_source *s, const made *m)
{
    fd_error *err = NULL;
    state *st = s->state;
    fd_export_column *c = &s->column[s->columns];
    int rank = 1;
    int64_t dim[4] = {s->rows, 1, 1, 1};
    if ((m->dataset && !fd_result_has(s->result, m->dataset)) || (m->kind == NAME && !s->names))
        return NULL;
    if (m->dataset)
        FD_TRY(fd_result_shape(s->result, m->dataset, &rank, dim));
    const int wanted = m->kind == HEX || m->parts == SIZE || m->parts == BOX || m->kind == F32 ? rank : 1;
    if (rank < 1 || rank > 3 || rank != wanted || dim[0] != s->rows)
        FD_THROW(FD_FORMAT, "%s has not the shape that the table needs", m->dataset);
    *c = (fd_export_column){.name = m->name, .cell = cell_of(m->kind),
                            .rank = m->kind == HEX ? 0 : rank - 1, .dim = {dim[1], dim[2]}, .parts = m->parts};
    if ((m->parts == SIZE && dim[1] != 2) || (m->parts == BOX && dim[1] != 4) || (m->parts == LANDMARKS && (rank != 3 || dim[1] != 5 || dim[2] != 2)))
        FD_THROW(FD_FORMAT, "%s has not the shape that the table needs", m->dataset);
    st->made[s->columns++] = m;
done:
    return err;
}

static const plan *find_plan(const char *table)
{
    const plan *p = plans;
    while (strcmp(p->table, table) != 0)
        p++;   /* --table offers no other */
    return p;
}

/* Rows whose cells take about 4 MiB. */
static int64_t slab_of(const fd_export_source *s)
{
    int64_t bytes = 0;
    for (int i = 0; i < s->columns; i++)
        bytes += 8 * fd_export_width(&s->column[i]) + 64;
    const int64_t rows = (4 << 20) / bytes;
    return rows < 1 ? 1 : rows > 16384 ? 16384 : rows;
}

static fd_error *next_rows(fd_export_source *s, fd_export_batch *batch);
static void close_rows(fd_export_source *s);

fd_error *fd_export_open_rows(fd_export_source *s, const char *table, bool numbers)
{
    fd_error *err = NULL;
    const plan *p = find_plan(table);
    int rank = 0;
    int64_t dim[4] = {0};
    state *st = NULL;
    FD_TRY(fd_alloc(&st, 1, sizeof *st));
    s->state = st;
    s->next = next_rows;
    s->close = close_rows;
    if (!fd_result_has(s->result, p->about))
        FD_THROW(FD_FORMAT, "it has no %s: there is no table \"%s\" to be had from it", p->about, table);
    FD_TRY(fd_result_shape(s->result, p->about, &rank, dim));
    s->rows = dim[0];
    assert(p->columns <= FD_EXPORT_COLUMNS);
    const bool alone = numbers && (p->column == EMBEDDINGS || p->column == MATRIX);   /* an array of its own: the row's number is its place */
    for (int i = alone ? p->columns - 1 : 0; i < p->columns; i++) {
        const made *m = numbers && p->column[i].kind == STATUS ? &STATUS_NUMBER : &p->column[i];
        if (!numbers || cell_of(m->kind) != FD_CELL_TEXT)
            FD_TRY(add_column(s, m));
    }
    st->slab = slab_of(s);
done:
    return err;
}

/* --- reading ------------------------------------------------------------------------------------------------------------------------- */

static void forget(state *st)
{
    for (int i = 0; i < FD_EXPORT_COLUMNS; i++) {
        free(st->read[i]);
        free(st->cells[i]);
        st->read[i] = st->cells[i] = NULL;
    }
}

static void close_rows(fd_export_source *s)
{
    forget(s->state);
    free(s->state);
}

static fd_error *number_rows(int64_t first, int64_t n, void **out)
{
    fd_error *err = NULL;
    int64_t *number;
    FD_TRY(fd_alloc(&number, (size_t)n, sizeof *number));
    for (int64_t i = 0; i < n; i++)
        number[i] = first + i;
    *out = number;
done:
    return err;
}

/* n texts of `width` bytes each, in hexadecimal. */
static fd_error *hex_rows(const uint8_t *bytes, int64_t width, int64_t n, void **out)
{
    fd_error *err = NULL;
    const size_t length = (size_t)width * 2 + 1;
    char **text;
    FD_TRY(fd_alloc(&text, (size_t)n, sizeof *text + length));
    char *at = (char *)(text + n);
    for (int64_t i = 0; i < n; i++, at += length) {
        text[i] = at;
        for (int64_t k = 0; k < width; k++)
            snprintf(at + 2 * k, 3, "%02x", bytes[i * width + k]);
    }
    *out = text;
done:
    return err;
}

static fd_error *name_rows(const fd_names *names, kind k, const void *read, int64_t n, void **out)
{
    fd_error *err = NULL;
    const char **text;
    FD_TRY(fd_alloc(&text, (size_t)n, sizeof *text));
    for (int64_t i = 0; i < n; i++)
        text[i] = k == NAME ? fd_names_of_image(names, ((const int64_t *)read)[i]) : fd_image_status_name((fd_image_status)((const uint8_t *)read)[i]);
    *out = text;
done:
    return err;
}

static fd_error *read_column(fd_export_source *s, int i, int64_t n)
{
    fd_error *err = NULL;
    state *st = s->state;
    const made *m = st->made[i];
    int64_t got = n;
    int rank = 0;
    int64_t dim[4] = {0};
    if (m->kind == ROW)
        return number_rows(st->first, n, &st->cells[i]);
    FD_TRY(fd_result_read(s->result, m->dataset, type_of(m->kind), st->first, n, &st->read[i], &got));
    if (m->kind == HEX) {
        FD_TRY(fd_result_shape(s->result, m->dataset, &rank, dim));
        FD_TRY(hex_rows(st->read[i], rank == 2 ? dim[1] : 1, n, &st->cells[i]));
    }
    if (m->kind == NAME || m->kind == STATUS)
        FD_TRY(name_rows(s->names, m->kind, st->read[i], n, &st->cells[i]));
done:
    return err;
}

static fd_error *next_rows(fd_export_source *s, fd_export_batch *batch)
{
    fd_error *err = NULL;
    state *st = s->state;
    const int64_t n = s->rows - st->first < st->slab ? s->rows - st->first : st->slab;
    forget(st);
    batch->rows = n;
    for (int i = 0; i < s->columns && n > 0; i++) {
        FD_TRY(read_column(s, i, n));
        batch->cells[i] = st->cells[i] ? st->cells[i] : st->read[i];
    }
    st->first += n;
done:
    return err;
}
