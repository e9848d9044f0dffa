#include "run/signals.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t seen;   /* a handler can reach nothing else */

static void note(int number)
{
    if (seen && number == SIGINT) {
        signal(number, SIG_DFL);
        raise(number);
    }
    seen = 1;
}

void fd_signals_catch(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}

int fd_signals_seen(void)
{
    return seen != 0;
}
