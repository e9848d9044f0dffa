/* Whether files end where they say: each kind whole, and cut at every byte. */
#include <string.h>

#include "check.h"
#include "data/container.h"

typedef struct memory { const uint8_t *bytes; int64_t n; } memory;

static bool read_memory(void *self, int64_t offset, void *bytes, size_t n)
{
    const memory *m = self;
    assert_true(offset >= 0 && (int64_t)n <= m->n - offset);
    memcpy(bytes, m->bytes + offset, n);
    return true;
}

static fd_wholeness look(const void *bytes, size_t n)
{
    memory m = {bytes, (int64_t)n};
    return fd_container_check(&(fd_bytes_source){read_memory, &m, m.n});
}

#define BYTES(text) text, sizeof text - 1

/* ftyp, moov, mdat; the second with a box of 64 bits, the third ends "to the end". */
static const char iso[] = "\0\0\0\x10" "ftypqt  \0\0\0\0" "\0\0\0\x0c" "moov1234" "\0\0\0\x10" "mdat12345678";
static const char iso_wide[] = "\0\0\0\x10" "ftypqt  \0\0\0\0" "\0\0\0\x01" "mdat\0\0\0\0\0\0\0\x14" "1234" "\0\0\0\x0c" "moov1234";
static const char iso_open[] = "\0\0\0\x10" "ftypqt  \0\0\0\0" "\0\0\0\x0c" "moov1234" "\0\0\0\0" "mdat12345678";
/* A header of 4 bytes, a segment of 9, of which a cluster has 3; a segment of no stated size. */
static const char mkv[] = "\x1a\x45\xdf\xa3\x84" "abcd" "\x18\x53\x80\x67\x01\0\0\0\0\0\0\x09" "\x1f\x43\xb6\x75\x84" "1234";
static const char mkv_open[] = "\x1a\x45\xdf\xa3\x84" "abcd" "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" "\x1f\x43\xb6\x75\x84" "1234";
static const char avi[] = "RIFF\x0c\0\0\0" "AVI 12345678" "RIFF\x08\0\0\0" "AVIX1234";
static const char y4m[] = "YUV4MPEG2 W3 H2 F25:1 C420jpeg\nFRAME\n1234561212FRAME Ip\n1234561212";

/* From the first byte on that tells the kind, less the bytes `except` whose absence nothing says: where a part ends, and a box of four bytes at the end. */
static void check_cuts(const char *bytes, size_t n, size_t from)
{
    for (size_t k = from; k < n; k++) {
        const fd_wholeness is = look(bytes, k);
        if (is != FD_CONTAINER_CUT_SHORT && is != FD_CONTAINER_NO_INDEX)
            fail_msg("%zu of %zu bytes of %.4s: %d", k, n, bytes, is);
    }
}

/* Two streams of Ogg, a page of 3 bytes and a last one of 2 each. */
#define OGG_PAGE(flags, serial, segments, sizes) "OggS\0" flags "\0\0\0\0\0\0\0\0" serial "\0\0\0" "\0\0\0\0" "\0\0\0\0" segments sizes
static const char ogg[] = OGG_PAGE("\2", "a", "\1", "\3") "123" OGG_PAGE("\2", "b", "\2", "\1\2") "123" OGG_PAGE("\4", "a", "\1", "\2") "12" OGG_PAGE("\5", "b", "\1", "\2") "12";
/* A table of 4 colours, an extension, a picture with a table of 2, the end. */
static const char gif[] = "GIF89a\2\0\2\0\x81\0\0" "rgbrgbrgbrgb" "\x21\xf9\4" "1234\0" "\x2c\0\0\0\0\2\0\2\0\x80" "rgbrgb" "\2" "\3" "123" "\2" "12" "\0" "\x3b";
/* An unknown tag of 3 bytes at 0.001 s behind the one that tells; 4.5e-320 would be no size. */
#define FLV_HEAD "FLV\1\5\0\0\0\x09\0\0\0\0"
#define FLV_TAG(ms) "\x09\0\0\3\0\0" ms "\0\0\0\0" "123" "\0\0\0\x0e"
static const char flv_told[] = FLV_HEAD "\x12\0\0\x11\0\0\0\0\0\0\0" "filesize\0\x40\x54\x40\0\0\0\0\0" "\0\0\0\x1c" FLV_TAG("\0") FLV_TAG("\1");   /* 81 bytes */
static const char flv_long[] = FLV_HEAD "\x12\0\0\x11\0\0\0\0\0\0\0" "duration\0\x40\x00\0\0\0\0\0\0" "\0\0\0\x1c" FLV_TAG("\0") FLV_TAG("\1");   /* 2 s */
static const char flv[] = FLV_HEAD FLV_TAG("\0") FLV_TAG("\1");
static const char asf[] = "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c\x1a\0\0\0\0\0\0\0" "12" "1234567890123456" "\x1b\0\0\0\0\0\0\0" "123";

static void streams_tell_by_their_ends(void **state)
{
    (void)state;
    assert_int_equal(look(BYTES(ogg)), FD_CONTAINER_WHOLE);
    assert_int_equal(look(BYTES(gif)), FD_CONTAINER_WHOLE);
    assert_int_equal(look(BYTES(asf)), FD_CONTAINER_WHOLE);
    assert_int_equal(look(BYTES(flv_told)), FD_CONTAINER_WHOLE);
    assert_int_equal(look(BYTES(flv)), FD_CONTAINER_SILENT);
    assert_int_equal(look(BYTES(flv_long)), FD_CONTAINER_CUT_SHORT);
    assert_int_equal(look(flv, sizeof flv - 1 - 18), FD_CONTAINER_SILENT);   /* behind a tag */
    check_cuts(BYTES(ogg), 12);
    check_cuts(BYTES(gif), 12);
    check_cuts(BYTES(asf), 12);
    check_cuts(BYTES(flv_told), 45);   /* from its first tag on */
    check_cuts(flv, sizeof flv - 1 - 18, 14);
    check_cuts(BYTES(flv), sizeof flv - 18);
    uint8_t ts[7 * 188] = {0};
    for (size_t i = 0; i < sizeof ts; i += 188)
        ts[i] = 0x47;
    for (size_t n = 4 * 188; n <= sizeof ts; n++)
        assert_int_equal(look(ts, n), n % 188 ? FD_CONTAINER_CUT_SHORT : FD_CONTAINER_SILENT);
}

static void whole_ones_are_whole(void **state)
{
    (void)state;
    assert_int_equal(look(BYTES(iso)), FD_CONTAINER_WHOLE);
    assert_int_equal(look(BYTES(iso_wide)), FD_CONTAINER_WHOLE);
    assert_int_equal(look(BYTES(iso_open)), FD_CONTAINER_WHOLE);
    assert_int_equal(look(BYTES(mkv)), FD_CONTAINER_WHOLE);
    assert_int_equal(look(BYTES(mkv_open)), FD_CONTAINER_SILENT);
    assert_int_equal(look(BYTES(avi)), FD_CONTAINER_WHOLE);
    assert_int_equal(look(BYTES(y4m)), FD_CONTAINER_WHOLE);
    assert_int_equal(look(BYTES("only words, and more of them")), FD_CONTAINER_SILENT);
    assert_int_equal(look(BYTES("")), FD_CONTAINER_SILENT);
}

static void cut_ones_are_seen(void **state)
{
    (void)state;
    check_cuts(iso + 0, 28, 12);          /* up to the index */
    check_cuts(BYTES(iso_wide), 12);
    check_cuts(BYTES(mkv), 12);
    check_cuts(BYTES(mkv_open), 31);      /* inside the cluster */
    check_cuts(avi, 20, 12);
    for (size_t k = 36; k < sizeof iso - 1; k++)
        assert_int_equal(look(iso, k), FD_CONTAINER_CUT_SHORT);
    for (size_t k = 33; k < sizeof y4m - 1; k++)
        assert_int_equal(look(y4m, k), k == 47 ? FD_CONTAINER_WHOLE : FD_CONTAINER_CUT_SHORT);   /* 47: behind the first frame */
}

static void playlists_are_known_by_their_first_words(void **state)
{
    (void)state;
    const char *lists[] = {"#EXTM3U\n", "\xef\xbb\xbf#extm3u", "\n ffconcat version 1.0", "[playlist]\n", "<ASX version=\"3\">", "<?xml?>\n<MPD>", "v=0\r\no=-"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        assert_true(fd_container_is_playlist((const uint8_t *)lists[i], strlen(lists[i])));
    assert_false(fd_container_is_playlist((const uint8_t *)iso, sizeof iso - 1));
    assert_false(fd_container_is_playlist((const uint8_t *)"#EXT", 4));
    assert_false(fd_container_is_playlist((const uint8_t *)"", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_ones_are_whole),
        cmocka_unit_test(cut_ones_are_seen), cmocka_unit_test(streams_tell_by_their_ends),
        cmocka_unit_test(playlists_are_known_by_their_first_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
