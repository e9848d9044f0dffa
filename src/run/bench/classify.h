/* What a network takes photographs for. */
#ifndef FD_RUN_BENCH_CLASSIFY_H
#define FD_RUN_BENCH_CLASSIFY_H

#include "base/option.h"

/* Prints the --topk likeliest classes of --net for each photograph of the command line. */
fd_error *fd_classify(const fd_options *o) FD_CHECK;

#endif
