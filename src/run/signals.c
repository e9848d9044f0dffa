#include "run/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

static atomic_int seen;   /* a handler can reach nothing else */

static void note(int number)
{
    if (atomic_exchange(&seen, 1) && number == SIGINT) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

void fd_signals_catch(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    for (int i = 0; i < NUMBERS; i++)
        sigaction(numbers[i], &action, NULL);
}

void fd_signals_leave(void)
{
    for (int i = 0; i < NUMBERS; i++)
        signal(numbers[i], SIG_DFL);
}

int fd_signals_seen(void)
{
    return atomic_load(&seen) != 0;
}

void fd_signals_pass_on(void)
{
    atomic_store(&seen, 1);
}

fd_error *fd_signals_check(void)
{
    return fd_signals_seen() ? FD_FAIL(FD_INTERRUPTED, "interrupted") : NULL;
}
