/* Turning: every orientation against its definition, pixel by pixel. */
#include "data/canvas.h"

#include "check.h"

/* Where pixel (x, y) of a file of w x h pixels goes, as EXIF defines orientations 1..8. */
static void upright_place(int orientation, int x, int y, int w, int h, int *to_x, int *to_y)
{
    const int places[8][2] = {{x, y}, {w - 1 - x, y}, {w - 1 - x, h - 1 - y}, {x, h - 1 - y},
                              {y, x}, {h - 1 - y, x}, {h - 1 - y, w - 1 - x}, {y, w - 1 - x}};
    *to_x = places[orientation - 1][0];
    *to_y = places[orientation - 1][1];
}

/* Bytes that tell the pixel. */
static void colour(uint8_t *to, int pixel, int x, int y)
{
    for (int k = 0; k < pixel; k++)
        to[k] = (uint8_t)(k == 0 ? x : k == 1 ? y : x * 7 + y * 13 + k);
}

static void check_size(int orientation, int w, int h, int pixel)
{
    fd_canvas c;
    int32_t width, height;
    assert_ok(fd_canvas_open(&c, NULL, w, h, pixel, orientation));
    for (int32_t y = 0, rows; y < h; y += rows) {
        uint8_t *to = fd_canvas_rows(&c, y, &rows);
        for (int j = 0; j < rows; j++)
            for (int x = 0; x < w; x++)
                colour(to + (size_t)j * c.pitch + (size_t)(x * pixel), pixel, x, y + j);
        fd_canvas_put(&c, y, rows);
    }
    fd_upright_size(orientation, w, h, &width, &height);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int to_x, to_y;
            uint8_t wanted[8];
            colour(wanted, pixel, x, y);
            upright_place(orientation, x, y, w, h, &to_x, &to_y);
            assert_in_range(to_x, 0, width - 1);
            assert_in_range(to_y, 0, height - 1);
            assert_memory_equal(c.rgb + ((size_t)to_y * (size_t)width + (size_t)to_x) * (size_t)pixel, wanted, (size_t)pixel);
        }
    fd_canvas_free(&c);
}

static void all_orientations(void **state)
{
    (void)state;
    const int sizes[][2] = {{1, 1}, {1, 70}, {70, 1}, {3, 2}, {31, 33}, {64, 32}, {21, 96}, {100, 65}};
    for (int orientation = 1; orientation <= 8; orientation++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (int pixel = 1; pixel <= 8; pixel++)
                check_size(orientation, sizes[i][0], sizes[i][1], pixel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_orientations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
