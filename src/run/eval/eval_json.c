/* The figures of an evaluation as JSON. What is not defined or not finite is null. */
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/version.h"
#include "run/eval/eval.h"

/* Seventeen digits: the number that is read back is the one that was written. */
static fd_error *number(fd_string *s, const char *before, double value)
{
    return isfinite(value) ? fd_string_add(s, "%s%.17g", before, value) : fd_string_add(s, "%snull", before);
}

static fd_error *threshold(fd_string *s, const char *before, const fd_eval *e, double score)
{
    return number(s, before, fd_pair_score(e->metric, score));
}

static fd_error *add_pairs(fd_string *s, const fd_pairs *p)
{
    return fd_string_add(s,
                         "  \"pairs\": {\"listed\": %lld, \"used\": %lld, \"same\": %lld, \"different\": %lld,\n"
                         "            \"left_out\": {\"no_image\": %lld, \"no_face\": %lld, \"no_embedding\": %lld}},\n",
                         (long long)p->length, (long long)p->n, (long long)p->same, (long long)(p->n - p->same), (long long)p->left_out[FD_NO_IMAGE],
                         (long long)p->left_out[FD_NO_FACE], (long long)p->left_out[FD_NO_EMBEDDING]);
}

static fd_error *add_accuracy(fd_string *s, const fd_eval *e)
{
    fd_error *err = NULL;
    const fd_cross *c = &e->cross;
    if (isnan(e->threshold))
        FD_TRY(fd_string_add(s, "  \"at_threshold\": null,\n"));
    else {
        FD_TRY(number(s, "  \"at_threshold\": {\"threshold\": ", e->threshold));
        FD_TRY(number(s, ", \"accuracy\": ", (double)e->right / (double)e->pairs.n));
        FD_TRY(fd_string_add(s, ", \"from\": \"%s\"},\n", e->threshold_from));
    }
    FD_TRY(number(s, "  \"cross_validation\": {\"accuracy\": ", c->mean));
    FD_TRY(number(s, ", \"standard_error\": ", c->error));
    FD_TRY(threshold(s, ", \"threshold\": ", e, c->mean_threshold));
    FD_TRY(fd_string_add(s, ", \"folds\": ["));
    for (int k = 0; k < FD_FOLDS; k++) {
        FD_TRY(threshold(s, k ? ",\n    {\"threshold\": " : "\n    {\"threshold\": ", e, c->threshold[k]));
        FD_TRY(number(s, ", \"accuracy\": ", c->accuracy[k]));
        FD_TRY(fd_string_add(s, "}"));
    }
    FD_TRY(fd_string_add(s, "]},\n"));
done:
    return err;
}

static fd_error *add_rates(fd_string *s, const fd_eval *e)
{
    fd_error *err = NULL;
    int64_t denominator = 1;
    FD_TRY(number(s, "  \"auc\": ", fd_roc_auc(&e->roc)));
    FD_TRY(number(s, ",\n  \"eer\": ", fd_roc_eer(&e->roc)));
    FD_TRY(fd_string_add(s, ",\n  \"tar_at_far\": ["));
    for (int i = 1; i <= FD_FAR_LEVELS; i++) {
        denominator *= 10;
        const int64_t at = fd_roc_at_far(&e->roc, denominator);
        FD_TRY(fd_string_add(s, "%s\n    {\"far\": 1e-%d", i > 1 ? "," : "", i));
        FD_TRY(number(s, ", \"tar\": ", at < 0 ? NAN : fd_roc_tar(&e->roc, at)));
        FD_TRY(threshold(s, ", \"threshold\": ", e, at < 0 ? NAN : e->roc.point[at].threshold));
        FD_TRY(fd_string_add(s, "}"));
    }
    FD_TRY(fd_string_add(s, "],\n"));
done:
    return err;
}

/* The curve's corners: what is between two of them is on the straight line. */
static fd_error *add_curve(fd_string *s, const fd_eval *e)
{
    fd_error *err = NULL;
    static const char *const name[] = {"far", "tar", "threshold"};
    FD_TRY(fd_string_add(s, "  \"roc\": {"));
    for (int column = 0; column < 3; column++) {
        FD_TRY(fd_string_add(s, "%s\"%s\": [", column ? ",\n    " : "\n    ", name[column]));
        for (int64_t i = 0; i < e->roc.n; i++) {
            const char *comma = i ? ", " : "";
            if (!fd_roc_is_corner(&e->roc, i))
                continue;
            FD_TRY(column == 2 ? threshold(s, comma, e, e->roc.point[i].threshold)
                               : number(s, comma, column == 0 ? fd_roc_far(&e->roc, i) : fd_roc_tar(&e->roc, i)));
        }
        FD_TRY(fd_string_add(s, "]"));
    }
    FD_TRY(fd_string_add(s, "}\n"));
done:
    return err;
}

fd_error *fd_eval_write_json(const fd_eval *e, const char *path)
{
    fd_error *err = NULL;
    fd_string s = {0};
    FD_TRY(fd_string_add(&s, "{\n  \"program\": \"facesdist-eval %s\",\n  \"metric\": \"%s\",\n", fd_version(), e->metric_name));
    FD_TRY(add_pairs(&s, &e->pairs));
    FD_TRY(add_accuracy(&s, e));
    FD_TRY(add_rates(&s, e));
    FD_TRY(add_curve(&s, e));
    FD_TRY(fd_string_add(&s, "}\n"));
    FD_TRY(fd_file_replace(path, s.text, s.length));
done:
    free(s.text);
    return err;
}
