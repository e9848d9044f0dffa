#include "run/faces/reuse.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/result.h"

struct fd_reuse {
    int64_t images, faces, dim, crop_bytes;
    char **path, **detail;
    int32_t *size, *count;
    uint8_t *status, *flags, *valid, *crop;
    fd_sha256 *sha256;
    int64_t *first;
    fd_face *face;
    float *embedding;
};

/* Reads a whole column and insists on its number of rows. */
static fd_error *column(fd_result *r, const char *path, fd_column_type type, int64_t rows, void *out)
{
    fd_error *err = NULL;
    void *data = NULL;
    int64_t n = 0;
    FD_TRY(fd_result_read(r, path, type, 0, -1, &data, &n));
    if (rows >= 0 && n != rows)
        FD_THROW(FD_FORMAT, "%s has %lld rows, not %lld", path, (long long)n, (long long)rows);
    memcpy(out, &data, sizeof data);
    data = NULL;
done:
    free(data);
    return err;
}

static fd_error *read_faces(fd_result *file, fd_reuse *r)
{
    fd_error *err = NULL;
    float *box = NULL, *landmark = NULL, *score = NULL;
    int rank = 0;
    int64_t dim[4];
    FD_TRY(fd_result_shape(file, "/faces/embedding", &rank, dim));
    if (rank != 2 || dim[1] != r->dim)
        FD_THROW(FD_FORMAT, "/faces/embedding does not have %lld columns", (long long)r->dim);
    r->faces = dim[0];
    FD_TRY(column(file, "/faces/embedding", FD_COL_F32, r->faces, &r->embedding));
    FD_TRY(column(file, "/faces/valid", FD_COL_U8, r->faces, &r->valid));
    FD_TRY(column(file, "/faces/box", FD_COL_F32, r->faces, &box));
    FD_TRY(column(file, "/faces/landmarks", FD_COL_F32, r->faces, &landmark));
    FD_TRY(column(file, "/faces/score", FD_COL_F32, r->faces, &score));
    FD_TRY(fd_alloc(&r->face, (size_t)r->faces, sizeof *r->face));
    for (int64_t i = 0; i < r->faces; i++) {
        memcpy(r->face[i].box, box + 4 * i, sizeof r->face[i].box);
        memcpy(r->face[i].landmark, landmark + 10 * i, sizeof r->face[i].landmark);
        r->face[i].score = score[i];
    }
    if (r->crop_bytes)
        FD_TRY(column(file, "/faces/crop", FD_COL_U8, r->faces, &r->crop));
done:
    free(box);
    free(landmark);
    free(score);
    return err;
}

static fd_error *read_images(fd_result *file, fd_reuse *r)
{
    fd_error *err = NULL;
    int rank = 0;
    int64_t dim[4];
    FD_TRY(fd_result_shape(file, "/images/status", &rank, dim));
    r->images = dim[0];
    FD_TRY(column(file, "/images/path", FD_COL_TEXT, r->images, &r->path));
    FD_TRY(column(file, "/images/detail", FD_COL_TEXT, r->images, &r->detail));
    FD_TRY(column(file, "/images/size", FD_COL_I32, r->images, &r->size));
    FD_TRY(column(file, "/images/status", FD_COL_U8, r->images, &r->status));
    FD_TRY(column(file, "/images/flags", FD_COL_U8, r->images, &r->flags));
    FD_TRY(column(file, "/images/sha256", FD_COL_U8, r->images, &r->sha256));
    FD_TRY(column(file, "/images/first_face", FD_COL_I64, r->images, &r->first));
    FD_TRY(column(file, "/images/faces", FD_COL_I32, r->images, &r->count));
    for (int64_t i = 0; i < r->images; i++)
        if (r->count[i] < 0 || (r->count[i] > 0 && (r->first[i] < 0 || r->first[i] > r->faces - r->count[i])))
            FD_THROW(FD_FORMAT, "/images/first_face points outside /faces");
done:
    return err;
}

fd_error *fd_reuse_open(const char *path, fd_record_shape shape, fd_reuse **out)
{
    fd_error *err = NULL;
    fd_result *file = NULL;
    fd_reuse *r = NULL;
    FD_TRY(fd_alloc(&r, 1, sizeof *r));
    r->dim = shape.dim;
    r->crop_bytes = shape.crop_bytes;
    FD_TRY(fd_result_open(path, &file));
    FD_TRY(read_faces(file, r));
    FD_TRY(read_images(file, r));
    *out = r;
    r = NULL;
done:
    fd_result_close(file);
    fd_reuse_close(r);
    char name[FD_ESCAPED];
    return err ? fd_error_prefix(err, "%s", fd_escape(name, sizeof name, path)) : NULL;
}

void fd_reuse_close(fd_reuse *r)
{
    if (!r)
        return;
    void *all[] = {r->path, r->detail, r->size, r->count, r->status, r->flags, r->valid, r->crop, r->sha256, r->first, r->face, r->embedding};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(r);
}

int64_t fd_reuse_count(const fd_reuse *r)
{
    return r->images;
}

const char *fd_reuse_key(const fd_reuse *r, int64_t i)
{
    return r->path[i];
}

bool fd_reuse_find(const fd_reuse *r, const char *key, const fd_sha256 *sha256, fd_outcome *out)
{
    int64_t low = 0, high = r->images;   /* keys are sorted by their bytes */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (strcmp(r->path[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == r->images || strcmp(r->path[low], key) != 0 || memcmp(&r->sha256[low], sha256, sizeof *sha256) != 0)
        return false;
    if (r->status[low] == FD_IMAGE_OUT_OF_MEMORY)
        return false;   /* the machine's fault then, not the file's */
    int64_t first = r->count[low] ? r->first[low] : 0;
    *out = (fd_outcome){.width = r->size[2 * low], .height = r->size[2 * low + 1], .status = r->status[low], .flags = r->flags[low], .sha256 = *sha256,
                        .faces = r->count[low], .face = r->face + first, .valid = r->valid + first, .embedding = r->embedding + first * r->dim,
                        .crop = r->crop_bytes ? r->crop + first * r->crop_bytes : NULL};
    snprintf(out->detail, sizeof out->detail, "%s", r->detail[low]);
    return true;
}
