#include <math.h>
#include <stdio.h>
#include <string.h>

#include "run/bench/bench_page.h"
#include "run/bench/ladder.h"

static const fd_trial *find(const fd_session *s, const char *series, double size)
{
    for (size_t i = 0; i < s->trials.n; i++) {
        const fd_trial *t = &s->trials.trial[i];
        if (t->state == FD_TRIAL_MEASURED && t->threads == 1 && strcmp(t->suite, "matmul") == 0 && strcmp(t->series, series) == 0 &&
            t->size == size)
            return t;
    }
    return NULL;
}

/* The largest size at which both were measured; NULL: none. */
static const fd_trial *together(const fd_session *s, const char *series, const char *before, const fd_trial **other)
{
    const fd_trial *best = NULL;
    for (size_t i = 0; i < s->trials.n; i++) {
        const fd_trial *t = &s->trials.trial[i];
        if (find(s, series, t->size) != t || (best && t->size <= best->size) || !find(s, before, t->size))
            continue;
        best = t;
        *other = find(s, before, t->size);
    }
    return best;
}

/* The gain at each size at which both were measured: "3.1 at 256, 4.0 at 512". */
static fd_error *add_gains(fd_page *p, const fd_session *s, const char *series, const char *before)
{
    fd_error *err = NULL;
    const char *comma = "";
    for (size_t i = 0; i < s->trials.n; i++) {
        const fd_trial *t = &s->trials.trial[i], *other = find(s, before, t->size);
        if (find(s, series, t->size) != t || !other)
            continue;
        FD_TRY(fd_string_add(&p->html, "%s%.2f at %g", comma, other->median / t->median, t->size));
        comma = ", ";
    }
done:
    return err;
}

/* A ladder: where it ran, and what that place can do at best. */
typedef struct ladder {
    const fd_session *s;
    const fd_rung *(*at)(int i);
    double ceiling; /* operations per second; NAN: unknown */
    const char *of; /* "of one thread" */
} ladder;

static fd_error *add_result(fd_page *p, const ladder *l, int i)
{
    fd_error *err = NULL;
    const fd_session *s = l->s;
    const fd_rung *rung = l->at(i), *before = i ? l->at(i - 1) : rung;
    const fd_trial *other = NULL, *t = together(s, rung->series, before->series, &other);
    const double lanes = rung->by_lanes ? s->vectors->lanes : 1;
    if (!t)
        return fd_page_say(p, "note", "Not measured: the budget did not reach so far, or the table above says why.");
    FD_TRY(fd_string_add(&p->html, "<p class=\"set\">"));
    if (i > 0) {
        FD_TRY(fd_string_add(&p->html, "Predicted gain over the rung before: %.3g to %.3g times. Measured: ", rung->least * lanes,
                             rung->most * lanes));
        FD_TRY(add_gains(p, s, rung->series, before->series));
        FD_TRY(fd_string_add(&p->html, ". "));
    }
    FD_TRY(fd_string_add(&p->html, "At %g: %.4g ms, %.3g Gop/s", t->size, t->median * 1e3, t->operations / t->median * 1e-9));
    if (isfinite(l->ceiling))
        FD_TRY(fd_string_add(&p->html, ", %.1f %% of the ceiling %s", 100 * t->operations / t->median / l->ceiling, l->of));
    FD_TRY(fd_string_add(&p->html, ".</p>\n"));
done:
    return err;
}

static fd_error *add_ladder(fd_page *p, const ladder *l)
{
    fd_error *err = NULL;
    for (int i = 0; l->at(i); i++) {
        FD_TRY(fd_string_add(&p->html, "<h3>%s</h3>\n", l->at(i)->series));
        FD_TRY(fd_page_say(p, "", "%s", l->at(i)->change));
        FD_TRY(add_result(p, l, i));
    }
done:
    return err;
}

fd_error *fd_bench_lessons(fd_page *p, const fd_session *s)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&p->html, "<h3 id=\"ladder\">The ladder: one product, written five times</h3>\n"));
    FD_TRY(fd_page_say(p, "",
                       "Each rung does the same multiplications as the one before and has one idea more. The code is in "
                       "src/run/bench/ladder.c, a few dozen lines "
                       "each. Predictions were written down before the rungs were measured."));
    FD_TRY(add_ladder(p, &(ladder){s, fd_rung_at, s->one.operations, "of one thread"}));
    for (int i = 0; i < s->places; i++) {
        if (!s->place[i].engine->kind->lesson)
            continue;
        FD_TRY(fd_string_add(&p->html, "<h3>The ladder of the GPU: the same product, written four times</h3>\n"));
        FD_TRY(fd_page_say(p, "", "The code is in kernels/matmul.cu. Predictions were written down before any GPU had run it."));
        FD_TRY(add_ladder(p, &(ladder){s, fd_gpu_rung_at, s->gpu.operations, "of multiply-adds in registers"}));
    }
done:
    return err;
}
