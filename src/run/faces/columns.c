#include "run/faces/columns.h"

#include <stdlib.h>

#include "base/memory.h"

#define ATTRIBUTES(array) .attributes = (array), .n_attributes = sizeof(array) / sizeof *(array)

static const fd_attribute PATH[] = {{"meaning", "key of the image: its path under the input folder, raw bytes; rows are sorted by it"}};
static const fd_attribute SIZE[] = {{"meaning", "width, height of the upright image; 0 where it is not known"}, {"unit", "pixel"}, {"axes", "image, (width, height)"}};
static const fd_attribute STATUS[] = {{"meaning", "what became of the image"}};
static const fd_attribute DETAIL[] = {{"meaning", "the reason in words, or what the decoder remarked"}};
static const fd_attribute FLAGS[] = {{"meaning", "sum of: 1 truncated but accepted, 2 decoder warning, 4 bad EXIF"}};
static const fd_attribute SHA256[] = {{"meaning", "SHA-256 of the file; zeros where it was not read"}};
static const fd_attribute DUPLICATE[] = {{"meaning", "first image with the same content; -1: none"}};
static const fd_attribute FIRST[] = {{"meaning", "row of the image's first face in /faces; -1: none"}};
static const fd_attribute FACES[] = {{"meaning", "number of faces kept of the image"}};
static const fd_attribute IMAGE[] = {{"meaning", "row of the face's image in /images"}};
static const fd_attribute BOX[] = {{"meaning", "bounding box of the face"}, {"unit", "pixel of the upright image"}, {"axes", "face, (x1, y1, x2, y2)"}};
static const fd_attribute LANDMARKS[] = {
    {"meaning", "left eye, right eye, nose, left and right corner of the mouth, as seen in the picture"}, {"unit", "pixel of the upright image"}, {"axes", "face, landmark, (x, y)"}};
static const fd_attribute SCORE[] = {{"meaning", "probability of a face, by the detector's last stage"}, {"range", "0..1"}};
static const fd_attribute EMBEDDING[] = {{"meaning", "embedding of the face"}, {"axes", "face, dimension"}};
static const fd_attribute VALID[] = {{"meaning", "0: the embedding is zero or not finite; the face is absent from all distances (NaN)"}};
static const fd_attribute CROP[] = {{"meaning", "what the embedder sees"}, {"axes", "face, row, column, (red, green, blue)"}};

static const char *const STATUSES[FD_IMAGE_STATUSES] = {"ok", "no_face", "corrupt", "truncated", "unsupported", "too_large", "unreadable", "empty", "changed",
                                                        "special_file", "out_of_memory"};

static fd_error *image_columns(const fd_job *job, const fd_assembly *a, fd_columns *c)
{
    fd_error *err = NULL;
    const fd_tables *t = &a->tables;
    int64_t n = a->images;
    FD_TRY(fd_alloc(&c->path, (size_t)n, sizeof *c->path));
    FD_TRY(fd_alloc(&c->detail, (size_t)n, sizeof *c->detail));
    for (int64_t i = 0; i < n; i++) {
        c->path[i] = job->manifest.entry[i].key;
        c->detail[i] = t->detail[i] ? t->detail[i] : "";
    }
    const fd_column columns[] = {
        {.path = "/images/path", .type = FD_COL_TEXT, .rank = 1, .dim = {n}, .data = c->path, ATTRIBUTES(PATH)},
        {.path = "/images/size", .type = FD_COL_I32, .rank = 2, .dim = {n, 2}, .data = t->size, ATTRIBUTES(SIZE)},
        {.path = "/images/status", .type = FD_COL_U8, .rank = 1, .dim = {n}, .data = t->status, .labels = STATUSES, .n_labels = FD_IMAGE_STATUSES, ATTRIBUTES(STATUS)},
        {.path = "/images/detail", .type = FD_COL_TEXT, .rank = 1, .dim = {n}, .data = c->detail, ATTRIBUTES(DETAIL)},
        {.path = "/images/flags", .type = FD_COL_U8, .rank = 1, .dim = {n}, .data = t->flags, ATTRIBUTES(FLAGS)},
        {.path = "/images/sha256", .type = FD_COL_U8, .rank = 2, .dim = {n, 32}, .data = t->sha256, ATTRIBUTES(SHA256)},
        {.path = "/images/duplicate_of", .type = FD_COL_I64, .rank = 1, .dim = {n}, .data = t->duplicate_of, ATTRIBUTES(DUPLICATE)},
        {.path = "/images/first_face", .type = FD_COL_I64, .rank = 1, .dim = {n}, .data = a->first_face, ATTRIBUTES(FIRST)},
        {.path = "/images/faces", .type = FD_COL_I32, .rank = 1, .dim = {n}, .data = a->count, ATTRIBUTES(FACES)},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        c->column[c->n++] = columns[i];
done:
    return err;
}

static void face_columns(const fd_job *job, const fd_assembly *a, fd_columns *c)
{
    const fd_tables *t = &a->tables;
    const fd_cut_format *f = &job->pack.format;
    int64_t m = a->faces;
    const fd_column columns[] = {
        {.path = "/faces/image", .type = FD_COL_I64, .rank = 1, .dim = {m}, .data = t->image, ATTRIBUTES(IMAGE)},
        {.path = "/faces/box", .type = FD_COL_F32, .rank = 2, .dim = {m, 4}, .data = t->box, ATTRIBUTES(BOX)},
        {.path = "/faces/landmarks", .type = FD_COL_F32, .rank = 3, .dim = {m, 5, 2}, .data = t->landmarks, ATTRIBUTES(LANDMARKS)},
        {.path = "/faces/score", .type = FD_COL_F32, .rank = 1, .dim = {m}, .data = t->score, ATTRIBUTES(SCORE)},
        {.path = "/faces/valid", .type = FD_COL_U8, .rank = 1, .dim = {m}, .data = t->valid, ATTRIBUTES(VALID)},
        {.path = "/faces/embedding", .type = FD_COL_F32, .rank = 2, .dim = {m, job->shape.dim}, .scale = "/faces/image", ATTRIBUTES(EMBEDDING)},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        c->column[c->n++] = columns[i];
    if (job->shape.crop_bytes)
        c->column[c->n++] = (fd_column){.path = "/faces/crop", .type = FD_COL_U8, .rank = 4, .dim = {m, f->height, f->width, 3}, ATTRIBUTES(CROP)};
}

fd_error *fd_columns_of(const fd_job *job, const fd_assembly *a, fd_pairing *pairs, fd_columns *out)
{
    fd_error *err = NULL;
    FD_TRY(image_columns(job, a, out));
    face_columns(job, a, out);
    out->n += fd_pairing_columns(pairs, out->column + out->n);
done:
    return err;
}

void fd_columns_free(fd_columns *c)
{
    free(c->path);
    free(c->detail);
}
