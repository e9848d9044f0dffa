#include "store/packed.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/memory.h"
#include "store/h5.h"

/* The first bytes of all values, then the second, ...: those of the exponent are alike. */
static void shuffle(const uint8_t *values, size_t n, size_t item, uint8_t *out)
{
    for (size_t b = 0; b < item; b++)
        for (size_t i = 0; i < n; i++)
            out[b * n + i] = values[i * item + b];
}

size_t fd_chunk_pack_bound(size_t bytes)
{
    return compressBound(bytes);
}

fd_error *fd_chunk_pack(const void *values, size_t n, size_t item, uint8_t **out, size_t *bytes)
{
    fd_error *err = NULL;
    uint8_t *shuffled = NULL, *packed = NULL;
    uLongf room = compressBound(n * item);
    FD_TRY(fd_alloc_aligned(&shuffled, n, item));
    FD_TRY(fd_alloc_aligned(&packed, room, 1));
    shuffle(values, n, item, shuffled);
    if (compress2(packed, &room, shuffled, n * item, FD_DEFLATE_LEVEL) != Z_OK)
        FD_THROW(FD_NOMEM, "no memory to compress a tile");
    *out = packed;
    *bytes = room;
    packed = NULL;
done:
    free(shuffled);
    free(packed);
    return err;
}

static fd_error *fill(hid_t set, const char *temporary, const char *path, fd_error *(*next)(void *self, fd_packed_chunk *out), void *self)
{
    fd_error *err = NULL;
    herr_t status = 0;
    for (fd_packed_chunk chunk = {0};;) {
        FD_TRY(next(self, &chunk));
        if (chunk.n == 0)
            break;
        const hsize_t corner[] = {(hsize_t)chunk.row, (hsize_t)chunk.column};
        FD_H5_TRY(status, H5Dwrite_chunk(set, H5P_DEFAULT, 0, corner, chunk.n, chunk.bytes), FD_IO, temporary, "cannot write a chunk of", path);
    }
done:
    return err;
}

fd_error *fd_result_fill(const char *temporary, const char *path, fd_error *(*next)(void *self, fd_packed_chunk *out), void *self)
{
    fd_error *err = NULL;
    hid_t file = -1, set = -1;
    herr_t status = 0;
    FD_TRY(fd_h5_open(temporary, H5F_ACC_RDWR, &file));
    FD_H5_TRY(set, H5Dopen2(file, path, H5P_DEFAULT), FD_FORMAT, temporary, "cannot open", path);
    FD_TRY(fill(set, temporary, path, next, self));
    FD_H5_TRY(status, H5Dclose(set), FD_IO, temporary, "cannot write", path);
    set = -1;
    hid_t closing = file;
    file = -1;
    FD_H5_TRY(status, H5Fclose(closing), FD_IO, temporary, "cannot write", "");
done:
    fd_h5_drop(set);
    fd_h5_abandon(file);
    return err;
}
