#include "run/export/export_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { SLAB = 4096 };   /* rows read at a time */

/* A file without a name that grows at its end, and is then mapped. */
typedef struct spool { int fd; int64_t bytes; const void *map; } spool;

struct fd_names {
    int64_t images, faces;
    spool text, start, image;   /* keys with their zero bytes; where each begins, i64 [images]; the image of each face, i64 [faces] */
};

static fd_error *spool_add(spool *s, const char *beside, const void *bytes, size_t n)
{
    fd_error *err = NULL;
    if (s->fd < 0)
        FD_TRY(fd_file_scratch(beside, &s->fd));
    FD_TRY(fd_file_pwrite(s->fd, "a temporary file", bytes, n, s->bytes));
    s->bytes += (int64_t)n;
done:
    return err;
}

static fd_error *spool_map(spool *s)
{
    if (s->bytes == 0)
        return NULL;
    void *map = mmap(NULL, (size_t)s->bytes, PROT_READ, MAP_SHARED, s->fd, 0);
    if (map == MAP_FAILED)
        return fd_file_error("a temporary file", "map", errno);
    s->map = map;
    return NULL;
}

static void spool_close(spool *s)
{
    if (s->map)
        munmap((void *)s->map, (size_t)s->bytes);
    if (s->fd >= 0)
        close(s->fd);
}

static int64_t slab_of(int64_t rows, int64_t first)
{
    return rows - first < SLAB ? rows - first : SLAB;
}

static fd_error *copy_keys(fd_result *r, const char *beside, fd_names *n)
{
    fd_error *err = NULL;
    void *data = NULL;
    int64_t start[SLAB], count = 0;
    for (int64_t first = 0; first < n->images; first += count) {
        FD_TRY(fd_result_read(r, "/images/path", FD_COL_TEXT, first, slab_of(n->images, first), &data, &count));
        char **key = data;
        for (int64_t i = 0; i < count; i++)
            start[i] = n->text.bytes + (key[i] - key[0]);
        const char *last = key[count - 1];
        FD_TRY(spool_add(&n->text, beside, key[0], (size_t)(last + strlen(last) + 1 - key[0])));   /* they lie one after the other */
        FD_TRY(spool_add(&n->start, beside, start, (size_t)count * sizeof *start));
        free(data);
        data = NULL;
    }
done:
    free(data);
    return err;
}

static fd_error *copy_images(fd_result *r, const char *beside, fd_names *n)
{
    fd_error *err = NULL;
    void *data = NULL;
    int64_t count = 0;
    for (int64_t first = 0; first < n->faces; first += count) {
        FD_TRY(fd_result_read(r, "/faces/image", FD_COL_I64, first, slab_of(n->faces, first), &data, &count));
        FD_TRY(spool_add(&n->image, beside, data, (size_t)count * sizeof(int64_t)));
        free(data);
        data = NULL;
    }
done:
    free(data);
    return err;
}

static fd_error *length_of(fd_result *r, const char *path, int64_t *rows)
{
    fd_error *err = NULL;
    int rank = 0;
    int64_t dim[4];
    *rows = 0;
    if (!fd_result_has(r, path))
        return NULL;
    FD_TRY(fd_result_shape(r, path, &rank, dim));
    if (rank != 1)
        FD_THROW(FD_FORMAT, "%s has %d axes, not one", path, rank);
    *rows = dim[0];
done:
    return err;
}

fd_error *fd_names_open(fd_result *r, const char *beside, fd_names **out)
{
    fd_error *err = NULL;
    fd_names *n = NULL;
    *out = NULL;
    if (!fd_result_has(r, "/images/path"))
        return NULL;
    FD_TRY(fd_alloc(&n, 1, sizeof *n));
    n->text.fd = n->start.fd = n->image.fd = -1;
    FD_TRY(length_of(r, "/images/path", &n->images));
    FD_TRY(length_of(r, "/faces/image", &n->faces));
    FD_TRY(copy_keys(r, beside, n));
    FD_TRY(copy_images(r, beside, n));
    FD_TRY(spool_map(&n->text));
    FD_TRY(spool_map(&n->start));
    FD_TRY(spool_map(&n->image));
    *out = n;
    n = NULL;
done:
    fd_names_close(n);
    return err;
}

void fd_names_close(fd_names *n)
{
    if (!n)
        return;
    spool_close(&n->text);
    spool_close(&n->start);
    spool_close(&n->image);
    free(n);
}

const char *fd_names_of_image(const fd_names *n, int64_t image)
{
    return image < 0 || image >= n->images ? NULL : (const char *)n->text.map + ((const int64_t *)n->start.map)[image];
}

const char *fd_names_of_face(const fd_names *n, int64_t face)
{
    return face < 0 || face >= n->faces ? NULL : fd_names_of_image(n, ((const int64_t *)n->image.map)[face]);
}
