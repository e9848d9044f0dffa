/* Files: whole or an error that names them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "check.h"

static char folder[] = "/tmp/facesdist-test-XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") || system(command) ? -1 : 0;
}

static int entries(void)
{
    FILE *list = popen("ls -A | wc -l", "r");
    int n = -1;
    assert_non_null(list);
    assert_int_equal(fscanf(list, "%d", &n), 1);
    pclose(list);
    return n;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    uint8_t *bytes, out[5000];
    size_t n;
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i * 31);
    const size_t sizes[] = {0, 1, 15, 16, 17, 4096, 5000};
    for (int i = 0; i < 7; i++) {
        assert_ok(fd_file_replace("whole", out, sizes[i]));
        assert_ok(fd_file_read("whole", sizes[i], &bytes, &n));
        assert_int_equal(n, sizes[i]);
        assert_memory_equal(bytes, out, n);
        assert_int_equal(bytes[n], 0);
        free(bytes);
        if (sizes[i] > 0)
            assert_fails(fd_file_read("whole", sizes[i] - 1, &bytes, &n), FD_FORMAT, "whole");
    }
    assert_int_equal(entries(), 1);   /* no temporary file left */
    assert_int_equal(unlink("whole"), 0);
}

static void pipes_and_files_without_a_size_are_read(void **state)
{
    (void)state;
    int ends[2];
    char path[64], text[40000];
    uint8_t *bytes;
    size_t n;
    memset(text, 'p', sizeof text);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, sizeof text), sizeof text);
    close(ends[1]);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    assert_ok(fd_file_read(path, 1 << 20, &bytes, &n));
    assert_int_equal(n, sizeof text);
    assert_memory_equal(bytes, text, n);
    free(bytes);
    close(ends[0]);
    assert_ok(fd_file_read("/proc/self/status", 1 << 20, &bytes, &n));   /* says it has 0 bytes */
    assert_true(n > 100);
    free(bytes);
    assert_fails(fd_file_read("/dev/zero", 1000, &bytes, &n), FD_FORMAT, "/dev/zero: larger than the 1000 bytes");
}

static void errors_name_the_file(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t n;
    int64_t room;
    assert_fails(fd_file_read("no\nsuch", 10, &bytes, &n), FD_IO, "cannot open no\\x0Asuch: No such file");
    assert_fails(fd_file_read(".", 10, &bytes, &n), FD_IO, "cannot read .: Is a directory");
    assert_fails(fd_file_replace("no/such", "x", 1), FD_IO, "no/such: No such file");
    assert_fails(fd_file_replace(".", "x", 1), FD_IO, "Is a directory");
    assert_fails(fd_file_sync_folder_of("no/such"), FD_IO, "cannot open no: No such file");
    assert_fails(fd_file_free_bytes("no/such", &room), FD_IO, "no: No such file");
    fd_error *full = fd_file_error("f", "write", ENOSPC);
    assert_int_equal(fd_error_code(full), FD_NOSPACE);
    fd_error_free(full);
}

static void places_in_a_file_are_written_and_read(void **state)
{
    (void)state;
    char back[8] = "";
    int fd = open("places", O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    int64_t far = (int64_t)5 << 30;   /* beyond 32 bits; the file is sparse */
    assert_ok(fd_file_pwrite(fd, "places", "abc", 3, far));
    assert_ok(fd_file_pread(fd, "places", back, 3, far));
    assert_string_equal(back, "abc");
    assert_ok(fd_file_pread(fd, "places", back, 0, far + 100));
    assert_fails(fd_file_pread(fd, "places", back, 4, far), FD_IO, "places ends at byte 5368709123, 1 bytes too early");
    close(fd);
    assert_fails(fd_file_pwrite(fd, "places", "abc", 3, 0), FD_IO, "cannot write places");
    assert_int_equal(unlink("places"), 0);
}

static void a_size_limit_is_no_space_and_leaves_the_old_file(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t n;
    struct rlimit before, tight;
    assert_ok(fd_file_replace("kept", "old", 3));
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    tight = before;
    tight.rlim_cur = 1000;
    setrlimit(RLIMIT_FSIZE, &tight);
    char text[5000] = "new";
    fd_error *err = fd_file_replace("kept", text, sizeof text);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_fails(err, FD_NOSPACE, "cannot write kept: File too large");
    assert_ok(fd_file_read("kept", 10, &bytes, &n));
    assert_string_equal((char *)bytes, "old");
    free(bytes);
    assert_int_equal(entries(), 1);
    assert_int_equal(unlink("kept"), 0);
}

/* Pieces of all sizes about the buffer's; dropped, nothing is left, committed, all is there. */
static void pieces_become_a_file_at_the_commit(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 0, (1 << 20) - 1, 1, 1 << 20, (1 << 20) + 1, 3 << 20, 7};
    enum { PIECES = sizeof pieces / sizeof *pieces };
    uint8_t *bytes, *all;
    size_t n = 0, at = 0;
    for (int i = 0; i < PIECES; i++)
        n += pieces[i];
    assert_ok(fd_alloc(&all, n, 1));
    for (size_t i = 0; i < n; i++)
        all[i] = (uint8_t)(i * 2654435761u >> 24);
    for (int commit = 0; commit < 2; commit++) {
        fd_file_writer *w = NULL;
        assert_ok(fd_file_replace("whole", "old", 3));
        assert_ok(fd_file_writer_open("whole", &w));
        for (int i = at = 0; i < PIECES; at += pieces[i++])
            assert_ok(fd_file_writer_add(w, all + at, pieces[i]));
        assert_int_equal(entries(), 2);
        if (commit)
            assert_ok(fd_file_writer_commit(w));
        fd_file_writer_close(w);
        assert_int_equal(entries(), 1);
        assert_ok(fd_file_read("whole", n, &bytes, &at));
        assert_int_equal(at, commit ? n : 3);
        assert_memory_equal(bytes, commit ? (const void *)all : "old", at);
        free(bytes);
    }
    free(all);
    assert_int_equal(unlink("whole"), 0);
}

static void links_modes_and_devices_are_kept(void **state)
{
    (void)state;
    struct stat facts;
    assert_ok(fd_file_replace("real", "1", 1));
    assert_int_equal(chmod("real", 0640), 0);
    assert_int_equal(symlink("real", "link"), 0);
    assert_ok(fd_file_replace("link", "22", 2));
    assert_int_equal(lstat("link", &facts), 0);
    assert_true(S_ISLNK(facts.st_mode));
    assert_int_equal(stat("real", &facts), 0);
    assert_int_equal(facts.st_size, 2);
    assert_int_equal(facts.st_mode & 0777, 0640);
    assert_ok(fd_file_replace("/dev/null", "x", 1));
    assert_int_equal(stat("/dev/null", &facts), 0);
    assert_true(S_ISCHR(facts.st_mode));
    assert_int_equal(unlink("real") | unlink("link"), 0);
}

static void paths_are_joined(void **state)
{
    (void)state;
    const char *const cases[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}, {"a", "", "a/"}, {"", "", ""}};
    for (int i = 0; i < 6; i++) {
        char *path;
        assert_ok(fd_path_join(&path, cases[i][0], cases[i][1]));
        assert_string_equal(path, cases[i][2]);
        free(path);
    }
}

static void the_program_knows_its_folder(void **state)
{
    (void)state;
    char *own, *name;
    assert_ok(fd_program_folder(&own));
    assert_int_equal(own[0], '/');
    assert_ok(fd_path_join(&name, own, "test_file"));
    assert_int_equal(access(name, X_OK), 0);
    free(name);
    free(own);
}

static void free_room_is_told(void **state)
{
    (void)state;
    int64_t here = 0, root = 0;
    assert_ok(fd_file_free_bytes("not-there-yet", &here));
    assert_ok(fd_file_free_bytes("/x", &root));
    assert_true(here > 0 && root > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(pipes_and_files_without_a_size_are_read),
        cmocka_unit_test(errors_name_the_file),
        cmocka_unit_test(places_in_a_file_are_written_and_read),
        cmocka_unit_test(a_size_limit_is_no_space_and_leaves_the_old_file),
        cmocka_unit_test(pieces_become_a_file_at_the_commit),
        cmocka_unit_test(links_modes_and_devices_are_kept),
        cmocka_unit_test(paths_are_joined),
        cmocka_unit_test(the_program_knows_its_folder),
        cmocka_unit_test(free_room_is_told),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
