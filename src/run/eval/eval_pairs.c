#include "run/eval/eval_pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "run/pairs/vectors.h"
#include "store/result.h"

static const size_t LONGEST_LIST = (size_t)4 << 30;   /* bytes */

/* The images of a result: their keys in two orders, and the largest face of each. */
typedef struct album {
    fd_result *result;  /* while it is read */
    char shown[FD_ESCAPED];
    int64_t images, faces;
    char **key;         /* [images] */
    int64_t *by_key;    /* [images] indices, sorted by key */
    int64_t *by_name;   /* [images] indices, sorted by the last part of the key, then by key */
    int64_t *face;      /* [images]; -1: none */
} album;

/* A line of the list. Images are -1 where the result has none of that name. */
typedef struct entry { int64_t image[2]; bool same; } entry;

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int by_key(const void *a, const void *b, void *keys)
{
    return strcmp(((char *const *)keys)[*(const int64_t *)a], ((char *const *)keys)[*(const int64_t *)b]);
}

static int by_name(const void *a, const void *b, void *keys)
{
    int order = strcmp(base_name(((char *const *)keys)[*(const int64_t *)a]), base_name(((char *const *)keys)[*(const int64_t *)b]));
    return order ? order : by_key(a, b, keys);
}

static fd_error *sort_keys(album *a)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&a->by_key, (size_t)a->images, sizeof *a->by_key));
    FD_TRY(fd_alloc(&a->by_name, (size_t)a->images, sizeof *a->by_name));
    for (int64_t i = 0; i < a->images; i++)
        a->by_key[i] = a->by_name[i] = i;
    qsort_r(a->by_key, (size_t)a->images, sizeof *a->by_key, by_key, a->key);
    qsort_r(a->by_name, (size_t)a->images, sizeof *a->by_name, by_name, a->key);
done:
    return err;
}

/* One column whole; *rows as it must be, or -1. */
static fd_error *column(const album *a, const char *path, fd_column_type type, int64_t width, int64_t *rows, void *out)
{
    fd_error *err = NULL;
    int rank = 0;
    int64_t dim[4] = {0};
    FD_TRY(fd_result_shape(a->result, path, &rank, dim));
    if (rank != (width > 1 ? 2 : 1) || (width > 1 && dim[1] != width) || (*rows >= 0 && dim[0] != *rows))
        FD_THROW(FD_FORMAT, "%s: %s has not the shape it should have", a->shown, path);
    FD_TRY(fd_result_read(a->result, path, type, 0, -1, out, rows));
done:
    return err;
}

static double area(const float *box)
{
    return ((double)box[2] - box[0]) * ((double)box[3] - box[1]);
}

/* Of faces of equal area the first. */
static fd_error *choose_faces(album *a, const int64_t *image, const float *box)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&a->face, (size_t)a->images, sizeof *a->face));
    for (int64_t i = 0; i < a->images; i++)
        a->face[i] = -1;
    for (int64_t f = 0; f < a->faces; f++) {
        if (image[f] < 0 || image[f] >= a->images)
            FD_THROW(FD_FORMAT, "%s: face %lld belongs to image %lld of %lld", a->shown, (long long)f, (long long)image[f], (long long)a->images);
        int64_t *chosen = &a->face[image[f]];
        if (*chosen < 0 || area(box + 4 * f) > area(box + 4 * *chosen))
            *chosen = f;
    }
done:
    return err;
}

static fd_error *album_open(const char *path, album *a)
{
    fd_error *err = NULL;
    int64_t *image = NULL;
    float *box = NULL;
    fd_escape(a->shown, sizeof a->shown, path);
    a->images = a->faces = -1;
    FD_TRY(fd_result_open(path, &a->result));
    FD_TRY(column(a, "/images/path", FD_COL_TEXT, 1, &a->images, &a->key));
    FD_TRY(column(a, "/faces/image", FD_COL_I64, 1, &a->faces, &image));
    FD_TRY(column(a, "/faces/box", FD_COL_F32, 4, &a->faces, &box));
    FD_TRY(sort_keys(a));
    FD_TRY(choose_faces(a, image, box));
done:
    free(image);
    free(box);
    fd_result_close(a->result);
    a->result = NULL;
    return err;
}

static void album_close(album *a)
{
    free(a->key);
    free(a->by_key);
    free(a->by_name);
    free(a->face);
}

/* --- names --------------------------------------------------------------------------------------------------------------------------- */

/* The first place in a sorted order whose key (or last part of it) is not less than `text`. */
static int64_t lower_bound(const album *a, const int64_t *order, const char *text)
{
    int64_t low = 0, high = a->images;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const char *key = a->key[order[middle]];
        if (strcmp(order == a->by_key ? key : base_name(key), text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether the shorter path is the end of the longer one, in whole names. */
static bool ends_alike(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    if (n < m)
        return ends_alike(b, a);
    return strcmp(a + n - m, b) == 0 && (n == m || m == 0 || a[n - m - 1] == '/');
}

/* The image of that name; -1: none, or several that end so. */
static int64_t find_image(const album *a, const char *name)
{
    const char *base = base_name(name);
    int64_t found = -1, i = lower_bound(a, a->by_key, name);
    if (i < a->images && strcmp(a->key[a->by_key[i]], name) == 0)
        return a->by_key[i];
    for (i = lower_bound(a, a->by_name, base); i < a->images && strcmp(base_name(a->key[a->by_name[i]]), base) == 0; i++) {
        if (!ends_alike(a->key[a->by_name[i]], name))
            continue;
        if (found >= 0)
            return -1;
        found = a->by_name[i];
    }
    return found;
}

/* --- the list ------------------------------------------------------------------------------------------------------------------------ */

/* Cuts a line in place into three fields; false unless it has three and the last is 1 or 0. */
static bool cut_line(char *line, char *field[3])
{
    field[0] = line;
    for (int i = 1; i < 3; i++) {
        char *tab = strchr(field[i - 1], '\t');
        if (!tab)
            return false;
        *tab = '\0';
        field[i] = tab + 1;
    }
    return *field[0] && *field[1] && (strcmp(field[2], "1") == 0 || strcmp(field[2], "0") == 0);
}

static fd_error *add_line(const album *a, char *line, int64_t number, entry *out)
{
    char *field[3], name[FD_ESCAPED];
    if (!cut_line(line, field))
        return FD_FAIL(FD_FORMAT, "line %lld is not \"image TAB image TAB 1|0\"", (long long)number);
    out->same = *field[2] == '1';
    for (int side = 0; side < 2; side++) {
        out->image[side] = find_image(a, field[side]);
        if (out->image[side] < 0)
            fd_say(FD_VERBOSE, "line %lld: no image, or more than one, is called %s", (long long)number, fd_escape(name, sizeof name, field[side]));
    }
    return NULL;
}

static fd_error *read_list(const album *a, const char *path, entry **out, int64_t *n)
{
    fd_error *err = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0, capacity = 0;
    char *text = NULL, name[FD_ESCAPED];
    int64_t number = 0;
    *n = 0;
    fd_error *unread = fd_file_read(path, LONGEST_LIST, &bytes, &size);
    if (unread)
        return unread;   /* it names the file */
    if (memchr(bytes, 0, size))
        FD_THROW(FD_FORMAT, "not a text: it has zero bytes");
    for (char *line = (char *)bytes + fd_text_mark((const char *)bytes); line && *line; line = text) {
        text = strchr(line, '\n');
        if (text)
            *text++ = '\0';
        number++;
        const size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = '\0';
        if (!*line || *line == '#')
            continue;
        FD_TRY(fd_grow(out, &capacity, (size_t)*n + 1, sizeof **out));
        FD_TRY(add_line(a, line, number, *out + *n));
        ++*n;
    }
done:
    free(bytes);
    return err ? fd_error_prefix(err, "%s", fd_escape(name, sizeof name, path)) : NULL;
}

/* --- embeddings ---------------------------------------------------------------------------------------------------------------------- */

/* The rows that pairs need, out of a file that may have many more. */
typedef struct gallery {
    int64_t dim, n;
    int64_t *place;   /* [faces] of each face's row in `row`; -1: not needed */
    float *row;       /* [n][dim] */
} gallery;

/* Numbers the needed faces in the order of the file. */
static fd_error *mark_needed(const album *a, const entry *list, int64_t n, gallery *g)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&g->place, (size_t)a->faces, sizeof *g->place));
    for (int64_t i = 0; i < 2 * n; i++) {
        const int64_t image = list[i / 2].image[i % 2];
        if (image >= 0 && a->face[image] >= 0)
            g->place[a->face[image]] = 1;
    }
    for (int64_t f = 0; f < a->faces; f++)
        g->place[f] = g->place[f] ? g->n++ : -1;
done:
    return err;
}

static fd_error *read_rows(const char *path, const album *a, gallery *g)
{
    enum { SLAB = 4096 };   /* rows read at a time */
    fd_error *err = NULL;
    fd_vectors *v = NULL;
    float *slab = NULL;
    FD_TRY(fd_vectors_open(path, NULL, &v));
    if (fd_vectors_count(v) != a->faces)
        FD_THROW(FD_FORMAT, "%s: %lld faces, but %lld embeddings", a->shown, (long long)a->faces, (long long)fd_vectors_count(v));
    g->dim = fd_vectors_dim(v);
    FD_TRY(fd_alloc(&slab, (size_t)(SLAB * g->dim), sizeof *slab));
    FD_TRY(fd_alloc(&g->row, (size_t)(g->n * g->dim), sizeof *g->row));
    for (int64_t first = 0; first < a->faces; first += SLAB) {
        const int64_t count = a->faces - first < SLAB ? a->faces - first : SLAB;
        FD_TRY(fd_vectors_read(v, first, count, slab));
        for (int64_t i = 0; i < count; i++)
            if (g->place[first + i] >= 0)
                memcpy(g->row + g->place[first + i] * g->dim, slab + i * g->dim, (size_t)g->dim * sizeof *slab);
    }
done:
    free(slab);
    fd_vectors_close(v);
    return err;
}

/* A pair's value, or why it has none. */
static double value_of(const album *a, const gallery *g, fd_metric metric, const entry *e, fd_left_out *why)
{
    const float *row[2];
    *why = FD_LEFT_OUT_COUNT;
    for (int side = 0; side < 2; side++) {
        const int64_t face = e->image[side] < 0 ? -1 : a->face[e->image[side]];
        const fd_left_out reason = e->image[side] < 0 ? FD_NO_IMAGE : face < 0 ? FD_NO_FACE : FD_LEFT_OUT_COUNT;
        if (reason < *why)
            *why = reason;
        row[side] = face < 0 ? NULL : g->row + g->place[face] * g->dim;
    }
    if (*why != FD_LEFT_OUT_COUNT)
        return NAN;
    const double value = fd_pair_value(metric, row[0], row[1], g->dim);
    if (isnan(value))
        *why = FD_NO_EMBEDDING;
    return value;
}

static fd_error *score_pairs(const album *a, const gallery *g, fd_metric metric, const entry *list, fd_pairs *out)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&out->trial, (size_t)out->length, sizeof *out->trial));
    FD_TRY(fd_alloc(&out->position, (size_t)out->length, sizeof *out->position));
    for (int64_t i = 0; i < out->length; i++) {
        fd_left_out why;
        const double value = value_of(a, g, metric, &list[i], &why);
        if (why != FD_LEFT_OUT_COUNT) {
            out->left_out[why]++;
            continue;
        }
        out->trial[out->n] = (fd_trial){fd_pair_score(metric, value), list[i].same};
        out->position[out->n++] = i;
        out->same += list[i].same;
    }
done:
    return err;
}

fd_error *fd_pairs_read(const char *result, const char *list, fd_metric metric, fd_pairs *out)
{
    fd_error *err = NULL;
    album a = {0};
    gallery g = {0};
    entry *entries = NULL;
    *out = (fd_pairs){0};
    FD_TRY(album_open(result, &a));
    FD_TRY(read_list(&a, list, &entries, &out->length));
    FD_TRY(mark_needed(&a, entries, out->length, &g));
    FD_TRY(read_rows(result, &a, &g));
    FD_TRY(score_pairs(&a, &g, metric, entries, out));
done:
    album_close(&a);
    free(entries);
    free(g.place);
    free(g.row);
    return err;
}

void fd_pairs_free(fd_pairs *pairs)
{
    free(pairs->trial);
    free(pairs->position);
}
