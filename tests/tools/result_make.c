/* result_make FILE FACES: writes a small result file as the main job does, for the scripts that read it with other programs. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "dist/dist.h"
#include "store/result.h"

enum { DIM = 8, IMAGES = 4 };

static const char *const paths[IMAGES] = {"a.jpg", "caf\xc3\xa9/b.png", "line\nbreak.jpg", "not utf-8 \xff.jpg"};
static const char *const names[] = {"ok", "no_face", "corrupt"};
static const uint8_t statuses[IMAGES] = {0, 1, 2, 0};
static const fd_attribute box_attributes[] = {{"unit", "pixel"}, {"axes", "face, (x1, y1, x2, y2)"}};

static fd_error *create(const char *path, int64_t n, const int64_t *image, const float *box)
{
    int64_t side = fd_tile_plan_of(n).side;
    const fd_column columns[] = {
        {.path = "/images/path", .type = FD_COL_TEXT, .rank = 1, .dim = {IMAGES}, .data = paths},
        {.path = "/images/status", .type = FD_COL_U8, .rank = 1, .dim = {IMAGES}, .data = statuses, .labels = names, .n_labels = 3},
        {.path = "/faces/image", .type = FD_COL_I64, .rank = 1, .dim = {n}, .data = image},
        {.path = "/faces/box", .type = FD_COL_F32, .rank = 2, .dim = {n, 4}, .data = box, .attributes = box_attributes, .n_attributes = 2},
        {.path = "/faces/embedding", .type = FD_COL_F32, .rank = 2, .dim = {n, DIM}, .scale = "/faces/image"},
        {.path = "/distances/full", .type = FD_COL_F32, .rank = 2, .dim = {n, n}, .chunk = {side, side}, .scale = "/faces/image", .scaled_axes = 2},
    };
    return fd_result_create(path, columns, sizeof columns / sizeof *columns);
}

/* Distance |i - j|, embedding i + k/8. */
static fd_error *fill(const char *path, int64_t n)
{
    fd_error *err = NULL;
    fd_result_writer *w = NULL;
    static float tile[512 * 512];
    int64_t side = fd_tile_plan_of(n).side;
    FD_TRY(fd_result_writer_open(path, &w));
    for (int64_t i = 0; i < n; i++) {
        float row[DIM];
        for (int k = 0; k < DIM; k++)
            row[k] = (float)i + (float)k / DIM;
        FD_TRY(fd_result_write_rows(w, "/faces/embedding", i, 1, row));
    }
    for (int64_t y = 0; y < n; y += side)
        for (int64_t x = 0; x < n; x += side) {
            int64_t rows = n - y < side ? n - y : side, columns = n - x < side ? n - x : side;
            for (int64_t i = 0; i < rows * columns; i++)
                tile[i] = (float)llabs(y + i / columns - (x + i % columns));
            FD_TRY(fd_result_write_chunk(w, "/distances/full", y, x, tile, rows, columns, columns));
        }
    fd_error *closing = fd_result_writer_close(w);
    w = NULL;
    FD_TRY(closing);
done:
    fd_error_free(fd_result_writer_close(w));
    return err;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    fd_error *err = NULL;
    char temporary[4096];
    int64_t n = strtoll(argv[2], NULL, 10);
    int64_t *image = calloc((size_t)n + 1, sizeof *image);
    float *box = calloc((size_t)n * 4 + 1, sizeof *box);
    const fd_attribute run[] = {{"model", "none"}, {"inputs", "photos/ \xff"}};
    for (int64_t i = 0; i < n; i++) {
        image[i] = i * IMAGES / n;
        box[4 * i + 2] = box[4 * i + 3] = (float)(10 + i);
    }
    snprintf(temporary, sizeof temporary, "%s.tmp", argv[1]);
    FD_TRY(create(temporary, n, image, box));
    FD_TRY(fill(temporary, n));
    FD_TRY(fd_result_commit(temporary, argv[1], run, 2, NULL, 0));
done:
    if (err)
        fprintf(stderr, "%s\n", fd_error_message(err));
    free(image);
    free(box);
    fd_error_free(err);
    return err != NULL;
}
