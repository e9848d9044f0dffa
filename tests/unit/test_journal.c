/* The journal against everything that a kill, a full disk or a flipped bit can leave. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "store/journal.h"

static const char pin[] = "manifest = 8b7df143d91c716ecfa5fc1730022f6b421b05cedee8fd52b1fc65a96030ad52\nmodel = small\nfaces = all\n";
static const char *const record[] = {"a", "", "the third record is longer than the others", "last"};
enum { RECORDS = 4 };

typedef struct sandbox {
    char folder[64], journal[80], log[128];
} sandbox;

static int setup(void **state)
{
    sandbox *s = calloc(1, sizeof *s);
    /* In memory where possible: thousands of logs are synced. */
    if (s)
        snprintf(s->folder, sizeof s->folder, "%s/test-journal-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!s || !mkdtemp(s->folder))
        return -1;
    snprintf(s->journal, sizeof s->journal, "%s/j", s->folder);
    snprintf(s->log, sizeof s->log, "%s/rank-00003.log", s->journal);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    sandbox *s = *state;
    fd_error_free(fd_journal_remove(s->journal));
    int left = rmdir(s->folder);
    free(s);
    return left;
}

static void write_records(const sandbox *s)
{
    fd_journal *j = NULL;
    assert_ok(fd_journal_open(s->journal, 3, pin, &j));
    for (int i = 0; i < RECORDS; i++)
        assert_ok(fd_journal_append(j, record[i], strlen(record[i]), i % 2));
    assert_ok(fd_journal_close(j));
}

static void put_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static int64_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

typedef struct seen {
    int n;
    int64_t end[RECORDS + 1];
    int wrong;
} seen;

static fd_error *expect(void *self, const uint8_t *payload, size_t n, int64_t offset)
{
    seen *s = self;
    if (s->n >= RECORDS || n != strlen(record[s->n]) || memcmp(payload, record[s->n], n) != 0)
        s->wrong++;
    else
        s->end[s->n + 1] = offset + (int64_t)n;
    s->n++;
    return NULL;
}

static void test_round_trip(void **state)
{
    sandbox *s = *state;
    seen got = {0};
    char *was = NULL, **names = NULL;
    int n = 0;
    write_records(s);
    assert_ok(fd_journal_read(s->log, pin, expect, &got));
    assert_int_equal(got.n, RECORDS);
    assert_int_equal(got.wrong, 0);
    assert_int_equal(got.end[RECORDS], size_of(s->log));
    assert_ok(fd_journal_pin(s->journal, &was));
    assert_string_equal(was, pin);
    free(was);
    assert_ok(fd_journal_list(s->journal, &names, &n));
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "rank-00003.log");
    free(names[0]);
    free(names);
}

static void test_nothing_there(void **state)
{
    sandbox *s = *state;
    char *was = NULL, **names = NULL;
    int n = 1;
    seen got = {0};
    assert_ok(fd_journal_list(s->journal, &names, &n));
    assert_int_equal(n, 0);
    assert_ok(fd_journal_pin(s->journal, &was));
    assert_null(was);
    assert_ok(fd_journal_remove(s->journal));
    assert_fails(fd_journal_read(s->log, NULL, expect, &got), FD_IO, "No such file");
}

/* Whole records of a log that was cut at `size`. */
static int whole(const seen *all, int64_t size)
{
    int n = 0;
    while (n < RECORDS && all->end[n + 1] <= size)
        n++;
    return n;
}

static void test_cut_at_every_byte(void **state)
{
    sandbox *s = *state;
    seen all = {0};
    uint8_t *bytes = NULL;
    size_t n = 0;
    write_records(s);
    assert_ok(fd_journal_read(s->log, pin, expect, &all));
    assert_ok(fd_file_read(s->log, 1 << 20, &bytes, &n));
    for (size_t size = 0; size <= n; size++) {
        seen got = {0}, again = {0};
        fd_journal *j = NULL;
        put_file(s->log, bytes, size);
        int kept = whole(&all, (int64_t)size);
        assert_ok(fd_journal_read(s->log, pin, expect, &got));
        assert_int_equal(got.n, kept);
        /* Opening cuts the tail off; going on from there gives the whole log again. */
        assert_ok(fd_journal_open(s->journal, 3, pin, &j));
        for (int i = kept; i < RECORDS; i++)
            assert_ok(fd_journal_append(j, record[i], strlen(record[i]), 0));
        assert_ok(fd_journal_close(j));
        assert_ok(fd_journal_read(s->log, pin, expect, &again));
        assert_int_equal(again.n, RECORDS);
        assert_int_equal(got.wrong + again.wrong, 0);
        assert_int_equal(size_of(s->log), n);
    }
    free(bytes);
}

static void test_flip_every_bit(void **state)
{
    sandbox *s = *state;
    seen all = {0};
    uint8_t *bytes = NULL;
    size_t n = 0;
    write_records(s);
    assert_ok(fd_journal_read(s->log, pin, expect, &all));
    assert_ok(fd_file_read(s->log, 1 << 20, &bytes, &n));
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            seen got = {0};
            bytes[i] ^= (uint8_t)(1 << bit);
            put_file(s->log, bytes, n);
            fd_error *err = fd_journal_read(s->log, NULL, expect, &got);
            /* Exactly the records before the damage, and an error unless it lies in the last payload, which a torn write may leave so. */
            assert_int_equal(got.n, whole(&all, (int64_t)i));
            assert_int_equal(got.wrong, 0);
            bool last_payload = (int64_t)i >= all.end[RECORDS - 1] + FD_RECORD_HEAD;
            assert_int_equal(fd_error_code(err), last_payload ? FD_OK : FD_FORMAT);
            fd_error_free(err);
            bytes[i] ^= (uint8_t)(1 << bit);
        }
    free(bytes);
}

/* A power cut may leave a longer file whose last bytes are zeros. */
static void test_zeros_at_the_end(void **state)
{
    sandbox *s = *state;
    seen got = {0};
    write_records(s);
    int64_t size = size_of(s->log);
    assert_int_equal(truncate(s->log, size + 10000), 0);
    assert_ok(fd_journal_read(s->log, pin, expect, &got));
    assert_int_equal(got.n, RECORDS);
    fd_journal *j = NULL;
    assert_ok(fd_journal_open(s->journal, 3, pin, &j));
    assert_ok(fd_journal_close(j));
    assert_int_equal(size_of(s->log), size);
}

static void test_a_length_beyond_the_file_is_not_believed(void **state)
{
    sandbox *s = *state;
    seen got = {0};
    static const char text[] = "this is a text file, not a log, and nothing of it may be lost";
    write_records(s);
    put_file(s->log, text, sizeof text);
    assert_fails(fd_journal_read(s->log, NULL, expect, &got), FD_FORMAT, "damaged at byte 0");
    fd_journal *j = NULL;
    assert_fails(fd_journal_open(s->journal, 3, pin, &j), FD_FORMAT, "damaged at byte 0");
    assert_int_equal(size_of(s->log), sizeof text);
}

static void test_other_pin_is_refused(void **state)
{
    sandbox *s = *state;
    fd_journal *j = NULL;
    seen got = {0};
    write_records(s);
    const char *other = "manifest = 8b7df143d91c716ecfa5fc1730022f6b421b05cedee8fd52b1fc65a96030ad52\nmodel = large\nfaces = all\n";
    assert_fails(fd_journal_open(s->journal, 3, other, &j), FD_MISMATCH, "model = small, now it is large");
    assert_fails(fd_journal_read(s->log, other, expect, &got), FD_MISMATCH, "model = small, now it is large");
    assert_int_equal(got.n, 0);
}

static void test_pins(void **state)
{
    (void)state;
    static const char longest[] = "8b7df143d91c716ecfa5fc1730022f6b421b05cedee8fd52b1fc65a96030ad52";
    char was[128], now[] = "x = 1\nhash = 0000";
    snprintf(was, sizeof was, "hash = %s\nx = 1\n", longest);
    assert_ok(fd_pin_compare("", "", "it"));
    assert_ok(fd_pin_compare("a = 1\nb = two words\n", "b = two words\na = 1", "it"));
    assert_fails(fd_pin_compare(was, now, "the journal of faces.h5"), FD_MISMATCH, longest);
    assert_fails(fd_pin_compare(was, now, "the journal of faces.h5"), FD_MISMATCH, "the journal of faces.h5 was made with hash = ");
    assert_fails(fd_pin_compare("a = 1\nb = 2", "a = 1", "it"), FD_MISMATCH, "b = 2, now it is not set");
    assert_fails(fd_pin_compare("a = 1", "a = 1\nb = 2", "it"), FD_MISMATCH, "without b, now it is 2");
    assert_fails(fd_pin_compare("a =", "a = 2", "it"), FD_MISMATCH, "a = , now it is 2");
    assert_fails(fd_pin_compare("a = x=y", "a = x=z", "it"), FD_MISMATCH, "a = x=y, now it is x=z");
    assert_fails(fd_pin_compare("a = 1", "a = \xff\x01", "it"), FD_MISMATCH, "now it is \\xFF\\x01");
}

static void test_two_writers_do_not_share_a_log(void **state)
{
    sandbox *s = *state;
    fd_journal *one = NULL, *two = NULL;
    assert_ok(fd_journal_open(s->journal, 3, pin, &one));
    assert_fails(fd_journal_open(s->journal, 3, pin, &two), FD_LOCKED, "another process");
    assert_ok(fd_journal_open(s->journal, 100000, pin, &two));
    assert_ok(fd_journal_close(two));
    assert_ok(fd_journal_close(one));
}

/* The disk is full in the middle of a record: an error, and the log is as it was, ready to go on. */
static void test_full_disk(void **state)
{
    sandbox *s = *state;
    seen got = {0};
    struct rlimit was, small;
    write_records(s);
    int64_t size = size_of(s->log);
    fd_journal *j = NULL;
    assert_ok(fd_journal_open(s->journal, 3, pin, &j));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = (struct rlimit){(rlim_t)size + 100, was.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    char large[1000] = {0};
    fd_error *err = fd_journal_append(j, large, sizeof large, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_fails(err, FD_NOSPACE, "rank-00003.log");
    assert_int_equal(size_of(s->log), size);
    assert_ok(fd_journal_close(j));
    assert_ok(fd_journal_read(s->log, pin, expect, &got));
    assert_int_equal(got.n, RECORDS);
}

/* Payload k: its number, then 0 to 4095 bytes that follow from it. */
static size_t numbered(uint32_t k, uint8_t payload[4100])
{
    size_t n = 4 + k * 2654435761U % 4096;
    memcpy(payload, &k, 4);
    for (size_t i = 4; i < n; i++)
        payload[i] = (uint8_t)(k + i);
    return n;
}

static fd_error *expect_numbered(void *self, const uint8_t *payload, size_t n, int64_t offset)
{
    uint32_t *next = self;
    uint8_t wanted[4100];
    (void)offset;
    if (numbered(*next, wanted) != n || memcmp(wanted, payload, n) != 0)
        return FD_FAIL(FD_FORMAT, "record %u is not what was written", *next);
    ++*next;
    return NULL;
}

/* A process that appends for ever and is killed at any moment: the next one goes on where the last whole record ends. */
static void test_kill_9(void **state)
{
    sandbox *s = *state;
    uint32_t next = 0;
    for (int kill_number = 0; kill_number < 20; kill_number++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            fd_journal *j = NULL;
            uint8_t payload[4100];
            fd_error *err = fd_journal_open(s->journal, 3, pin, &j);
            for (uint32_t k = next; !err; k++)
                err = fd_journal_append(j, payload, numbered(k, payload), 0);
            _exit(1);
        }
        usleep(2000 + 700 * (useconds_t)kill_number);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        uint32_t kept = next;
        next = 0;
        if (access(s->log, F_OK) == 0) /* else killed before it made the log */
            assert_ok(fd_journal_read(s->log, NULL, expect_numbered, &next));
        assert_true(next >= kept);
    }
    assert_true(next > 20);
}

static void test_remove_takes_logs_only(void **state)
{
    sandbox *s = *state;
    char other[128];
    write_records(s);
    snprintf(other, sizeof other, "%s/rank-1.log", s->journal); /* too few digits: not ours */
    put_file(other, "x", 1);
    assert_fails(fd_journal_remove(s->journal), FD_IO, "rank-1.log");
    assert_int_equal(access(s->log, F_OK), 0);
    assert_int_equal(unlink(other), 0);
    assert_ok(fd_journal_remove(s->journal));
    assert_int_not_equal(access(s->journal, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_at_every_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flip_every_bit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zeros_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_length_beyond_the_file_is_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_pin_is_refused, setup, teardown),
        cmocka_unit_test(test_pins),
        cmocka_unit_test_setup_teardown(test_two_writers_do_not_share_a_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kill_9, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove_takes_logs_only, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
