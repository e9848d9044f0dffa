#include "data/npy_rows.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/npy.h"

struct fd_npy_rows {
    char *path;
    int fd;
    int64_t n, dim, start;
    int64_t item;        /* bytes of an element: 2, 4 or 8 */
    uint8_t *staged;     /* rows of other than 4 bytes, as they lie in the file */
    size_t capacity;
};

static fd_error *read_head(fd_npy_rows *r)
{
    enum { ENOUGH = 66000 };   /* bytes: the largest header that is accepted, and what stands before it */
    static const struct { const char *type; int64_t item; } types[] = {{"'<f2'", 2}, {"'<f4'", 4}, {"'<f8'", 8}};
    fd_error *err = NULL;
    uint8_t *bytes = NULL;
    char name[FD_ESCAPED];
    struct stat st;
    fd_npy_head head;
    int64_t data = 0;
    if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode))
        FD_THROW(FD_FORMAT, "%s: not a regular file", fd_escape(name, sizeof name, r->path));
    const size_t n = st.st_size < ENOUGH ? (size_t)st.st_size : ENOUGH;
    FD_TRY(fd_alloc(&bytes, n, 1));
    FD_TRY(fd_file_pread(r->fd, r->path, bytes, n, 0));
    FD_TRY(fd_npy_parse_head(bytes, n, r->path, &head));
    fd_escape(name, sizeof name, r->path);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        r->item = strcmp(head.type, types[i].type) == 0 ? types[i].item : r->item;
    if (r->item == 0)
        FD_THROW(FD_FORMAT, "%s: its elements are %s, not '<f2', '<f4' or '<f8'; save x.astype(numpy.float32)", name, head.type);
    if (head.rank != 2)
        FD_THROW(FD_FORMAT, "%s: it has %d axes; rows of numbers have two, (rows, dimensions)", name, head.rank);
    if (head.dim[1] == 0)
        FD_THROW(FD_FORMAT, "%s: its rows have no dimensions", name);
    r->n = head.dim[0];
    r->dim = head.dim[1];
    r->start = head.start;
    if (__builtin_mul_overflow(r->n, r->dim, &data) || __builtin_mul_overflow(data, r->item, &data) || data != st.st_size - r->start)
        FD_THROW(FD_FORMAT, "%s: it holds %lld bytes of data, not what its shape needs", name, (long long)(st.st_size - r->start));
done:
    free(bytes);
    return err;
}

fd_error *fd_npy_rows_open(const char *path, fd_npy_rows **out)
{
    fd_error *err = NULL;
    fd_npy_rows *r = NULL;
    FD_TRY(fd_alloc(&r, 1, sizeof *r));
    r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FD_TRY(fd_strdup(&r->path, path));
    if (r->fd < 0)
        FD_TRY(fd_file_error(path, "open", errno));
    FD_TRY(read_head(r));
    *out = r;
    r = NULL;
done:
    fd_npy_rows_close(r);
    return err;
}

void fd_npy_rows_close(fd_npy_rows *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free(r->path);
    free(r->staged);
    free(r);
}

int64_t fd_npy_rows_count(const fd_npy_rows *r)
{
    return r->n;
}

int64_t fd_npy_rows_dim(const fd_npy_rows *r)
{
    return r->dim;
}

/* IEEE 754 binary16; every one of its values is a float32. */
static float from_half(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;
    uint32_t bits = sign | (exponent + 112) << 23 | fraction << 13;
    if (exponent == 31)
        bits = sign | 0x7f800000U | fraction << 13;
    if (exponent == 0) {   /* zero, or fraction * 2^-24 */
        const float small = (float)fraction * 0x1p-24F;
        memcpy(&bits, &small, sizeof bits);
        bits |= sign;
    }
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void convert(const uint8_t *from, int64_t item, int64_t n, float *to)
{
    for (int64_t k = 0; k < n; k++) {
        uint16_t half;
        double wide;
        if (item == 2) {
            memcpy(&half, from + 2 * k, sizeof half);
            to[k] = from_half(half);
        } else {
            memcpy(&wide, from + 8 * k, sizeof wide);
            to[k] = (float)wide;
        }
    }
}

fd_error *fd_npy_rows_read(fd_npy_rows *r, int64_t first, int64_t count, float *out)
{
    fd_error *err = NULL;
    const int64_t n = count * r->dim, at = r->start + first * r->dim * r->item;
    assert(first >= 0 && count >= 0 && first + count <= r->n);
    if (r->item == 4)
        return fd_file_pread(r->fd, r->path, out, (size_t)n * sizeof *out, at);
    FD_TRY(fd_grow(&r->staged, &r->capacity, (size_t)(n * r->item), 1));
    FD_TRY(fd_file_pread(r->fd, r->path, r->staged, (size_t)(n * r->item), at));
    convert(r->staged, r->item, n, out);
done:
    return err;
}
