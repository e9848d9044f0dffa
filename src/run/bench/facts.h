/* What a result says of the machine and the run, beside the points: attributes of /run, a table of the page. */
#ifndef FD_RUN_BENCH_FACTS_H
#define FD_RUN_BENCH_FACTS_H

#include "run/bench/session.h"

typedef struct fd_fact {
    const char *name;
    char text[256];
} fd_fact;

enum { FD_FACTS = 20 };

/* Whether the processor's clock stayed within a tenth over the run; false: throttled, or shared with other work. */
bool fd_facts_steady(const fd_session *s, double *least, double *most);

/* Fills facts[FD_FACTS], returns how many. `started`: from fd_utc. */
int fd_facts_of(const fd_session *s, const char *started, fd_fact *facts);

#endif
