/* The frame of every program: signals, descriptors, options, ranks, and one exit code for all. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "run/features.h"

/* How long a rank that failed waits for the others to end as well, seconds; they do so within milliseconds when they know of its error. */
static const double GRACE = 5;

/* A write into a closed pipe or beyond a size limit shall be an error, not a death. A closed descriptor 0 to 2 is filled with one on which its
 * use fails, for the next file opened would take its place: messages would go into the result. */
static void prepare_process(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            return;   /* no /dev/null: nothing better is left */
}

int fd_exit_code_of(const fd_error *e)
{
    return !e                                      ? FD_EXIT_OK
           : fd_error_code(e) == FD_USAGE       ? FD_EXIT_USAGE
           : fd_error_code(e) == FD_INTERRUPTED ? FD_EXIT_INTERRUPTED
                                                : FD_EXIT_FAILED;
}

/* Exit codes from good to bad: the job's is the worst of its ranks'. */
static const int by_severity[] = {FD_EXIT_OK, FD_EXIT_STRICT, FD_EXIT_INTERRUPTED, FD_EXIT_USAGE, FD_EXIT_FAILED};

static int64_t severity_of(int exit_code)
{
    int64_t i = 0, last = sizeof by_severity / sizeof *by_severity - 1;
    while (i < last && by_severity[i] != exit_code)
        i++;
    return i;
}

static int report_usage(const fd_program *program, const fd_error *e)
{
    fd_report(program->name, e);
    if (fd_error_code(e) == FD_USAGE)
        fd_say(FD_NORMAL, "%s --help shows all options", program->name);
    return fd_exit_code_of(e);
}

/* The last meeting of the ranks: one of them reports what went wrong, all get the same exit code. Takes err over. */
static int settle(fd_comm *c, const fd_program *program, fd_error *err, int exit_code)
{
    int64_t values[] = {severity_of(err ? fd_exit_code_of(err) : exit_code), err ? fd_comm_ranks(c) - fd_comm_rank(c) : 0};
    bool out_of_step = fd_error_code(err) == FD_COMM;
    fd_error *alone = out_of_step ? NULL : fd_comm_settle(c, values, 2, err && fd_error_code(err) != FD_INTERRUPTED ? GRACE : 0);
    fd_log_progress("");
    if (out_of_step || alone) {
        fd_report(program->name, err ? err : alone);
        fd_comm_abort(c, FD_EXIT_FAILED);
    }
    if (err && values[1] == fd_comm_ranks(c) - fd_comm_rank(c))   /* the lowest rank that has one: rank 0 where they agreed */
        fd_report(program->name, err);
    fd_error_free(err);
    return by_severity[values[0]];
}

/* mpirun takes its ranks' stderr through pipes. Where its own is a terminal, rank 0 beside it may draw its progress there. */
static void find_terminal(const fd_comm *c)
{
    char path[64];
    if (fd_comm_rank(c) != 0 || !fd_comm_launched() || isatty(STDERR_FILENO))
        return;
    snprintf(path, sizeof path, "/proc/%ld/fd/2", (long)getppid());
    int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && isatty(fd)) {
        signal(SIGTTOU, SIG_IGN);   /* mpirun's ranks are a background job there: with "stty tostop" writing would stop them */
        fd_log_draw_on(fd);         /* open as long as the process */
    } else if (fd >= 0)
        close(fd);
}

/* Parses on every rank; rank 0 answers. True when the program goes on; else *exit_code is final. */
static bool understand(const fd_program *program, int argc, char **argv, int rank, fd_options **options, fd_error **err)
{
    fd_parsed parsed = FD_PARSED_RUN;
    fd_log_init(rank, 1, "", FD_NORMAL);
    *err = fd_options_parse(program, argc, argv, rank == 0 ? stdout : NULL, options, &parsed);
    if (!*err)
        fd_log_set_level((fd_level)fd_option_verbosity(*options));
    if (!*err && parsed == FD_PARSED_FEATURES && rank == 0)
        *err = fd_features_print(stdout);
    return parsed == FD_PARSED_RUN;
}

int fd_main(int argc, char **argv, const fd_program *program, fd_error *(*job)(fd_comm *c, fd_options *o, int *exit_code))
{
    fd_comm *c = NULL;
    fd_options *options = NULL;
    fd_error *err, *unopened;
    int exit_code = FD_EXIT_OK;
    prepare_process();
    bool go_on = understand(program, argc, argv, fd_comm_launch_rank(), &options, &err);
    if (err && !fd_comm_launched())
        exit_code = report_usage(program, err);
    else if (go_on && (unopened = fd_comm_open(&c))) {
        fd_report(program->name, unopened);
        fd_error_free(unopened);
        exit_code = FD_EXIT_FAILED;
    } else if (go_on) {
        fd_log_init(fd_comm_rank(c), fd_comm_ranks(c), fd_comm_host(c), fd_log_level());
        find_terminal(c);
        err = fd_comm_agree(c, err);
        if (!err)
            err = job(c, options, &exit_code);
        exit_code = settle(c, program, err, exit_code);
        err = NULL;
    }
    fd_error_free(err);
    fd_options_free(options);
    fd_comm_close(c);
    return exit_code;
}

int fd_main_alone(int argc, char **argv, const fd_program *program, fd_error *(*job)(fd_options *o, int *exit_code))
{
    fd_options *options = NULL;
    fd_error *err;
    int exit_code = FD_EXIT_OK;
    prepare_process();
    bool go_on = understand(program, argc, argv, 0, &options, &err);
    if (err)
        exit_code = report_usage(program, err);
    else if (go_on && (err = job(options, &exit_code))) {
        fd_log_progress("");
        fd_report(program->name, err);
        exit_code = fd_exit_code_of(err);
    }
    fd_error_free(err);
    fd_options_free(options);
    return exit_code;
}
