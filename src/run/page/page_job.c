#include "run/page/page_job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "run/apart.h"
#include "run/page/page.h"
#include "run/run.h"

static const char PAGE[] = "The page";

static const fd_option options_[] = {
    {"output", 'o', FD_OPT_TEXT, "report.html", "FILE", NULL, 0, 0, FD_AFFECTS_RUN, PAGE, "The page."},
    {"photos", 0, FD_OPT_TEXT, NULL, "DIR", NULL, 0, 0, FD_AFFECTS_RUN, PAGE,
     "The photographs are under DIR now, by the names that the result has for them. Default: where they were."},
    {"pictures", 0, FD_OPT_FLAG, "true", NULL, NULL, 0, 0, FD_AFFECTS_RUN, PAGE, "Show faces; --no-pictures makes a page without any."},
    {"samples", 0, FD_OPT_INT, "24", "N", NULL, 0, 60, FD_AFFECTS_RUN, PAGE, "Faces to show with their nearest neighbours."},
};

const fd_program fd_report_program = {
    .name = "facesdist-report",
    .summary = "a result of facesdist as one page for people",
    .usage = "facesdist-report [options] RESULT -o report.html",
    .description =
        "Writes one HTML file with the ledger of a run, sample faces with their nearest neighbours, a histogram of distances, clusters, "
        "duplicates, the bad files with their reasons, the time of each stage and rank, processor, memory and GPU over time, and how the run "
        "was made. The page loads nothing and runs nothing: it can be kept, printed or sent as it is. It shows faces: send it to those who may see "
        "the photographs, or make it with --no-pictures.\n\n"
        "The pictures are cut from the result's crops where it has them (facesdist --save-crops), else from the photographs, where these are "
        "what they were.\n\n"
        "Exit status: 0 done; 1 failed; 2 wrong usage.",
    .options = options_,
    .n = sizeof options_ / sizeof *options_,
    .min_positional = 1,
    .max_positional = 1,
};

/* The line below the name: what made it, where, when. */
static fd_error *add_origin(fd_page *p)
{
    fd_error *err = NULL;
    static const char *const what[][2] = {{"", "program"}, {", ranks: ", "ranks"}, {", on ", "host"}, {", ", "finished"}};
    char *value[4] = {NULL};
    for (int i = 0; i < 4; i++)
        FD_TRY(fd_page_ask(p, what[i][1], &value[i]));
    FD_TRY(fd_string_add(&p->html, "<p class=\"note\">"));
    for (int i = 0; i < 4 && *value[0]; i++) {
        FD_TRY(fd_string_add(&p->html, "%s", *value[i] ? what[i][0] : ""));
        FD_TRY(fd_page_text(p, value[i]));
    }
    FD_TRY(fd_string_add(&p->html, "</p>\n"));
done:
    for (int i = 0; i < 4; i++)
        free(value[i]);
    return err;
}

static fd_error *add_head(fd_page *p)
{
    fd_error *err = NULL;
    const char *path = fd_positional(p->options, 0), *slash = strrchr(path, '/');
    const char *name = slash && slash[1] ? slash + 1 : path;
    FD_TRY(fd_page_open(p, name));
    FD_TRY(fd_string_add(&p->html, "<header>\n<h1>"));
    FD_TRY(fd_page_text(p, name));
    FD_TRY(fd_string_add(&p->html, "</h1>\n"));
    FD_TRY(add_origin(p));
    FD_TRY(fd_page_summary(p));
    FD_TRY(fd_string_add(&p->html, "<nav>%s", p->key ? "<a href=\"#ledger\">Ledger</a><a href=\"#faces\">Sample faces</a>" : ""));
    FD_TRY(fd_string_add(&p->html, "<a href=\"#distances\">Distances</a><a href=\"#clusters\">Clusters</a>%s",
                         p->key ? "<a href=\"#duplicates\">Duplicates</a><a href=\"#bad\">Bad files</a>" : ""));
    FD_TRY(fd_string_add(
        &p->html, "<a href=\"#time\">Time</a><a href=\"#usage\">Processor, memory, GPU</a><a href=\"#run\">The run</a></nav>\n</header>\n"));
done:
    return err;
}

/* What is wrong with a result names it, wherever it was noticed. */
static fd_error *naming(const char *result, fd_error *e)
{
    char shown[FD_ESCAPED];
    fd_escape(shown, sizeof shown, result);
    return fd_error_code(e) == FD_FORMAT && !strstr(fd_error_message(e), shown) ? fd_error_prefix(e, "%s", shown) : e;
}

static fd_error *write_page(const fd_options *options)
{
    fd_error *err = NULL;
    fd_page p = {.options = options};
    const char *output = fd_opt_text(options, "output");
    char shown[FD_ESCAPED], bytes[16];
    static fd_error *(*const sections[])(fd_page * p) = {fd_page_ledger,   fd_page_faces,      fd_page_distances,
                                                         fd_page_clusters, fd_page_duplicates, fd_page_bad_files,
                                                         fd_page_stages,   fd_page_usage,      fd_page_run};
    FD_TRY(fd_page_read(&p));
    FD_TRY(add_head(&p));
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        FD_TRY(sections[i](&p));
    FD_TRY(fd_page_close(&p));
    FD_TRY(fd_file_replace(output, p.html.text, p.html.length));
    fd_say(FD_NORMAL, "%s: %s", fd_escape(shown, sizeof shown, output), fd_bytes_text(bytes, (double)p.html.length));
done:
    fd_page_free(&p);
    return naming(fd_positional(options, 0), err);
}

static int write_and_report(void *self)
{
    fd_error *err = write_page(self);
    if (err)
        fd_report(fd_report_program.name, err);
    int exit_code = err ? FD_EXIT_FAILED : FD_EXIT_OK;
    fd_error_free(err);
    return exit_code;
}

fd_error *fd_run_report(fd_options *options, int *exit_code)
{
    struct stat result, page;
    if (stat(fd_positional(options, 0), &result) == 0 && stat(fd_opt_text(options, "output"), &page) == 0 && result.st_dev == page.st_dev &&
        result.st_ino == page.st_ino)
        return FD_FAIL(FD_USAGE, "--output is the result itself");
    return fd_apart((const char *const[2]){fd_positional(options, 0), NULL}, write_and_report, options, exit_code);
}
