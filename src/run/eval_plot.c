/* The ROC curve as a picture (SVG, nothing else needed): true accept rate over false accept rate, which runs by powers of ten. */
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "run/eval.h"

/* Pixels. The frame is LEFT..LEFT+WIDE by TOP..TOP+HIGH. */
enum { PICTURE_WIDE = 720, PICTURE_HIGH = 520, LEFT = 80, TOP = 64, WIDE = 600, HIGH = 380 };

typedef struct plot {
    const fd_eval *eval;
    int decades;        /* the axis begins at 10^-decades, below one false accept of all */
    fd_string svg;
} plot;

static double x_of(const plot *p, double far)
{
    const double place = far > 0 ? 1 + log10(far) / p->decades : 0;
    return LEFT + WIDE * (place > 0 ? place : 0);
}

static double y_of(double tar)
{
    return TOP + HIGH * (1 - tar);
}

static fd_error *add_head(plot *p)
{
    fd_error *err = NULL;
    const fd_eval *e = p->eval;
    FD_TRY(fd_string_add(&p->svg,
                         "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"13\" "
                         "fill=\"#222\">\n<title>ROC curve</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
                         PICTURE_WIDE, PICTURE_HIGH, PICTURE_WIDE, PICTURE_HIGH, PICTURE_WIDE, PICTURE_HIGH));
    FD_TRY(fd_string_add(&p->svg,
                         "<text x=\"%d\" y=\"26\" font-size=\"17\">ROC: %lld pairs of the same person, %lld of two</text>\n"
                         "<text x=\"%d\" y=\"48\">%s; AUC %.6f, EER %.4f, accuracy %.4f (10-fold)</text>\n",
                         LEFT, (long long)e->roc.same, (long long)e->roc.different, LEFT, e->metric_name, fd_roc_auc(&e->roc), fd_roc_eer(&e->roc), e->cross.mean));
done:
    return err;
}

static fd_error *add_axes(plot *p)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&p->svg, "<g stroke=\"#ddd\">\n"));
    for (int d = 0; d <= p->decades; d++)
        FD_TRY(fd_string_add(&p->svg, "<path d=\"M%.2f %dv%d\"/>\n", x_of(p, pow(10, -d)), TOP, HIGH));
    for (int i = 0; i <= 10; i++)
        FD_TRY(fd_string_add(&p->svg, "<path d=\"M%d %.2fh%d\"/>\n", LEFT, y_of(i / 10.0), WIDE));
    FD_TRY(fd_string_add(&p->svg, "</g>\n<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#444\"/>\n", LEFT, TOP, WIDE, HIGH));
    for (int d = 0; d <= p->decades; d++)
        FD_TRY(fd_string_add(&p->svg, "<text x=\"%.2f\" y=\"%d\" text-anchor=\"middle\">%s%.0d</text>\n", x_of(p, pow(10, -d)), TOP + HIGH + 20, d ? "1e-" : "1", d));
    for (int i = 0; i <= 10; i += 2)
        FD_TRY(fd_string_add(&p->svg, "<text x=\"%d\" y=\"%.2f\" text-anchor=\"end\">%.1f</text>\n", LEFT - 8, y_of(i / 10.0) + 4, i / 10.0));
    FD_TRY(fd_string_add(&p->svg,
                         "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">false accept rate</text>\n"
                         "<text transform=\"translate(28 %d) rotate(-90)\" text-anchor=\"middle\">true accept rate</text>\n",
                         LEFT + WIDE / 2, TOP + HIGH + 46, TOP + HIGH / 2));
done:
    return err;
}

/* In steps: what rate is reached without exceeding a false accept rate. Points that move the pen by less than a quarter of a pixel are left out. */
static fd_error *add_curve(plot *p)
{
    fd_error *err = NULL;
    const fd_roc *roc = &p->eval->roc;
    double x = LEFT, y = y_of(0);
    FD_TRY(fd_string_add(&p->svg, "<path fill=\"none\" stroke=\"#c2410c\" stroke-width=\"2\" stroke-linejoin=\"round\" d=\"M%.2f %.2f", x, y));
    for (int64_t i = 0; i < roc->n; i++) {
        const double to_x = x_of(p, fd_roc_far(roc, i)), to_y = y_of(fd_roc_tar(roc, i));
        if (fabs(to_x - x) < 0.25 && fabs(to_y - y) < 0.25 && i < roc->n - 1)
            continue;
        x = to_x;
        y = to_y;
        FD_TRY(fd_string_add(&p->svg, "H%.2fV%.2f", x, y));
    }
    FD_TRY(fd_string_add(&p->svg, "\"/>\n"));
done:
    return err;
}

/* Where the threshold in use lies on the curve. */
static fd_error *add_threshold(plot *p)
{
    fd_error *err = NULL;
    const fd_eval *e = p->eval;
    const double least = fd_pair_score(e->metric, e->threshold);
    int64_t at = 0;
    if (isnan(least))
        return NULL;
    while (at + 1 < e->roc.n && e->roc.point[at + 1].threshold > least)
        at++;
    const double x = x_of(p, fd_roc_far(&e->roc, at)), y = y_of(fd_roc_tar(&e->roc, at));
    const bool right = x > LEFT + WIDE / 2, low = y > TOP + HIGH - 40;
    FD_TRY(fd_string_add(&p->svg, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"5\" fill=\"#1d4ed8\"/>\n", x, y));
    FD_TRY(fd_string_add(&p->svg, "<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"%s\" fill=\"#1d4ed8\">threshold %.6g: accuracy %.4f</text>\n", x + (right ? -10 : 10),
                         y + (low ? -12 : 24), right ? "end" : "start", e->threshold, (double)e->right / (double)e->pairs.n));
done:
    return err;
}

fd_error *fd_eval_write_plot(const fd_eval *e, const char *path)
{
    fd_error *err = NULL;
    plot p = {.eval = e, .decades = 1};
    for (double most = 10; most < (double)e->roc.different; most *= 10)
        p.decades++;
    FD_TRY(add_head(&p));
    FD_TRY(add_axes(&p));
    FD_TRY(add_curve(&p));
    FD_TRY(add_threshold(&p));
    FD_TRY(fd_string_add(&p.svg, "</svg>\n"));
    FD_TRY(fd_file_replace(path, p.svg.text, p.svg.length));
done:
    free(p.svg.text);
    return err;
}
