#include "run/faces/bound.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Stages that follow each other, in groups that mean something to people; those of a group add up. */
typedef enum group { STARTING, COPYING, PHOTOGRAPHS, EXCHANGE, DISTANCES, WRITING, GROUPS } group;
static const char *const group_name[GROUPS] = {
    "start (files and models)", "copies to the node's disk", "photographs", "exchange between ranks", "distances", "writing the result"};
static const group group_of[FD_STAGES] = {   /* of stages that no threads share; what is not named belongs to the start */
    [FD_STAGE_COPY] = COPYING,      [FD_STAGE_IMAGES] = PHOTOGRAPHS, [FD_STAGE_EXCHANGE] = EXCHANGE, [FD_STAGE_DISTANCES] = DISTANCES,
    [FD_STAGE_ASSEMBLE] = WRITING, [FD_STAGE_WRITE] = WRITING,      [FD_STAGE_COMMIT] = WRITING,
};

/* What photographs need, in seconds that were used of those that there were. */
typedef struct load {
    double threads;   /* of all ranks */
    double thread_seconds;   /* that they had */
    double disk, read, decode, detect, embed;   /* and used: disk is reading and the journal */
    int gpus;                        /* pieces of hardware */
    bool shared;                     /* ranks have one together: what one of them keeps it busy with, the others wait for */
    double gpu_seconds, busy;        /* summed over ranks */
} load;

static bool is_first_with(const fd_rank_load *loads, int rank)
{
    int q = 0;
    while (q < rank && !(loads[q].has_gpu && strcmp(loads[q].uuid, loads[rank].uuid) == 0))
        q++;
    return q == rank;
}

static load add_up(const fd_stage_row *stages, const fd_rank_load *loads, int ranks)
{
    load l = {.threads = 0};
    for (int r = 0; r < ranks; r++) {
        const fd_stage_row *row = stages + r * FD_STAGES;
        l.threads += (double)loads[r].threads;
        l.thread_seconds += (double)loads[r].threads * row[FD_STAGE_IMAGES].seconds;
        l.read += row[FD_STAGE_READ].seconds;
        l.disk += row[FD_STAGE_READ].seconds + row[FD_STAGE_JOURNAL].seconds;
        l.decode += row[FD_STAGE_DECODE].seconds;
        l.detect += row[FD_STAGE_DETECT].seconds;
        l.embed += row[FD_STAGE_EMBED].seconds;
        if (loads[r].has_gpu && is_first_with(loads, r))
            l.gpus++;
        else
            l.shared |= loads[r].has_gpu != 0;
        l.gpu_seconds += loads[r].has_gpu ? row[FD_STAGE_IMAGES].seconds : 0;
        l.busy += loads[r].busy;
    }
    return l;
}

static double share(double used, double had)
{
    return had > 0 ? used / had : 0;
}

/* The part that is used most, of what this run's photographs need; threads that wait for a GPU do not work. */
static const char *most_used(const load *l, double *used)
{
    const struct {
        const char *name;
        double seconds;
    } of[] = {{"decode", l->decode},
              {"disk (reading and journal)", l->disk},
              {"detect", l->gpus > 0 ? 0 : l->detect},
              {"embed", l->gpus > 0 ? 0 : l->embed}};
    int most = 0;
    for (int i = 1; i < (int)(sizeof of / sizeof *of); i++)
        if (of[i].seconds > of[most].seconds)
            most = i;
    *used = share(of[most].seconds, l->thread_seconds);
    return of[most].name;
}

static void of_photographs(const load *l, char *out, size_t size)
{
    double used;
    char threads[32];
    const char *name = most_used(l, &used), *them = l->gpus > 1 ? "the GPUs" : "the GPU", *was = l->gpus > 1 ? "were" : "was";
    const double gpu = share(l->busy, l->gpu_seconds), cores = l->busy > 0 && !l->shared ? fmax(1, ceil((l->read + l->decode) / l->busy)) : 0;
    snprintf(threads, sizeof threads, "%.0f thread%s", l->threads, l->threads > 1 ? "s" : "");
    char saturate[64] = "";
    if (cores > 0)
        snprintf(saturate, sizeof saturate, ", %.0f core%s would saturate %s", cores, cores > 1 ? "s" : "", l->gpus > 1 ? "each" : "it");
    if (l->gpus == 0)
        snprintf(out, size, "%s: %.0f %% of the time of %s", name, 100 * used, threads);
    else if (gpu >= used)
        snprintf(out, size, "%s: busy %.0f %% of the time%s; %s took %.0f %% of %s", them, 100 * gpu, saturate, name, 100 * used, threads);
    else
        snprintf(out, size, "%s: %.0f %% of the time of %s; %s %s busy %.0f %%%s", name, 100 * used, threads, them, was, 100 * gpu, saturate);
}

char *fd_bound_text(const fd_stage_row *stages, const fd_rank_load *loads, int ranks, char *out, size_t size)
{
    double seconds[GROUPS] = {0}, all = 0;
    int longest = 0;
    char text[24];
    for (int s = 0; s < FD_STAGES; s++) {
        double most = 0;
        for (int r = 0; r < ranks && !fd_stage_is_threaded((fd_stage)s); r++)
            most = fmax(most, stages[r * FD_STAGES + s].seconds);
        seconds[group_of[s]] += most;
        all += most;
    }
    for (int g = 1; g < GROUPS; g++)
        longest = seconds[g] > seconds[longest] ? g : longest;
    const load l = add_up(stages, loads, ranks);
    out[0] = 0;
    if (all > 0 && longest == PHOTOGRAPHS && l.disk + l.decode + l.detect + l.embed > 0)
        of_photographs(&l, out, size);
    else if (all > 0)
        snprintf(out, size, "%s: %.0f %% of %s", group_name[longest], 100 * seconds[longest] / all, fd_seconds_text(text, all));
    return out;
}
