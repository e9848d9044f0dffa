#include "run/eval/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "dist/dist.h"
#include "run/apart.h"
#include "run/output.h"
#include "run/run.h"
#include "run/text_table.h"
#include "store/result.h"

static const fd_option options_[] = {
    {"metric", 0, FD_OPT_CHOICE, NULL, NULL, "euclidean|sqeuclidean|cosine|inner", 0, 0, FD_AFFECTS_RUN, "What is measured",
     "How embeddings are compared. Default: as in the result, euclidean where it does not say."},
    {"threshold", 0, FD_OPT_REAL, NULL, "T", NULL, 0, 0, FD_AFFECTS_RUN, "What is measured",
     "Two faces nearer than T are taken for one person (inner: more alike than T). Default: the model's, where the result has it and the metric is the model's."},
    {"output", 'o', FD_OPT_TEXT, NULL, "FILE.json", NULL, 0, 0, FD_AFFECTS_RUN, "Output", "Write all figures and the curve as JSON."},
    {"plot", 0, FD_OPT_TEXT, NULL, "FILE.svg", NULL, 0, 0, FD_AFFECTS_RUN, "Output", "Draw the curve."},
};

const fd_program fd_eval_program = {
    .name = "facesdist-eval",
    .summary = "how well the embeddings of a result tell people apart",
    .usage = "facesdist-eval [options] RESULT PAIRS",
    .description = "PAIRS is a text with a line \"image TAB image TAB 1|0\" for each pair of photographs, 1 for the same person; lines that begin with # are "
                   "passed over. An image is named by its key in the result, or by the end of it (whole names) where just one image ends so. The largest face of "
                   "each image counts; pairs with an image that is not there or has no face are left out and counted.\n\n"
                   "Printed are the accuracy at the threshold, the accuracy with the best threshold by 10-fold cross-validation (the folds are ten runs of "
                   "neighbouring lines, as in the protocol of LFW), the area under the ROC curve, the equal error rate, and the true accept rate at false accept "
                   "rates from 1e-1 to 1e-6 (n/a where there are too few pairs of two persons to tell).\n\n"
                   "Exit status: 0 done; 1 failed; 2 wrong usage.",
    .options = options_,
    .n = sizeof options_ / sizeof *options_,
    .min_positional = 2,
    .max_positional = 2,
};

/* --- metric and threshold ------------------------------------------------------------------------------------------------------------ */

/* The result's own metric, for --metric that is not given; and the model's threshold, where it is one of that metric. */
static fd_error *ask_result(const char *path, fd_options *o, fd_eval *e)
{
    fd_error *err = NULL, *unknown = NULL;
    fd_result *r = NULL;
    char *metric = NULL, *model = NULL, *threshold = NULL, *end, name[FD_ESCAPED];
    fd_escape(name, sizeof name, path);
    FD_TRY(fd_result_open(path, &r));
    FD_TRY(fd_result_attribute(r, NULL, "option metric", &metric));
    FD_TRY(fd_result_attribute(r, NULL, "model metric", &model));
    FD_TRY(fd_result_attribute(r, NULL, "model threshold", &threshold));
    if (!fd_opt_set(o, "metric") && (unknown = fd_opt_resolve(o, "metric", metric ? metric : "euclidean")))
        FD_THROW(FD_FORMAT, "%s: the metric in /run is none that there is", name);
    if (!model || !threshold || strcmp(model, fd_opt_text(o, "metric")) != 0)
        goto done;
    e->threshold = strtod(threshold, &end);
    if (*end || !isfinite(e->threshold))
        FD_THROW(FD_FORMAT, "%s: the model's threshold in /run is not a number", name);
    e->threshold_from = "the model";
done:
    fd_error_free(unknown);
    free(metric);
    free(model);
    free(threshold);
    fd_result_close(r);
    return err;
}

static fd_error *resolve(fd_options *o, fd_eval *e)
{
    fd_error *err = NULL;
    FD_TRY(ask_result(fd_positional(o, 0), o, e));
    FD_TRY(fd_metric_find(fd_opt_text(o, "metric"), &e->metric));
    e->metric_name = fd_metric_at((int)e->metric)->name;
    if (fd_opt_set(o, "threshold")) {
        e->threshold = fd_opt_real(o, "threshold");
        e->threshold_from = "--threshold";
    }
    if (isnan(e->threshold))
        fd_say(FD_NORMAL, "the result names no threshold for this metric: give --threshold to have the accuracy at one");
done:
    return err;
}

/* --- the table ----------------------------------------------------------------------------------------------------------------------- */

static fd_error *row(fd_text_table *t, const char *what, const char *value, const char *remark)
{
    fd_error *err = NULL;
    FD_TRY(fd_text_cell(t, "%s", what));
    FD_TRY(fd_text_cell(t, "%s", value));
    FD_TRY(fd_text_cell(t, "%s", remark));
done:
    return err;
}

static fd_error *pair_rows(fd_text_table *t, const fd_pairs *p)
{
    static const char *const why[FD_LEFT_OUT_COUNT] = {"image not in the result", "image without a face", "face without a valid embedding"};
    fd_error *err = NULL;
    char value[32], remark[96];
    snprintf(value, sizeof value, "%lld", (long long)p->n);
    snprintf(remark, sizeof remark, "%lld of the same person, %lld of two", (long long)p->same, (long long)(p->n - p->same));
    FD_TRY(row(t, "pairs", value, remark));
    snprintf(value, sizeof value, "%lld", (long long)(p->length - p->n));
    FD_TRY(row(t, "pairs left out", value, ""));
    for (int i = 0; i < FD_LEFT_OUT_COUNT; i++) {
        snprintf(value, sizeof value, "%lld", (long long)p->left_out[i]);
        if (p->left_out[i] > 0)
            FD_TRY(row(t, "", value, why[i]));
    }
done:
    return err;
}

static fd_error *accuracy_rows(fd_text_table *t, const fd_eval *e)
{
    fd_error *err = NULL;
    char value[32] = "n/a", remark[96] = "no threshold is known";
    if (!isnan(e->threshold)) {
        snprintf(value, sizeof value, "%.6f", (double)e->right / (double)e->pairs.n);
        snprintf(remark, sizeof remark, "at %.6g (%s)", e->threshold, e->threshold_from);
    }
    FD_TRY(row(t, "accuracy", value, remark));
    snprintf(value, sizeof value, "%.6f", e->cross.mean);
    if (e->cross.folds > 1)
        snprintf(remark, sizeof remark, "+- %.6f, standard error of %d folds", e->cross.error, e->cross.folds);
    else
        remark[0] = 0;
    FD_TRY(row(t, "accuracy, cross-validated", value, remark));
    snprintf(value, sizeof value, "%.6g", fd_pair_score(e->metric, e->cross.mean_threshold));
    FD_TRY(row(t, "best threshold", value, "mean of the folds"));
done:
    return err;
}

static fd_error *curve_rows(fd_text_table *t, const fd_eval *e)
{
    fd_error *err = NULL;
    char what[32], value[32], remark[96];
    snprintf(value, sizeof value, "%.6f", fd_roc_auc(&e->roc));
    FD_TRY(row(t, "AUC", value, "area under the ROC curve"));
    snprintf(value, sizeof value, "%.6f", fd_roc_eer(&e->roc));
    FD_TRY(row(t, "EER", value, "equal error rate"));
    int64_t denominator = 1;
    for (int i = 1; i <= FD_FAR_LEVELS; i++) {
        denominator *= 10;
        const int64_t at = fd_roc_at_far(&e->roc, denominator);
        snprintf(what, sizeof what, "TAR at FAR 1e-%d", i);
        snprintf(value, sizeof value, at < 0 ? "n/a" : "%.6f", at < 0 ? 0 : fd_roc_tar(&e->roc, at));
        remark[0] = 0;
        if (at < 0)
            snprintf(remark, sizeof remark, "needs %lld pairs of two persons", (long long)denominator);
        else if (at > 0)
            snprintf(remark, sizeof remark, "at %.6g", fd_pair_score(e->metric, e->roc.point[at].threshold));
        FD_TRY(row(t, what, value, remark));
    }
done:
    return err;
}

static fd_error *print_table(const fd_eval *e)
{
    fd_error *err = NULL;
    fd_text_table t = {.columns = 3, .right = 1 << 1};
    FD_TRY(row(&t, "metric", e->metric_name, ""));
    FD_TRY(pair_rows(&t, &e->pairs));
    FD_TRY(accuracy_rows(&t, e));
    FD_TRY(curve_rows(&t, e));
    fd_text_table_print(&t, stdout);
    if (fflush(stdout) != 0)
        FD_THROW(FD_IO, "cannot write to standard output");
done:
    fd_text_table_free(&t);
    return err;
}

/* Nothing that is read, nor the other output, is written over. */
static fd_error *check_outputs(const fd_options *o)
{
    fd_error *err = NULL;
    const char *json = fd_opt_text(o, "output"), *plot = fd_opt_text(o, "plot");
    for (int i = 0; i < 2; i++) {
        if (json)
            FD_TRY(fd_output_apart("--output", json, fd_positional(o, i)));
        if (plot)
            FD_TRY(fd_output_apart("--plot", plot, fd_positional(o, i)));
    }
    if (json && plot && strcmp(json, plot) == 0)
        FD_THROW(FD_USAGE, "--output and --plot name the same file");
done:
    return err;
}

static fd_error *evaluate(fd_options *o)
{
    fd_error *err = NULL;
    fd_eval e = {.threshold = NAN, .threshold_from = ""};
    const fd_pairs *p = &e.pairs;
    FD_TRY(check_outputs(o));
    FD_TRY(resolve(o, &e));
    FD_TRY(fd_pairs_read(fd_positional(o, 0), fd_positional(o, 1), e.metric, &e.pairs));
    if (p->left_out[FD_NO_IMAGE] > 0)
        fd_warn("%lld pairs name an image that the result has not, or several that end so; -v lists them", (long long)p->left_out[FD_NO_IMAGE]);
    FD_TRY(fd_roc_of(p->trial, p->n, &e.roc));
    FD_TRY(fd_cross_validate(p->trial, p->position, p->n, p->length, &e.cross));
    if (!isnan(e.threshold))
        e.right = fd_trials_right(p->trial, p->n, fd_pair_score(e.metric, e.threshold));
    if (fd_opt_set(o, "output"))
        FD_TRY(fd_eval_write_json(&e, fd_opt_text(o, "output")));
    if (fd_opt_set(o, "plot"))
        FD_TRY(fd_eval_write_plot(&e, fd_opt_text(o, "plot")));
    FD_TRY(print_table(&e));
done:
    fd_roc_free(&e.roc);
    fd_pairs_free(&e.pairs);
    return err;
}

static int evaluate_and_report(void *self)
{
    fd_error *err = evaluate(self);
    if (err)
        fd_report(fd_eval_program.name, err);
    const int exit_code = fd_exit_code_of(err);
    fd_error_free(err);
    return exit_code;
}

fd_error *fd_run_eval(fd_options *o, int *exit_code)
{
    return fd_apart((const char *const[2]){fd_positional(o, 0), NULL}, evaluate_and_report, o, exit_code);
}
