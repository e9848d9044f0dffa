#include "run/bench/session.h"

#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "run/bench/output.h"
#include "run/signals.h"

/* --- devices ------------------------------------------------------------------------------------------------------------------------- */

static int own_cores(void)
{
    cpu_set_t mask;
    const int n = sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? n : 1;
}

static fd_error *open_place(fd_session *s, const char *device)
{
    fd_error *err = NULL;
    fd_place *p = &s->place[s->places];
    const fd_engine_config config = {.isa = fd_opt_text(s->options, "isa")};
    const char *emulator = getenv("FACESDIST_EMULATOR");
    const double start = fd_now();
    FD_TRY(fd_engine_open(device, &config, &p->engine));
    p->opened = fd_now() - start;
    p->apart = p->engine->kind->uuid != NULL; /* only a device is a piece of hardware with a name of its own */
    p->threads = p->apart ? 1 : s->threads;
    snprintf(p->name, sizeof p->name, "%s", p->apart && emulator && *emulator ? "emulator" : p->engine->kind->name);
    s->places++;
    fd_say(FD_NORMAL, "%s: %s", p->name, p->engine->kind->description(p->engine));
done:
    return err;
}

/* The fastest engine on the processor; ref where no other was built. */
static fd_error *open_processor(fd_session *s)
{
    fd_error *err = open_place(s, "cpu");
    if (fd_error_code(err) != FD_UNSUPPORTED || strcmp(fd_opt_text(s->options, "isa"), "auto") != 0)
        return err;
    fd_say(FD_NORMAL, "%s", fd_error_message(err));
    fd_error_free(err);
    return open_place(s, "ref");
}

/* A GPU that was asked for must be there; one that nobody named may be missing, and it is said why. */
static fd_error *open_gpu(fd_session *s, const char *device)
{
    const bool wanted = strncmp(device, "cuda", 4) == 0;
    fd_error *err = open_place(s, wanted ? device : "cuda");
    if (wanted || !err)
        return err;
    snprintf(s->no_gpu, sizeof s->no_gpu, "%s", fd_error_message(err));
    fd_error_free(err);
    return NULL;
}

fd_error *fd_session_open(fd_session *s, const fd_options *o)
{
    fd_error *err = NULL;
    const char *device = fd_opt_text(o, "device");
    const bool cpu_only = fd_opt_flag(o, "cpu-only");
    *s = (fd_session){.options = o, .one = {NAN, NAN}, .all = {NAN, NAN}, .gpu = {NAN, NAN}};
    s->budget = fd_opt_real(o, "budget");
    s->threads = fd_opt_set(o, "threads") ? (int)fd_opt_int(o, "threads") : own_cores();
    s->vectors = fd_vectors_of(fd_engine_isa_level(fd_opt_text(o, "isa")));
    if (cpu_only && strncmp(device, "cuda", 4) == 0)
        FD_THROW(FD_USAGE, "--cpu-only and --device %s contradict each other", device);
    FD_TRY(strcmp(device, "ref") == 0 ? open_place(s, "ref") : open_processor(s));
    if (!cpu_only && (strcmp(device, "auto") == 0 || strncmp(device, "cuda", 4) == 0))
        FD_TRY(open_gpu(s, device));
    FD_TRY(fd_path_folder(&s->scratch, fd_opt_text(o, "output")));
    s->start = fd_now();
done:
    return err;
}

void fd_session_close(fd_session *s)
{
    for (int i = 0; i < s->places; i++)
        fd_engine_close(s->place[i].engine);
    free(s->trials.trial);
    free(s->scratch);
    *s = (fd_session){0};
}

/* --- the budget ---------------------------------------------------------------------------------------------------------------------- */

double fd_session_left(const fd_session *s)
{
    return s->budget - (fd_now() - s->start);
}

/* By the ceilings, of which half is reached more often than not. */
static double by_ceiling(const fd_session *s, const fd_trial *t)
{
    const fd_ceiling *c = fd_bench_ceiling(s, t);
    return 2 * fmax(t->operations / c->operations, t->bytes / c->bytes); /* fmax passes over NAN */
}

/* What is done beside the samples, making and checking data above all, grows with the bytes. */
static double seconds_whole(const fd_session *s, const fd_trial *t)
{
    const fd_trial *last = fd_trials_last(&s->trials, t);
    const double growth = !last ? NAN : isfinite(t->bytes) && isfinite(last->bytes) ? t->bytes / last->bytes : t->predicted / last->median;
    return 4 * t->predicted + (last ? last->overhead * growth : 2 * t->predicted); /* the first call, and three runs */
}

/* The first point of a suite on a device is always measured: a short budget then shows something, and what follows has something to go by. */
static bool is_first(const fd_session *s, const fd_trial *t)
{
    for (size_t i = 0; i < s->trials.n; i++)
        if (strcmp(s->trials.trial[i].suite, t->suite) == 0 && strcmp(s->trials.trial[i].device, t->device) == 0)
            return false;
    return true;
}

fd_error *fd_session_fits(fd_session *s, fd_trial *t, bool *fits)
{
    fd_error *err = NULL;
    char needs[24], left[24];
    FD_TRY(fd_signals_check());
    t->predicted = fd_trials_predict(&s->trials, t);
    if (!isfinite(t->predicted))
        t->predicted = by_ceiling(s, t);
    const double seconds = seconds_whole(s, t), have = fmax(0, fd_session_left(s));
    *fits = is_first(s, t) || (isfinite(seconds) ? seconds <= have : have > 0);
    if (*fits)
        goto done;
    if (isfinite(seconds))
        FD_TRY(fd_session_pass(s, t, FD_TRIAL_SKIPPED, "predicted %s for the point; %s of the budget were left",
                               fd_seconds_text(needs, seconds), fd_seconds_text(left, have)));
    else
        FD_TRY(fd_session_pass(s, t, FD_TRIAL_SKIPPED, "the budget was spent; its time cannot be predicted"));
done:
    return err;
}

/* --- points -------------------------------------------------------------------------------------------------------------------------- */

fd_error *fd_session_add(fd_session *s, fd_trial *t, double began)
{
    char median[24], ms[32];
    snprintf(ms, sizeof ms, "%.4g ms", t->median * 1e3);
    t->state = FD_TRIAL_MEASURED;
    t->overhead = fmax(0, fd_now() - began - (double)t->runs * t->median);
    fd_say(FD_NORMAL, "%s: %s, %g: %s (%s, threads: %d)", t->suite, t->series, t->size, t->median < 1 ? ms : fd_seconds_text(median, t->median),
           t->device, t->threads);
    return fd_trials_add(&s->trials, t);
}

fd_error *fd_session_pass(fd_session *s, fd_trial *t, fd_trial_state state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(t->note, sizeof t->note, format, args);
    va_end(args);
    t->state = state;
    fd_say(FD_VERBOSE, "%s: %s, %g: %s: %s", t->suite, t->series, t->size, fd_trial_state_name(state), t->note);
    return fd_trials_add(&s->trials, t);
}

/* --- the processor's clock ----------------------------------------------------------------------------------------------------------- */

static double number_in(const char *path)
{
    FILE *f = fopen(path, "r");
    double value = NAN;
    if (f && fscanf(f, "%lf", &value) != 1)
        value = NAN;
    if (f)
        fclose(f);
    return value;
}

/* The mean over the cores; NAN on a virtual machine that hides it. */
static double core_mhz(void)
{
    char path[96];
    double sum = 0;
    int n = 0;
    for (int i = 0; i < 1024; i++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", i);
        const double khz = number_in(path);
        if (!isfinite(khz))
            break;
        sum += khz * 1e-3;
        n++;
    }
    return n ? sum / n : NAN;
}

/* The best of a few short runs: what the core can do now, whatever else it was given to do. */
static double core_peak(const fd_vectors *v)
{
    enum { ROUNDS = 20000, RUNS = 40 };
    double best = 0;
    volatile float sink = 0;
    for (int i = 0; i < RUNS; i++) {
        const double start = fd_now();
        sink = sink + v->chains(ROUNDS);
        best = fmax(best, 2.0 * ROUNDS * FD_CHAINS * v->lanes / (fd_now() - start));
    }
    return best;
}

void fd_session_clock(fd_session *s, const char *suite, int which)
{
    if (which == 0 && s->clocks < FD_CLOCKS) {
        s->clock[s->clocks] = (fd_clock){.mhz = {NAN, NAN}, .peak = {NAN, NAN}, .load = NAN, .gpu = {{NAN, NAN, ""}, {NAN, NAN, ""}}};
        snprintf(s->clock[s->clocks].suite, sizeof s->clock->suite, "%s", suite);
        s->clocks++;
    }
    fd_clock *c = &s->clock[s->clocks - 1];
    c->mhz[which] = core_mhz();
    c->peak[which] = core_peak(s->vectors);
    c->load = number_in("/proc/loadavg");
    const fd_energy energy = fd_energy_now();
    c->joules = which == 0 ? NAN : fd_energy_between(&c->energy, &energy);
    c->energy = which == 0 ? energy : c->energy;
    if (s->places > 1)
        c->gpu[which] = fd_gpu_clock_now(s->place[1].engine->kind->uuid(s->place[1].engine));
}
