/* A program in the common frame whose ranks fail as told: run bare here, in every other way by cli/main.sh. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/run.h"

static const fd_option table[] = {
    {.name = "fail", .type = FD_OPT_INT, .fallback = "-1", .metavar = "RANK", .low = -1, .high = 99, .group = "Faults", .help = "The rank that fails."},
    {.name = "how", .type = FD_OPT_CHOICE, .fallback = "agreed", .choices = "agreed|alone|usage|interrupted|stuck|code", .group = "Faults",
     .help = "In which way."},
    {.name = "code", .type = FD_OPT_INT, .fallback = "3", .group = "Faults", .help = "The exit code of --how code."},
    {.name = "config", .type = FD_OPT_TEXT, .metavar = "FILE", .group = "Files", .help = "Options from a file."},
    {.name = "save-config", .type = FD_OPT_ACTION, .metavar = "FILE", .group = "Files", .help = "Options to a file."},
};

static const fd_program program = {.name = "test_main", .summary = "fails as it is told", .usage = "test_main [options]", .options = table,
                                   .n = sizeof table / sizeof *table};

static fd_error *fail_as_told(fd_comm *c, const fd_options *o, int *exit_code)
{
    switch (fd_opt_choice(o, "how")) {
    case 0:
        return fd_comm_agree(c, FD_FAIL(FD_IO, "the disk is gone"));
    case 1:
        return FD_FAIL(FD_IO, "nobody knows");
    case 2:
        return fd_comm_agree(c, FD_FAIL(FD_USAGE, "two inputs are one"));
    case 3:
        return fd_comm_agree(c, FD_FAIL(FD_INTERRUPTED, "stopped by a signal"));
    case 4:
        fd_sleep(60);
        return NULL;
    default:
        *exit_code = (int)fd_opt_int(o, "code");
        return fd_comm_agree(c, NULL);
    }
}

static fd_error *job(fd_comm *c, fd_options *o, int *exit_code)
{
    if (fd_log_is_terminal())
        fd_log_progress("at work");
    bool alone = fd_opt_choice(o, "how") == 1;
    if (fd_opt_choice(o, "how") == 4)
        fd_comm_set_timeout(c, 4);   /* more than a rank on a busy machine comes late */
    if (fd_opt_int(o, "fail") == fd_comm_rank(c))
        return fail_as_told(c, o, exit_code);
    fd_error *err = alone && fd_opt_int(o, "fail") >= 0 ? NULL : fd_comm_agree(c, NULL);
    if (alone && fd_opt_int(o, "fail") >= 0)
        fd_sleep(60);   /* computes, and will not hear of it */
    if (!err) {
        fd_say(FD_NORMAL, "%d ranks are done", fd_comm_ranks(c));
        if (fd_comm_rank(c) == 0)
            printf("result\n");
    }
    return err;
}

int main(int argc, char **argv)
{
    return fd_main(argc, argv, &program, job);
}
