#include "run/pairs/vectors.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "comm/nccl.h"
#include "data/npy_rows.h"
#include "run/apart.h"
#include "run/pairs/pairing.h"
#include "run/together.h"
#include "store/result.h"

enum { SURVEY = 4096 };               /* rows that are hashed together, whoever reads them */
enum { MOST_DIMENSIONS = 1 << 20 };   /* so many may a squared norm sum (dist/scale.c) */

/* Bytes that are read at a time. Few stay in the second-level cache until they are looked at; HDF5 unpacks the whole of a chunk for a part of it. */
enum { CACHED = 1 << 20, LARGE = 8 << 20 };

struct fd_vectors {
    fd_npy_rows *npy;
    fd_result *file;         /* else */
    char *path;              /* of the file */
    char *dataset, *valid;   /* valid NULL: the file does not say */
    int64_t n, dim;
    fd_watch *watch;         /* NULL: none */
    char *shown;             /* as the user wrote it */
};

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* By the first bytes; what cannot be read, or is damaged there, by its name. */
static bool is_npy(const char *text)
{
    static const char magic[] = "\x93NUMPY";
    char head[sizeof magic - 1];
    const int fd = open(text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return ends_with(text, ".npy") && !strstr(text, ":/");
    const ssize_t n = read(fd, head, sizeof head);
    close(fd);
    return ends_with(text, ".npy") || (n == (ssize_t)sizeof head && memcmp(head, magic, sizeof head) == 0);
}

/* FILE of FILE:/dataset, and where the rest begins: NULL where there is none. */
static fd_error *split(const char *text, char **path, const char **colon)
{
    fd_error *err = NULL;
    *colon = strstr(text, ":/");
    for (const char *next = *colon; next; next = strstr(next + 1, ":/"))
        *colon = next;
    FD_TRY(fd_strdup(path, text));
    if (*colon)
        (*path)[*colon - text] = 0;
done:
    return err;
}

static fd_error *open_dataset(fd_vectors *v, const char *text)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    const char *colon = NULL;
    int rank = 0;
    int64_t dim[4], valid_dim[4];
    FD_TRY(split(text, &v->path, &colon));
    FD_TRY(fd_strdup(&v->dataset, colon ? colon + 1 : "/faces/embedding"));
    FD_TRY(fd_result_open(v->path, &v->file));
    FD_TRY(fd_result_shape(v->file, v->dataset, &rank, dim));
    fd_escape(name, sizeof name, text);
    if (rank != 2)
        FD_THROW(FD_FORMAT, "%s: %s has %d axes; rows of numbers have two, (rows, dimensions)", name, v->dataset, rank);
    if (dim[1] == 0)
        FD_THROW(FD_FORMAT, "%s: the rows of %s have no dimensions", name, v->dataset);
    v->n = dim[0];
    v->dim = dim[1];
    if (strcmp(v->dataset, "/faces/embedding") == 0 && fd_result_has(v->file, "/faces/valid")) {
        FD_TRY(fd_strdup(&v->valid, "/faces/valid"));
        FD_TRY(fd_result_shape(v->file, v->valid, &rank, valid_dim));
        if (rank != 1 || valid_dim[0] != v->n)
            FD_THROW(FD_FORMAT, "%s: /faces/valid is not as long as /faces/embedding", name);
    }
done:
    return err;
}

fd_error *fd_vectors_open(const char *text, fd_watch *watch, fd_vectors **out)
{
    fd_error *err = NULL;
    fd_vectors *v = NULL;
    char name[FD_ESCAPED];
    FD_TRY(fd_alloc(&v, 1, sizeof *v));
    v->watch = watch;
    FD_TRY(fd_strdup(&v->shown, text));
    if (is_npy(text)) {
        FD_TRY(fd_strdup(&v->path, text));
        FD_TRY(fd_npy_rows_open(text, &v->npy));
        v->n = fd_npy_rows_count(v->npy);
        v->dim = fd_npy_rows_dim(v->npy);
    } else
        FD_TRY(open_dataset(v, text));
    if (v->dim > MOST_DIMENSIONS)
        FD_THROW(FD_UNSUPPORTED, "%s: rows of %lld dimensions; at most %d are supported", fd_escape(name, sizeof name, text), (long long)v->dim, MOST_DIMENSIONS);
    *out = v;
    v = NULL;
done:
    fd_vectors_close(v);
    return err;
}

void fd_vectors_close(fd_vectors *v)
{
    if (!v)
        return;
    fd_npy_rows_close(v->npy);
    fd_result_close(v->file);
    free(v->path);
    free(v->dataset);
    free(v->valid);
    free(v->shown);
    free(v);
}

const char *fd_vectors_path(const fd_vectors *v)
{
    return v->path;
}

int64_t fd_vectors_count(const fd_vectors *v)
{
    return v->n;
}

int64_t fd_vectors_dim(const fd_vectors *v)
{
    return v->dim;
}

static fd_error *read_dataset(fd_vectors *v, int64_t first, int64_t count, float *out)
{
    fd_error *err = NULL;
    void *rows = NULL, *valid = NULL;
    int64_t n = 0;
    FD_TRY(fd_result_read(v->file, v->dataset, FD_COL_F32, first, count, &rows, &n));
    memcpy(out, rows, (size_t)(n * v->dim) * sizeof *out);
    if (!v->valid)
        goto done;
    FD_TRY(fd_result_read(v->file, v->valid, FD_COL_U8, first, count, &valid, &n));
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < v->dim && !((uint8_t *)valid)[i]; k++)
            out[i * v->dim + k] = NAN;
done:
    free(rows);
    free(valid);
    return err;
}

fd_error *fd_vectors_read(fd_vectors *v, int64_t first, int64_t count, float *out)
{
    const int step = fd_watch_begin(v->watch, FD_STAGE_READ, v->shown, count * v->dim * (int64_t)sizeof(double));
    fd_error *e = v->npy ? fd_npy_rows_read(v->npy, first, count, out) : read_dataset(v, first, count, out);
    fd_watch_end(v->watch, step);
    return e;
}

/* --- rehearsal ----------------------------------------------------------------------------------------------------------------------- */

/* Rows at equal distances, the first and the last among them: where HDF5 may stumble is what leads to the data, not they themselves. */
static fd_error *read_some(void *self)
{
    enum { PLACES = 1000 };
    fd_error *err = NULL;
    fd_vectors *v = NULL;
    float *row = NULL;
    void *valid = NULL;
    int64_t n = 0;
    FD_TRY(fd_vectors_open(self, NULL, &v));
    FD_TRY(fd_alloc(&row, (size_t)v->dim, sizeof *row));
    const int64_t places = v->n < PLACES ? v->n : PLACES;
    for (int64_t i = 0; i < places; i++)
        FD_TRY(fd_vectors_read(v, places > 1 ? (v->n - 1) / (places - 1) * i : 0, 1, row));
    if (v->n > 0)
        FD_TRY(fd_vectors_read(v, v->n - 1, 1, row));
    if (v->valid)
        FD_TRY(fd_result_read(v->file, v->valid, FD_COL_U8, 0, -1, &valid, &n));
done:
    free(row);
    free(valid);
    fd_vectors_close(v);
    return err;
}

fd_error *fd_vectors_rehearse(const char *text, fd_watch *watch)
{
    fd_error *err = NULL;
    char *path = NULL;
    const char *colon = NULL;
    struct stat facts;
    if (is_npy(text))
        return NULL;
    FD_TRY(split(text, &path, &colon));
    const int step = fd_watch_begin(watch, FD_STAGE_READ, text, stat(path, &facts) == 0 ? (int64_t)facts.st_size : 0);
    err = fd_apart_rehearse(path, read_some, (void *)text);
    fd_watch_end(watch, step);
done:
    free(path);
    return err;
}

/* --- what each rank learns of its share ---------------------------------------------------------------------------------------------- */

/* Rows first.. of a rank's share, n of them: read, looked at and hashed. */
static fd_error *survey_rows(fd_vectors *v, fd_metric metric, int64_t first, int64_t n, float *rows, fd_hasher *hash, fd_vectors_facts *out)
{
    fd_error *err = NULL;
    uint8_t *valid = out->valid + first;
    FD_TRY(fd_vectors_read(v, out->first + first, n, rows));
    for (int64_t i = 0; i < n; i++) {
        valid[i] = fd_row_is_valid(rows + i * v->dim, v->dim, metric);
        out->invalid += !valid[i];
        fd_survey_rows(&out->survey, rows + i * v->dim, &valid[i], 1, v->dim);
    }
    fd_hasher_add(hash, rows, (size_t)(n * v->dim) * sizeof *rows);
done:
    return err;
}

static fd_error *survey_own(fd_vectors *v, fd_metric metric, fd_sha256 *hash, fd_vectors_facts *out)
{
    fd_error *err = NULL;
    float *rows = NULL;
    fd_hasher *hasher = NULL;
    const int64_t fitting = (v->npy ? CACHED : LARGE) / (v->dim * (int64_t)sizeof *rows), most = fitting < 1 ? 1 : fitting > SURVEY ? SURVEY : fitting;
    FD_TRY(fd_alloc_aligned(&rows, (size_t)(most * v->dim), sizeof *rows));
    FD_TRY(fd_alloc(&out->valid, (size_t)out->count, 1));
    for (int64_t at = 0; at < out->count; at += SURVEY) {
        const int64_t end = out->count - at < SURVEY ? out->count : at + SURVEY;
        FD_TRY(fd_hasher_open(&hasher));
        for (int64_t i = at; i < end; i += most)
            FD_TRY(survey_rows(v, metric, i, end - i < most ? end - i : most, rows, hasher, out));
        *hash++ = fd_hasher_close(hasher);
        hasher = NULL;
    }
done:
    if (hasher)
        (void)fd_hasher_close(hasher);
    free(rows);
    return err;
}

fd_error *fd_vectors_look(fd_vectors *v, fd_metric metric, int64_t n, fd_vectors_facts *out)
{
    fd_error *err = NULL;
    fd_sha256 *hash = NULL;
    *out = (fd_vectors_facts){.survey = FD_SURVEY_EMPTY, .count = n};
    FD_TRY(fd_alloc(&hash, (size_t)(n / SURVEY) + 1, sizeof *hash));
    FD_TRY(survey_own(v, metric, hash, out));
done:
    free(hash);
    return err;
}

typedef struct surveying { fd_vectors *vectors; fd_metric metric; fd_sha256 *hash; fd_vectors_facts *facts; } surveying;

static fd_error *survey_share(void *self)
{
    const surveying *s = self;
    return survey_own(s->vectors, s->metric, s->hash, s->facts);
}

fd_error *fd_vectors_survey(fd_vectors *v, fd_comm *c, double timeout, fd_metric metric, fd_vectors_facts *out)
{
    fd_error *err = NULL;
    const int64_t slabs = (v->n + SURVEY - 1) / SURVEY, ranks = fd_comm_ranks(c), rank = fd_comm_rank(c);
    fd_sha256 *hash = NULL;
    int64_t *counts = NULL;
    *out = (fd_vectors_facts){.survey = FD_SURVEY_EMPTY};
    out->first = slabs * rank / ranks * SURVEY;
    const int64_t end = slabs * (rank + 1) / ranks * SURVEY;
    out->count = (end < v->n ? end : v->n) - (out->first < v->n ? out->first : v->n);
    fd_error *own = fd_alloc(&hash, (size_t)slabs + 1, sizeof *hash);
    if (!own)
        own = fd_alloc(&counts, (size_t)ranks, sizeof *counts);
    FD_TRY(fd_comm_agree(c, own));
    FD_TRY(fd_together(c, timeout, survey_share, &(surveying){v, metric, hash + slabs * rank / ranks, out}));
    for (int64_t r = 0; r < ranks; r++)
        counts[r] = (slabs * (r + 1) / ranks - slabs * r / ranks) * (int64_t)sizeof *hash;
    FD_TRY(fd_comm_all_gather(c, hash + slabs * rank / ranks, hash, counts));
    FD_TRY(fd_survey_reduce(c, &out->survey));
    FD_TRY(fd_comm_reduce_i64(c, &out->invalid, 1, FD_COMBINE_SUM));
    memcpy(hash[slabs].byte, (int64_t[4]){v->n, v->dim}, sizeof *hash);
    out->hash = fd_sha256_of(hash, (size_t)(slabs + 1) * sizeof *hash);
done:
    free(hash);
    free(counts);
    return err;
}

/* --- slabs --------------------------------------------------------------------------------------------------------------------------- */

fd_error *fd_slabs_open(fd_vectors *v, fd_comm *c, fd_metric metric, fd_slabs *out)
{
    fd_error *err = NULL;
    const int64_t block = fd_tile_plan_of(v->n).side, blocks = (c || !v->npy ? LARGE : CACHED) / (block * v->dim * (int64_t)sizeof(float));
    *out = (fd_slabs){.vectors = v, .comm = c, .metric = metric, .rows = block * (blocks > 1 ? blocks : 1)};
    FD_TRY(fd_alloc_aligned(&out->row, (size_t)(out->rows * v->dim), sizeof *out->row));
    FD_TRY(fd_alloc(&out->valid, (size_t)out->rows, 1));
done:
    return err;
}

void fd_slabs_close(fd_slabs *s)
{
    free(s->row);
    free(s->valid);
    *s = (fd_slabs){0};
}

static fd_error *load(fd_slabs *s, int64_t first)
{
    fd_error *err = NULL, *own = NULL;
    const int64_t n = s->vectors->n - first < s->rows ? s->vectors->n - first : s->rows, dim = s->vectors->dim;
    s->count = 0;
    const int reader = s->comm ? (int)(first / s->rows % fd_comm_ranks(s->comm)) : 0;
    if (!s->comm || fd_comm_rank(s->comm) == reader)
        own = fd_vectors_read(s->vectors, first, n, s->row);
    if (s->comm) {
        FD_TRY(fd_comm_agree(s->comm, own));
        FD_TRY(fd_comm_broadcast_bulk(s->comm, s->row, n * dim * (int64_t)sizeof *s->row, reader));
    } else
        FD_TRY(own);
    for (int64_t i = 0; i < n; i++)
        s->valid[i] = fd_row_is_valid(s->row + i * dim, dim, s->metric);
    s->first = first;
    s->count = n;
done:
    return err;
}

static fd_error *rows_of(void *self, int64_t first, int64_t count, const float **rows, const uint8_t **valid)
{
    fd_error *err = NULL;
    fd_slabs *s = self;
    if (first < s->first || first + count > s->first + s->count)
        FD_TRY(load(s, first / s->rows * s->rows));
    *rows = s->row + (first - s->first) * s->vectors->dim;
    *valid = s->valid + (first - s->first);
done:
    return err;
}

fd_row_source fd_slabs_source(fd_slabs *s)
{
    return (fd_row_source){s, rows_of, s->comm != NULL};
}
