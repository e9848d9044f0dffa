/* Decoding: limits, faults and turning. That pixels equal Pillow's is shown by tests/cli/decode_equals_pillow.sh. */
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "data/decode.h"

#include "check.h"

typedef struct file {
    uint8_t *bytes;
    size_t n;
} file;

static file sample(const char *name)
{
    file f;
    char *path;
    assert_ok(fd_path_join(&path, PROJECT_DATA "/photos/odd", name));
    assert_ok(fd_file_read(path, (size_t)1 << 24, &f.bytes, &f.n));
    free(path);
    return f;
}

static fd_image decode_with(const file *f, fd_decode_config config)
{
    fd_image image;
    /* A copy of exactly the size, so that a sanitizer sees every step beyond. */
    uint8_t *exact = malloc(f->n ? f->n : 1);
    assert_non_null(exact);
    memcpy(exact, f->bytes, f->n);
    config.max_pixels = config.max_pixels ? config.max_pixels : 64000000;
    assert_ok(fd_decode(exact, f->n, &config, &image));
    free(exact);
    assert_true((image.rgb != NULL) == (image.status == FD_IMAGE_OK));
    assert_true(image.status == FD_IMAGE_OK || image.detail[0]);
    return image;
}

/* Decodes and expects this status; frees all. */
static void expect(file *f, fd_decode_config config, fd_image_status status)
{
    fd_image image = decode_with(f, config);
    if (image.status != status)
        print_error("%s: %s\n", fd_image_status_name(image.status), image.detail);
    assert_int_equal(image.status, status);
    fd_image_free(&image);
    free(f->bytes);
    f->bytes = NULL;
}

static size_t find(const file *f, size_t from, const char *what, size_t n)
{
    for (size_t i = from; i + n <= f->n; i++)
        if (!memcmp(f->bytes + i, what, n))
            return i;
    fail_msg("the sample does not hold what the test looks for");
    return 0;
}

static void samples(void **state)
{
    (void)state;
    const struct {
        const char *name;
        fd_image_status status;
        int32_t width, height;
    } cases[] = {
        {"cut-short.jpg", FD_IMAGE_TRUNCATED, 0, 0},      {"empty.jpg", FD_IMAGE_EMPTY, 0, 0},    {"gray.png", FD_IMAGE_OK, 320, 240},
        {"lying-on-its-side.jpg", FD_IMAGE_OK, 480, 640}, {"nine-pixels.png", FD_IMAGE_OK, 9, 9}, {"not-a-picture.jpg", FD_IMAGE_CORRUPT, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file f = sample(cases[i].name);
        fd_image image = decode_with(&f, (fd_decode_config){0});
        assert_int_equal(image.status, cases[i].status);
        if (cases[i].width) {
            assert_int_equal(image.width, cases[i].width);
            assert_int_equal(image.height, cases[i].height);
        }
        fd_image_free(&image);
        free(f.bytes);
    }
}

static void truncated_but_accepted(void **state)
{
    (void)state;
    const char *names[] = {"one-face-twice-a.jpg", "progressive.jpg", "gray.png"};
    for (int i = 0; i < 3; i++) {
        file f = sample(names[i]);
        fd_image whole = decode_with(&f, (fd_decode_config){0});
        f.n /= 2;
        fd_image refused = decode_with(&f, (fd_decode_config){0}), kept = decode_with(&f, (fd_decode_config){.accept_truncated = true});
        assert_int_equal(refused.status, FD_IMAGE_TRUNCATED);
        assert_int_equal(refused.width, whole.width);   /* the header was read */
        assert_int_equal(kept.status, FD_IMAGE_OK);
        assert_true(kept.flags & FD_FLAG_TRUNCATED_ACCEPTED);
        assert_true(kept.detail[0]);
        if (i != 1) /* of a progressive one every row is there, coarser */
            assert_memory_equal(kept.rgb, whole.rgb, (size_t)whole.width * 3 * 16);
        f.n = 20;   /* nothing to keep */
        fd_image nothing = decode_with(&f, (fd_decode_config){.accept_truncated = true});
        assert_int_equal(nothing.status, FD_IMAGE_TRUNCATED);
        fd_image_free(&whole);
        fd_image_free(&kept);
        free(f.bytes);
    }
}

/* No cut, however short, does harm. */
static void every_short_cut(void **state)
{
    (void)state;
    const char *names[] = {"progressive.jpg", "nine-pixels.png", "lying-on-its-side.jpg"};
    for (int i = 0; i < 3; i++) {
        file f = sample(names[i]);
        size_t n = f.n < 700 ? f.n : 700;
        for (f.n = 1; f.n < n; f.n++) {
            fd_image image = decode_with(&f, (fd_decode_config){.accept_truncated = f.n % 2 == 0});
            if (f.n % 2)
                assert_true(image.status == FD_IMAGE_TRUNCATED || image.status == FD_IMAGE_CORRUPT || f.n >= n - 12);   /* IEND alone may go */
            fd_image_free(&image);
        }
        free(f.bytes);
    }
}

/* The same bytes in a slab that held something else, one behind the other; what is refused leaves no gap, and what has no room there gets its own. */
static void decoded_into_a_slab(void **state)
{
    (void)state;
    enum { FILES = 7, ROOM = 16 << 20 };
    static const char *const names[FILES] = {"gray.png", "cut-short.jpg", "progressive.jpg", "lying-on-its-side.jpg", "not-a-picture.jpg", "nine-pixels.png", "one-face-twice-a.jpg"};
    uint8_t *memory = malloc(ROOM);
    assert_non_null(memory);
    memset(memory, 0xa5, ROOM);
    fd_slab slab = {memory, ROOM, 0}, small = {memory, 100, 0};
    fd_image kept[FILES], own[FILES];
    for (int i = 0; i < FILES; i++) {
        file f = sample(names[i]);
        const size_t before = slab.used;
        const bool accept = i == 1;   /* the rest of it is gray, not what lay there */
        kept[i] = decode_with(&f, (fd_decode_config){.slab = &slab, .accept_truncated = accept});
        own[i] = decode_with(&f, (fd_decode_config){.accept_truncated = accept});
        fd_image outside = decode_with(&f, (fd_decode_config){.slab = &small, .max_pixels = 1000000});
        assert_int_equal(slab.used - before, kept[i].rgb ? fd_slab_bytes(kept[i].width, kept[i].height) : 0);
        assert_true(!kept[i].rgb || (kept[i].lent && kept[i].rgb == memory + before));
        assert_true(!outside.lent && small.used == 0);
        fd_image_free(&outside);
        free(f.bytes);
    }
    for (int i = 0; i < FILES; i++) {
        assert_int_equal(kept[i].status, own[i].status);
        if (own[i].rgb)
            assert_memory_equal(kept[i].rgb, own[i].rgb, (size_t)own[i].width * (size_t)own[i].height * 3);
        fd_image_free(&kept[i]);
        fd_image_free(&own[i]);
    }
    free(memory);
}

static long peak_kilobytes(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_maxrss;
}

static void patch_jpeg_size(file *f, const char *size)
{
    size_t frame = 2;   /* walk the segments up to SOF0 or SOF2 */
    while (f->bytes[frame + 1] != 0xC0 && f->bytes[frame + 1] != 0xC2)
        frame += 2 + ((size_t)f->bytes[frame + 2] << 8 | f->bytes[frame + 3]);
    memcpy(f->bytes + frame + 5, size, 4);
}

static void bombs(void **state)
{
    (void)state;
    long before = peak_kilobytes();
    for (int progressive = 0; progressive < 2; progressive++) {
        file f = sample(progressive ? "progressive.jpg" : "no-face.jpg");
        patch_jpeg_size(&f, "\xff\xdc\xff\xdc");   /* 65,500 x 65,500: 4.3 gigapixels */
        expect(&f, (fd_decode_config){0}, FD_IMAGE_TOO_LARGE);
        f = sample(progressive ? "progressive.jpg" : "no-face.jpg");
        patch_jpeg_size(&f, "\x1f\x40\x1f\x40");   /* 8,000 x 8,000 is within the limit on pixels, not on bytes */
        expect(&f, (fd_decode_config){.max_bytes = 100000000}, FD_IMAGE_OUT_OF_MEMORY);
    }
    static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x4e\x20\0\0\x4e\x20\x08\0\0\0\0\xc6\x1b\x19\xe5\0\0\0\0IDAT";
    file f = {malloc(sizeof png - 1), sizeof png - 1};   /* 20,000 x 20,000 gray */
    memcpy(f.bytes, png, f.n);
    expect(&f, (fd_decode_config){0}, FD_IMAGE_TOO_LARGE);
    assert_true(peak_kilobytes() - before < 50000);
}

static void pixel_and_memory_limits(void **state)
{
    (void)state;
    file f = sample("lying-on-its-side.jpg");
    int64_t pixels = 480 * 640;
    fd_image image = decode_with(&f, (fd_decode_config){.max_pixels = pixels});
    assert_int_equal(image.status, FD_IMAGE_OK);
    fd_image_free(&image);
    image = decode_with(&f, (fd_decode_config){.max_pixels = pixels - 1});
    assert_int_equal(image.status, FD_IMAGE_TOO_LARGE);
    assert_int_equal(image.width, 480);
    expect(&f, (fd_decode_config){.max_bytes = 500000}, FD_IMAGE_OUT_OF_MEMORY);
    /* The prediction for the budget is an upper bound of what the decoder asks for. */
    const char *names[] = {"progressive.jpg", "printed-cmyk.jpg", "transparent.png", "lying-on-its-side.jpg", "gray.png"};
    for (int i = 0; i < 5; i++) {
        int32_t width, height;
        f = sample(names[i]);
        assert_true(fd_decode_size(f.bytes, f.n, &width, &height));
        expect(&f, (fd_decode_config){.max_bytes = fd_decode_bytes(width, height)}, FD_IMAGE_OK);
    }
}

/* The first scan, again and again. */
static void too_many_scans(void **state)
{
    (void)state;
    file f = sample("progressive.jpg"), bomb;
    size_t first = find(&f, 0, "\xff\xda", 2), next = first + 2;
    while (f.bytes[next] != 0xFF || f.bytes[next + 1] == 0)
        next++;
    size_t scan = next - first, copies = 5000;
    bomb.n = f.n + scan * copies;
    bomb.bytes = malloc(bomb.n);
    assert_non_null(bomb.bytes);
    memcpy(bomb.bytes, f.bytes, first);
    for (size_t i = 0; i < copies; i++)
        memcpy(bomb.bytes + first + i * scan, f.bytes + first, scan);
    memcpy(bomb.bytes + first + copies * scan, f.bytes + first, f.n - first);
    free(f.bytes);
    expect(&bomb, (fd_decode_config){0}, FD_IMAGE_TOO_LARGE);
}

static void warnings_are_kept(void **state)
{
    (void)state;
    file f = sample("one-face-twice-a.jpg");
    memset(f.bytes + f.n / 2, 0xFF, 1);
    memset(f.bytes + f.n / 2 + 1, 0xD5, 1);   /* a restart marker where there is none */
    fd_image image = decode_with(&f, (fd_decode_config){0});
    assert_int_equal(image.status, FD_IMAGE_OK);
    assert_true(image.flags & FD_FLAG_DECODER_WARNING);
    assert_non_null(strstr(image.detail, "Corrupt JPEG data"));
    fd_image_free(&image);
    free(f.bytes);
}

static void what_is_unsupported(void **state)
{
    (void)state;
    file f = sample("no-face.jpg");
    size_t frame = find(&f, 0, "\xff\xc0\0\x11\x08", 5);
    f.bytes[frame + 4] = 12;
    expect(&f, (fd_decode_config){0}, FD_IMAGE_UNSUPPORTED);
    f = sample("no-face.jpg");
    f.bytes[frame + 1] = 0xC3;   /* lossless */
    expect(&f, (fd_decode_config){0}, FD_IMAGE_UNSUPPORTED);
    f = (file){(uint8_t *)strdup("GIF89a and so on"), 16};
    expect(&f, (fd_decode_config){0}, FD_IMAGE_UNSUPPORTED);
}

static void corrupt_files(void **state)
{
    (void)state;
    file f = sample("gray.png");
    f.bytes[f.n / 2] ^= 1;   /* a checksum tells */
    expect(&f, (fd_decode_config){0}, FD_IMAGE_CORRUPT);
    f = sample("no-face.jpg");
    memset(f.bytes + 2, 0, f.n - 2);
    f.bytes[2] = 0xFF;
    fd_image image = decode_with(&f, (fd_decode_config){0});
    assert_true(image.status == FD_IMAGE_CORRUPT || image.status == FD_IMAGE_TRUNCATED);
    f.n = 0;
    expect(&f, (fd_decode_config){0}, FD_IMAGE_EMPTY);
}

static void exif(void **state)
{
    (void)state;
    file f = sample("lying-on-its-side.jpg");
    fd_image upright = decode_with(&f, (fd_decode_config){0}), lying = decode_with(&f, (fd_decode_config){.ignore_exif = true});
    assert_int_equal(lying.width, 640);
    for (int32_t y = 0; y < upright.height; y++)
        for (int32_t x = 0; x < upright.width; x++) /* orientation 6: turned a quarter clockwise */
            assert_memory_equal(upright.rgb + ((int64_t)y * 480 + x) * 3, lying.rgb + ((int64_t)(479 - x) * 640 + y) * 3, 3);
    fd_image_free(&upright);
    size_t block = find(&f, 0, "Exif\0\0", 6) + 6;
    memcpy(f.bytes + block, "QQ", 2);
    fd_image malformed = decode_with(&f, (fd_decode_config){0});
    assert_int_equal(malformed.status, FD_IMAGE_OK);
    assert_int_equal(malformed.flags, FD_FLAG_BAD_EXIF);
    assert_memory_equal(malformed.rgb, lying.rgb, 640 * 480 * 3);
    fd_image_free(&malformed);
    fd_image_free(&lying);
    free(f.bytes);
}

static void a_written_png_reads_back(void **state)
{
    (void)state;
    char path[] = "/tmp/facesdist-png-XXXXXX";
    uint8_t rgb[7 * 5 * 3];
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)(i * 37);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_ok(fd_png_write(path, rgb, 7, 5));
    file f;
    assert_ok(fd_file_read(path, 100000, &f.bytes, &f.n));
    fd_image image = decode_with(&f, (fd_decode_config){0});
    assert_int_equal(image.width, 7);
    assert_int_equal(image.height, 5);
    assert_memory_equal(image.rgb, rgb, sizeof rgb);
    fd_image_free(&image);
    free(f.bytes);
    unlink(path);
    assert_fails(fd_png_write("/nowhere/x.png", rgb, 7, 5), FD_IO, "/nowhere");
}

/* Blocks of one grey have a mean alone, which quality 100 keeps to the bit. */
static void an_encoded_jpeg_reads_back(void **state)
{
    (void)state;
    enum { WIDE = 43, HIGH = 21 };
    uint8_t rgb[HIGH][WIDE][3];
    for (int y = 0; y < HIGH; y++)
        for (int x = 0; x < WIDE; x++)
            memset(rgb[y][x], 7 * (x / 8) + 61 * (y / 8) + 3, 3);
    file f;
    assert_ok(fd_jpeg_encode(rgb[0][0], WIDE, HIGH, 100, &f.bytes, &f.n));
    fd_image image = decode_with(&f, (fd_decode_config){0});
    assert_int_equal(image.width, WIDE);
    assert_int_equal(image.height, HIGH);
    assert_memory_equal(image.rgb, rgb, sizeof rgb);
    fd_image_free(&image);
    free(f.bytes);
    assert_fails(fd_jpeg_encode(rgb[0][0], 70000, 1, 100, &f.bytes, &f.n), FD_UNSUPPORTED, "70000x1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples),
        cmocka_unit_test(truncated_but_accepted),
        cmocka_unit_test(decoded_into_a_slab),
        cmocka_unit_test(every_short_cut),
        cmocka_unit_test(bombs),
        cmocka_unit_test(pixel_and_memory_limits),
        cmocka_unit_test(too_many_scans),
        cmocka_unit_test(warnings_are_kept),
        cmocka_unit_test(what_is_unsupported),
        cmocka_unit_test(corrupt_files),
        cmocka_unit_test(exif),
        cmocka_unit_test(a_written_png_reads_back),
        cmocka_unit_test(an_encoded_jpeg_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
