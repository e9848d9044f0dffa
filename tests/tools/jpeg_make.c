/* jpeg_make FOLDER: writes JPEGs of kinds that Pillow does not write: arithmetic coding, restart markers, YCCK, RGB without a transform, two
 * components, uncommon sampling factors. The picture is the same waves in all. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { WIDTH = 121, HEIGHT = 83 };

typedef struct kind {
    const char *name;
    J_COLOR_SPACE in, stored;
    int components, horizontal, vertical;   /* sampling factors of the first component; 0: the library's */
    int restart, arithmetic, progressive;
} kind;

static const kind kinds[] = {
    {"arithmetic", JCS_RGB, JCS_YCbCr, 3, 0, 0, 0, 1, 0},
    {"arithmetic-progressive", JCS_RGB, JCS_YCbCr, 3, 0, 0, 0, 1, 1},
    {"restart", JCS_RGB, JCS_YCbCr, 3, 0, 0, 3, 0, 0},
    {"restart-progressive", JCS_RGB, JCS_YCbCr, 3, 0, 0, 2, 0, 1},
    {"ycck", JCS_CMYK, JCS_YCCK, 4, 0, 0, 0, 0, 0},
    {"ycck-progressive", JCS_CMYK, JCS_YCCK, 4, 0, 0, 0, 0, 1},
    {"cmyk-sampled", JCS_CMYK, JCS_CMYK, 4, 2, 2, 0, 0, 0},
    {"rgb", JCS_RGB, JCS_RGB, 3, 0, 0, 0, 0, 0},
    {"sampled-411", JCS_RGB, JCS_YCbCr, 3, 4, 1, 0, 0, 0},
    {"sampled-440", JCS_RGB, JCS_YCbCr, 3, 1, 2, 0, 0, 1},
    {"sampled-441", JCS_RGB, JCS_YCbCr, 3, 1, 4, 0, 0, 0},
    {"gray-sampled", JCS_GRAYSCALE, JCS_GRAYSCALE, 1, 2, 2, 0, 0, 0},
    {"two-components", JCS_UNKNOWN, JCS_UNKNOWN, 2, 0, 0, 0, 0, 0},
};

static void paint(unsigned char *row, int y, int components)
{
    for (int x = 0; x < WIDTH; x++)
        for (int c = 0; c < components; c++)
            row[x * components + c] = (unsigned char)(127.5 + 127 * sin((x * (c + 1) + y * 2) / 11.0) * cos(y / (7.0 + c)));
}

static void set(j_compress_ptr c, const kind *k)
{
    c->image_width = WIDTH;
    c->image_height = HEIGHT;
    c->input_components = k->components;
    c->in_color_space = k->in;
    jpeg_set_defaults(c);
    jpeg_set_colorspace(c, k->stored);
    jpeg_set_quality(c, 90, TRUE);
    c->restart_interval = (unsigned)k->restart;
    c->arith_code = k->arithmetic;
    for (int i = 0; k->horizontal && i < k->components; i++) {
        c->comp_info[i].h_samp_factor = i == 0 ? k->horizontal : 1;
        c->comp_info[i].v_samp_factor = i == 0 ? k->vertical : 1;
    }
    if (k->progressive)
        jpeg_simple_progression(c);
}

static void write_kind(const char *folder, const kind *k)
{
    char path[4096];
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;   /* the library's own: a message and exit(1) */
    unsigned char row[WIDTH * 4], *rows[] = {row};
    snprintf(path, sizeof path, "%s/%s.jpg", folder, k->name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(1);
    }
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_stdio_dest(&c, file);
    set(&c, k);
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < HEIGHT; y++) {
        paint(row, y, k->components);
        jpeg_write_scanlines(&c, rows, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    fclose(file);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: jpeg_make FOLDER\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        write_kind(argv[1], &kinds[i]);
    return 0;
}
