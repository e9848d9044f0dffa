/* Checksums against the published vectors, in every way of cutting the input into pieces. */
#include "base/hash.h"
#include "check.h"

static void expect_sha256(const void *bytes, size_t n, const char *wanted)
{
    char text[65];
    fd_sha256_text(fd_sha256_of(bytes, n), text);
    assert_string_equal(text, wanted);
}

static void sha256_has_the_published_values(void **state)
{
    (void)state;
    expect_sha256("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_sha256("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    expect_sha256(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void sha256_of_pieces_is_that_of_the_whole(void **state)
{
    (void)state;
    uint8_t bytes[300];
    for (int i = 0; i < 300; i++)
        bytes[i] = (uint8_t)(i * 7);
    fd_sha256 whole = fd_sha256_of(bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 37) {
        fd_hasher *h;
        assert_ok(fd_hasher_open(&h));
        fd_hasher_add(h, bytes, cut);
        fd_hasher_add(h, bytes + cut, sizeof bytes - cut);
        fd_sha256 pieces = fd_hasher_close(h);
        assert_memory_equal(whole.byte, pieces.byte, 32);
    }
}

static void sha256_reads_what_it_writes_and_nothing_else(void **state)
{
    (void)state;
    char text[66];
    fd_sha256 hash = fd_sha256_of("x", 1), back;
    fd_sha256_text(hash, text);
    assert_true(fd_sha256_parse(text, &back));
    assert_memory_equal(hash.byte, back.byte, 32);
    for (int i = 0; i < 64; i++)
        text[i] = (char)(text[i] >= 'a' ? text[i] - 32 : text[i]);
    assert_true(fd_sha256_parse(text, &back));
    assert_memory_equal(hash.byte, back.byte, 32);
    memcpy(text + 64, "0", 2);
    assert_false(fd_sha256_parse(text, &back));   /* one too many */
    text[63] = 0;
    assert_false(fd_sha256_parse(text, &back));   /* one too few */
    assert_false(fd_sha256_parse("", &back));
    memset(text, '0', 64);
    text[64] = 0;
    text[20] = 'g';
    assert_false(fd_sha256_parse(text, &back));
}

static void crc32c_has_the_published_values(void **state)
{
    (void)state;
    uint8_t bytes[32];
    assert_int_equal(fd_crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(fd_crc32c_portable(0, "123456789", 9), 0xE3069283);
    assert_int_equal(fd_crc32c(0, "", 0), 0);
    memset(bytes, 0, 32);   /* RFC 3720, appendix B.4 */
    assert_int_equal(fd_crc32c(0, bytes, 32), 0x8A9136AA);
    memset(bytes, 0xFF, 32);
    assert_int_equal(fd_crc32c(0, bytes, 32), 0x62A8AB43);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(fd_crc32c(0, bytes, 32), 0x46DD794E);
}

static void crc32c_is_the_same_both_ways_at_every_length_and_place(void **state)
{
    (void)state;
    uint8_t bytes[96];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(random >> 24);
    }
    for (size_t from = 0; from < 9; from++)
        for (size_t n = 0; from + n <= sizeof bytes; n++) {
            uint32_t whole = fd_crc32c(0, bytes + from, n), half = fd_crc32c(0, bytes + from, n / 2);
            assert_int_equal(whole, fd_crc32c_portable(0, bytes + from, n));
            assert_int_equal(whole, fd_crc32c(half, bytes + from + n / 2, n - n / 2));
            assert_int_equal(whole, fd_crc32c_portable(half, bytes + from + n / 2, n - n / 2));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_has_the_published_values),
        cmocka_unit_test(sha256_of_pieces_is_that_of_the_whole),
        cmocka_unit_test(sha256_reads_what_it_writes_and_nothing_else),
        cmocka_unit_test(crc32c_has_the_published_values),
        cmocka_unit_test(crc32c_is_the_same_both_ways_at_every_length_and_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
