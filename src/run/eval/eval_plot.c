/* The ROC curve as a picture (SVG, nothing else needed): true accept rate over false accept rate, which runs by powers of ten. */
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "run/eval/eval.h"
#include "run/svg.h"

static fd_error *add_heading(fd_svg *s, const fd_eval *e)
{
    fd_error *err = NULL;
    char text[160];
    snprintf(text, sizeof text, "ROC: %lld pairs of the same person, %lld of two", (long long)e->roc.same, (long long)e->roc.different);
    FD_TRY(fd_svg_words(s, s->left, 26, "start", "title", text));
    snprintf(text, sizeof text, "%s; AUC %.6f, EER %.4f, accuracy %.4f (10-fold)", e->metric_name, fd_roc_auc(&e->roc), fd_roc_eer(&e->roc),
             e->cross.mean);
    FD_TRY(fd_svg_words(s, s->left, 48, "start", "", text));
done:
    return err;
}

/* In steps: what rate is reached without exceeding a false accept rate. */
static fd_error *add_curve(fd_svg *s, const fd_roc *roc)
{
    fd_error *err = NULL;
    fd_point *point = NULL;
    FD_TRY(fd_alloc(&point, (size_t)roc->n, sizeof *point));
    for (int64_t i = 0; i < roc->n; i++)
        point[i] = (fd_point){fd_roc_far(roc, i), fd_roc_tar(roc, i)};
    FD_TRY(fd_svg_curve(s, 1, point, roc->n, true));
done:
    free(point);
    return err;
}

/* Where the threshold in use lies on the curve. */
static fd_error *add_threshold(fd_svg *s, const fd_eval *e)
{
    fd_error *err = NULL;
    const double least = fd_pair_score(e->metric, e->threshold);
    int64_t at = 0;
    char text[96];
    if (isnan(least))
        return NULL;
    while (at + 1 < e->roc.n && e->roc.point[at + 1].threshold > least)
        at++;
    const fd_point p = {fd_roc_far(&e->roc, at), fd_roc_tar(&e->roc, at)};
    const double px = fd_svg_x(s, p.x), py = fd_svg_y(s, p.y);
    const bool right = px > s->left + s->wide / 2, low = py > s->top + s->high - 40;
    snprintf(text, sizeof text, "threshold %.6g: accuracy %.4f", e->threshold, (double)e->right / (double)e->pairs.n);
    FD_TRY(fd_svg_dot(s, 0, p, 5, NULL));
    FD_TRY(fd_svg_words(s, px + (right ? -10 : 10), py + (low ? -12 : 24), right ? "end" : "start", "strong", text));
done:
    return err;
}

fd_error *fd_eval_write_plot(const fd_eval *e, const char *path)
{
    fd_error *err = NULL;
    fd_svg s = {.width = 720, .height = 520, .left = 80, .top = 64, .wide = 600, .high = 390,
                .x = {.low = 0.1, .high = 1, .by_decades = true, .label = "false accept rate"},
                .y = {.low = 0, .high = 1, .label = "true accept rate"}};
    while (s.x.low > 1.0 / (double)e->roc.different)   /* below one false accept of all */
        s.x.low /= 10;
    FD_TRY(fd_svg_open(&s, "ROC curve", true));
    FD_TRY(add_heading(&s, e));
    FD_TRY(fd_svg_axes(&s));
    FD_TRY(add_curve(&s, &e->roc));
    FD_TRY(add_threshold(&s, e));
    FD_TRY(fd_svg_close(&s));
    FD_TRY(fd_file_replace(path, s.text.text, s.text.length));
done:
    free(s.text.text);
    return err;
}
