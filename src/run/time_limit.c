#include "run/time_limit.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

/* Seconds before the end of a Slurm job: enough to finish the batch in hand and to save it, less where little is left. */
static const double MARGIN = 120;

double fd_time_limit(const fd_options *o, double start)
{
    if (fd_opt_set(o, "time-limit")) {
        const double limit = fd_opt_real(o, "time-limit");
        return limit > 0 ? start + limit : 0;
    }
    const char *text = getenv("SLURM_JOB_END_TIME");   /* seconds since 1970 */
    char *end = NULL;
    const double at = text ? strtod(text, &end) : 0;
    if (!text || end == text || *end || at <= 0)
        return 0;
    const double left = at - (double)time(NULL);
    if (left <= 0)   /* of another job, or the clock is wrong */
        return 0;
    return fd_now() + (left > 2 * MARGIN ? left - MARGIN : left / 2);
}
