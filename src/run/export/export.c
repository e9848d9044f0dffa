#include "run/export/export.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "run/apart.h"
#include "run/progress.h"
#include "run/run.h"
#include "run/signals.h"

static const fd_option options_[] = {
    {"table", 0, FD_OPT_CHOICE, "faces", NULL, "images|faces|embeddings|topk|radius|matrix", 0, 0, FD_AFFECTS_RUN, "What",
     "images: the ledger. faces: boxes, landmarks, scores. embeddings. topk, radius: pairs of faces, as the run stored them. matrix: all distances, "
     "a row for each face."},
    {"paths", 0, FD_OPT_FLAG, "true", NULL, NULL, 0, 0, FD_AFFECTS_RUN, "What", "Name the photographs of faces and pairs beside their numbers; --no-paths leaves the names out."},
    {"output", 'o', FD_OPT_TEXT, "-", "FILE", NULL, 0, 0, FD_AFFECTS_RUN, "Output", "The file to write; - is standard output."},
    {"format", 0, FD_OPT_CHOICE, "auto", NULL, "auto|csv|jsonl|npy|parquet", 0, 0, FD_AFFECTS_RUN, "Output",
     "auto: by the ending of FILE, CSV on standard output. npy holds numbers alone. parquet: not in this build, for Debian has no Arrow library "
     "for C."},
};

const fd_program fd_export_program = {
    .name = "facesdist-export",
    .summary = "tables of a result as CSV, JSON Lines or .npy",
    .usage = "facesdist-export [options] RESULT",
    .description = "RESULT is a file of facesdist or facesdist-distances. Rows are numbered from 0 as in the result; pairs are those that --topk or "
                   "--radius made the run store. Numbers are written so that reading them gives the stored value back.\n\n"
                   "CSV follows RFC 4180: a line of names, CR LF, quotes where needed; names of photographs are their raw bytes, whatever the encoding; "
                   "not a number is nan. JSON Lines has an object for each row; what is not finite is null; a name that is not UTF-8 is escaped (\\xHH, "
                   "backslashes doubled) and followed by a field with _hex at its name's end that has the bytes. A .npy file is the array of numbers "
                   "(embeddings, matrix) or a structured array with a field for each column of numbers.\n\n"
                   "The file appears whole or not at all. Neither it nor the result is held in memory; names of photographs go through a temporary "
                   "file beside it.\n\n"
                   "Exit status: 0 done; 1 failed; 2 wrong usage; 75 interrupted by a signal, nothing written.",
    .options = options_,
    .n = sizeof options_ / sizeof *options_,
    .min_positional = 1,
    .max_positional = 1,
};

static const fd_export_format *const formats[] = {&fd_export_csv, &fd_export_jsonl, &fd_export_npy};
enum { FORMATS = sizeof formats / sizeof *formats };

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static fd_error *no_parquet(void)
{
    return FD_FAIL(FD_UNSUPPORTED, "Parquet is not in this build: Debian has no Arrow library for C. Write CSV and let a tool that has one convert "
                                   "it: python3 -c \"import pandas; pandas.read_csv('faces.csv').to_parquet('faces.parquet')\"");
}

static fd_error *find_format(const fd_options *o, const fd_export_format **out)
{
    const char *format = fd_opt_text(o, "format"), *path = fd_opt_text(o, "output");
    const bool automatic = strcmp(format, "auto") == 0;
    if (strcmp(format, "parquet") == 0 || (automatic && ends_with(path, ".parquet")))
        return no_parquet();
    for (int i = 0; i < FORMATS; i++)
        if (automatic ? ends_with(path, formats[i]->ending) || (i == 0 && strcmp(path, "-") == 0) : strcmp(format, formats[i]->name) == 0) {
            *out = formats[i];
            return NULL;
        }
    char name[FD_ESCAPED];
    return FD_FAIL(FD_USAGE, "%s: which format? Give --format csv|jsonl|npy, or a name that ends in .csv, .jsonl or .npy", fd_escape(name, sizeof name, path));
}

static fd_error *refuse_own(const char *result, const char *output)
{
    struct stat a, b;
    char name[FD_ESCAPED];
    if (stat(result, &a) == 0 && stat(output, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return FD_FAIL(FD_USAGE, "%s is the result itself", fd_escape(name, sizeof name, output));
    return NULL;
}

static fd_error *open_source(const fd_options *o, const fd_export_format *f, fd_export_source *s)
{
    fd_error *err = NULL;
    const char *table = fd_opt_text(o, "table"), *output = fd_opt_text(o, "output");
    const bool pairs = strcmp(table, "topk") == 0 || strcmp(table, "radius") == 0, to_file = strcmp(output, "-") != 0;
    char name[FD_ESCAPED];
    if (f->text && fd_opt_flag(o, "paths") && strcmp(table, "images") != 0)
        FD_TRY(fd_names_open(s->result, to_file ? output : "/tmp/-", &s->names));
    FD_TRY(pairs ? fd_export_open_pairs(s, table) : fd_export_open_rows(s, table, !f->text));
    if (!f->text && s->count)
        FD_TRY(s->count(s));
done:
    return err ? fd_error_prefix(err, "%s", fd_escape(name, sizeof name, fd_positional(o, 0))) : NULL;
}

static fd_error *write_all(fd_export_source *s, const fd_export_format *f, fd_file_writer *w, int64_t *rows)
{
    fd_error *err = NULL;
    fd_string text = {0};
    fd_export_batch batch = {.rows = 1};
    fd_progress progress;
    fd_progress_start(&progress, "rows", s->rows);
    FD_TRY(f->begin(s, &text));
    while (batch.rows > 0) {
        if (text.length > 0)
            FD_TRY(fd_file_writer_add(w, text.text, text.length));
        text.length = 0;
        FD_TRY(s->next(s, &batch));
        FD_TRY(f->rows(s, &batch, &text));
        *rows += batch.rows;
        fd_progress_show(&progress, *rows);
    }
done:
    fd_progress_end(&progress);
    free(text.text);
    return err;
}

static void tell(const fd_options *o, int64_t rows)
{
    struct stat st;
    char name[FD_ESCAPED], bytes[16];
    const char *output = fd_opt_text(o, "output");
    if (strcmp(output, "-") != 0 && stat(output, &st) == 0)
        fd_say(FD_NORMAL, "%s: %lld rows of %s (%s)", fd_escape(name, sizeof name, output), (long long)rows, fd_opt_text(o, "table"),
               fd_bytes_text(bytes, (double)st.st_size));
}

typedef struct exporting { const fd_options *options; const fd_export_format *format; fd_file_writer *writer; } exporting;

static fd_error *export_table(const exporting *x)
{
    fd_error *err = NULL;
    fd_export_source source = {0};
    int64_t rows = 0;
    FD_TRY(fd_result_open(fd_positional(x->options, 0), &source.result));
    FD_TRY(open_source(x->options, x->format, &source));
    FD_TRY(write_all(&source, x->format, x->writer, &rows));
    FD_TRY(fd_file_writer_commit(x->writer));
    tell(x->options, rows);
done:
    fd_export_close(&source);
    fd_names_close(source.names);
    fd_result_close(source.result);
    return err;
}

static int export_and_report(void *self)
{
    fd_error *err = export_table(self);
    fd_log_progress("");
    if (err)
        fd_report(fd_export_program.name, err);
    const int exit_code = fd_exit_code_of(err);
    fd_error_free(err);
    return exit_code;
}

fd_error *fd_run_export(fd_options *o, int *exit_code)
{
    fd_error *err = NULL;
    exporting x = {.options = o};
    fd_signals_catch();
    FD_TRY(find_format(o, &x.format));
    FD_TRY(refuse_own(fd_positional(o, 0), fd_opt_text(o, "output")));
    FD_TRY(fd_file_writer_open(fd_opt_text(o, "output"), &x.writer));   /* here, so that its temporary file goes whatever becomes of the child */
    FD_TRY(fd_apart((const char *const[2]){fd_positional(o, 0), NULL}, export_and_report, &x, exit_code));
done:
    fd_file_writer_close(x.writer);
    return fd_error_code(err) == FD_INTERRUPTED ? fd_error_prefix(err, "nothing was written") : err;
}
