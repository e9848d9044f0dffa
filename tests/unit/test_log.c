/* The log: who speaks when, lines that stay whole, and a stderr that is closed, full or gone. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "check.h"

static char heard[1 << 20];
static int saved = -1;

static void listen_from_here(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    saved = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    fclose(file);
}

/* What was written to stderr since. */
static const char *listen_until_here(void)
{
    lseek(STDERR_FILENO, 0, SEEK_SET);
    ssize_t n = read(STDERR_FILENO, heard, sizeof heard - 1);
    dup2(saved, STDERR_FILENO);
    close(saved);
    heard[n < 0 ? 0 : n] = 0;
    return heard;
}

static void rank_0_speaks_for_the_job(void **state)
{
    (void)state;
    fd_log_init(0, 4, "node7", FD_NORMAL);
    listen_from_here();
    fd_say(FD_QUIET, "always %d", 1);
    fd_say(FD_NORMAL, "normal\n");
    fd_say(FD_VERBOSE, "verbose");
    fd_log_set_level(FD_VERBOSE);
    fd_say(FD_VERBOSE, "now verbose");
    fd_log_progress("10 of 20");   /* not a terminal: a line */
    fd_log_progress("");
    assert_string_equal(listen_until_here(), "always 1\nnormal\nnow verbose\n10 of 20\n");
    assert_int_equal(fd_log_level(), FD_VERBOSE);
}

static void other_ranks_speak_for_themselves(void **state)
{
    (void)state;
    fd_log_init(3, 4, "node7", FD_QUIET);
    listen_from_here();
    fd_say(FD_QUIET, "not I");
    fd_log_progress("not I");
    fd_warn("odd: %s", "x");
    assert_string_equal(listen_until_here(), "[3 node7] warning: odd: x\n");
    fd_log_init(0, 1, "node7", FD_NORMAL);
    listen_from_here();
    fd_warn("odd");
    assert_string_equal(listen_until_here(), "warning: odd\n");
}

static void errors_are_reported_once_and_traced_when_verbose(void **state)
{
    (void)state;
    fd_error *e = fd_error_at(fd_error_new(FD_IO, "a.c", 1, "cannot"), "b.c", 2, "f()");
    fd_log_init(0, 2, "h", FD_QUIET);
    listen_from_here();
    fd_report("program", e);
    assert_string_equal(listen_until_here(), "program: error: cannot\n");
    fd_log_init(1, 2, "h", FD_VERBOSE);
    listen_from_here();
    fd_report("program", e);
    assert_string_equal(listen_until_here(), "[1 h] program: error: cannot\n[1 h] a.c:1\nb.c:2 f()\n");
    fd_error_free(e);
}

enum { THREADS = 4, LINES = 500 };

static void *chatter(void *digit)
{
    for (int i = 0; i < LINES; i++)
        fd_warn("%c%c%c%c%c%c%c%c", *(char *)digit, *(char *)digit, *(char *)digit, *(char *)digit, *(char *)digit, *(char *)digit, *(char *)digit,
                *(char *)digit);
    return NULL;
}

static void lines_of_threads_stay_whole(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    char digits[] = "0123";
    int count[THREADS] = {0};
    fd_log_init(0, 1, "h", FD_NORMAL);
    listen_from_here();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, chatter, digits + i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    char *rest, wanted[32];
    listen_until_here();
    for (char *line = strtok_r(heard, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        int digit = line[9] - '0';
        assert_true(digit >= 0 && digit < THREADS);
        memset(wanted, 0, sizeof wanted);
        memcpy(wanted, "warning: ", 9);
        memset(wanted + 9, line[9], 8);
        assert_string_equal(line, wanted);
        count[digit]++;
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(count[i], LINES);
}

static void a_lost_stderr_is_survived(void **state)
{
    (void)state;
    int ends[2], full = open("/dev/full", O_WRONLY);
    fd_log_init(0, 1, "h", FD_NORMAL);
    signal(SIGPIPE, SIG_IGN);
    int before = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    dup2(ends[1], STDERR_FILENO);   /* nobody reads */
    fd_warn("into a broken pipe");
    dup2(full, STDERR_FILENO);
    fd_warn("onto a full disk");
    close(STDERR_FILENO);
    fd_warn("nowhere");
    fd_log_progress("nowhere");
    assert_false(fd_log_is_terminal());
    dup2(before, STDERR_FILENO);
    close(before);
    close(full);
    close(ends[1]);
}

static void long_messages_are_whole(void **state)
{
    (void)state;
    char *text = malloc(100001);
    assert_non_null(text);
    memset(text, 'x', 100000);
    text[100000] = 0;
    fd_log_init(0, 1, "h", FD_NORMAL);
    listen_from_here();
    fd_say(FD_NORMAL, "%s", text);
    listen_until_here();
    assert_int_equal(strlen(heard), 100001);
    free(text);
}

static void a_terminal_gets_one_line_redrawn(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master))
        skip();
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY), before = dup(STDERR_FILENO);
    assert_true(terminal >= 0);
    setenv("TERM", "xterm", 1);
    fd_log_init(0, 1, "h", FD_NORMAL);
    dup2(terminal, STDERR_FILENO);
    int is_terminal = fd_log_is_terminal();
    fd_log_progress("1 of 2");
    fd_log_progress("2 of 2");
    fd_warn("odd");
    fd_log_progress("an overlong line: 90 columns ......................................................... end");
    dup2(before, STDERR_FILENO);
    close(before);
    const char wanted[] = "\r1 of 2\033[K\r2 of 2\033[K\r\nwarning: odd\r\n\ran overlong line";   /* the terminal turns \n into \r\n */
    struct pollfd ready = {.fd = master, .events = POLLIN};
    size_t n = 0;
    while (n < sizeof wanted + 79 - 17 && poll(&ready, 1, 1000) > 0) {   /* 79 columns of the last line, which the terminal hands over at leisure */
        ssize_t now = read(master, heard + n, sizeof heard - 1 - n);
        n += now > 0 ? (size_t)now : 0;
    }
    heard[n] = 0;
    assert_true(is_terminal);
    assert_memory_equal(heard, wanted, sizeof wanted - 1);
    assert_null(strstr(heard, " end"));
    close(terminal);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rank_0_speaks_for_the_job),
        cmocka_unit_test(other_ranks_speak_for_themselves),
        cmocka_unit_test(errors_are_reported_once_and_traced_when_verbose),
        cmocka_unit_test(lines_of_threads_stay_whole),
        cmocka_unit_test(a_lost_stderr_is_survived),
        cmocka_unit_test(long_messages_are_whole),
        cmocka_unit_test(a_terminal_gets_one_line_redrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
