#include "run/rerun/rerun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/entry.h"
#include "run/apart.h"
#include "run/compare/compare.h"
#include "run/faces/job.h"
#include "run/rerun/rerun_check.h"
#include "run/rerun/rerun_recipe.h"
#include "run/run.h"
#include "run/together.h"

static const char INPUT[] = "What is run again", OUTPUT[] = "Output", MACHINE[] = "Machine";

static const fd_option options_[] = {
    {"photos", 0, FD_OPT_TEXT, NULL, "DIR", NULL, 0, 0, FD_AFFECTS_RUN, INPUT,
     "The photographs are under DIR now, by the names that the result has for them. Default: where they were."},
    {"model", 'm', FD_OPT_TEXT, NULL, "DIR", NULL, 0, 0, FD_AFFECTS_RUN, INPUT, "The model pack is DIR now. Default: where it was."},
    {"tolerance", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RUN, INPUT,
     "Take the run for reproduced when its faces are the same within the bars of facesdist-compare --tolerance, as with another engine or "
     "instruction set."},
    {"output", 'o', FD_OPT_TEXT, NULL, "FILE", NULL, 0, 0, FD_AFFECTS_RUN, OUTPUT,
     "Keep the new result as FILE. Default: RESULT.rerun, removed in the end."},
    {"force", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RUN, OUTPUT, "With --output: replace a file that is there already."},
    {"device", 0, FD_OPT_TEXT, NULL, "NAME", NULL, 0, 0, FD_AFFECTS_RUN, MACHINE, "The engine that computes. Default: the recorded one."},
    {"isa", 0, FD_OPT_TEXT, NULL, "NAME", NULL, 0, 0, FD_AFFECTS_RUN, MACHINE, "Highest instruction set to use. Default: the recorded one."},
    {"threads", 't', FD_OPT_INT, NULL, "N", NULL, 1, 1024, FD_AFFECTS_RUN, MACHINE, "Workers of each rank, as in facesdist."},
    {"memory", 0, FD_OPT_BYTES, NULL, "BYTES", NULL, 67108864, 9e15, FD_AFFECTS_RUN, MACHINE, "Memory that a rank may use, as in facesdist."},
    {"timeout", 0, FD_OPT_REAL, "300", "SECONDS", NULL, 0, 1e6, FD_AFFECTS_RUN, MACHINE,
     "End the job when a rank does not answer for so long; 0: never."},
};

const fd_program fd_rerun_program = {
    .name = "facesdist-rerun",
    .summary = "make a result of facesdist again and compare",
    .usage = "[mpirun -np N] facesdist-rerun [options] RESULT",
    .description =
        "Reads from a result how it was made; checks photographs, model and options by what is recorded of them; runs again, on any number of "
        "ranks; and compares the new result with the old one bit for bit, as facesdist-compare does. Photographs that are new in a folder are "
        "not looked at. The last line says \"reproduced\" or \"not reproduced\"; each photograph, model file or option that differs or is "
        "missing has a line before it, and then nothing is run.\n\n"
        "Exit status: 0 reproduced; 1 not reproduced, or failed; 2 wrong usage, or a file that is no result of facesdist; 75 interrupted after "
        "saving everything: run the same command again to go on.",
    .options = options_,
    .n = sizeof options_ / sizeof *options_,
    .min_positional = 1,
    .max_positional = 1,
};

typedef struct rerun {
    fd_job job;            /* comm and options alone: for fd_job_together */
    fd_options *options;   /* our own */
    fd_recipe recipe;      /* rank 0 */
    char *output;          /* of the new result */
    fd_string arguments;   /* of the main job, each ended by a zero byte */
    fd_options *faces;     /* parsed from these */
    fd_findings found;     /* rank 0 */
} rerun;

/* --- the recipe ------------------------------------------------------------------------------------------------------------------------ */

static fd_error *read_own(const rerun *r, fd_recipe *out)
{
    return fd_recipe_read(fd_positional(r->options, 0), fd_opt_text(r->options, "photos"), fd_opt_text(r->options, "model"), out);
}

static fd_error *try_to_read(void *self)
{
    fd_recipe recipe = {0};
    fd_error *e = read_own(self, &recipe);
    fd_recipe_free(&recipe);
    return e;
}

/* Rank 0. What cannot be read is a wrong argument, whatever the reason. */
static fd_error *read_recipe(void *self)
{
    rerun *r = self;
    fd_error *err = fd_apart_rehearse(fd_positional(r->options, 0), try_to_read, r);
    if (fd_error_code(err) == FD_INTERRUPTED)
        return err;
    if (!err)
        err = read_own(r, &r->recipe);
    fd_error *usage = err ? FD_FAIL(FD_USAGE, "%s", fd_error_message(err)) : NULL;
    fd_error_free(err);
    return usage;
}

static fd_error *argument(rerun *r, const char *name, const char *value)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&r->arguments, "--%s=%s", name, value));
    FD_TRY(fd_grow(&r->arguments.text, &r->arguments.capacity, r->arguments.length + 2, 1));
    r->arguments.text[++r->arguments.length] = 0;   /* what ended the string ends the argument */
done:
    return err;
}

/* Our own option where it is set, else the value that was recorded (NULL or "": none). */
static fd_error *own_or(rerun *r, const char *name, const char *recorded)
{
    const char *value = NULL;
    for (int i = 0; i < fd_rerun_program.n; i++)
        if (strcmp(fd_rerun_program.options[i].name, name) == 0)
            fd_opt_at(r->options, i, &value);
    value = value ? value : recorded;
    return value && *value ? argument(r, name, value) : NULL;
}

/* Rank 0: the command line of the main job. */
static fd_error *compose(rerun *r)
{
    fd_error *err = NULL;
    const fd_recipe *p = &r->recipe;
    static const char *const as_here[] = {"threads", "memory", "timeout"};
    const char *device = fd_settings_find(&p->pin, "engine");
    const bool has_isa = device && strcmp(device, "cpu") == 0;   /* the others have no choice of it */
    FD_TRY(argument(r, "output", r->output));
    FD_TRY(argument(r, "model", p->model));
    FD_TRY(own_or(r, "device", device));
    FD_TRY(own_or(r, "isa", has_isa ? p->isa : NULL));
    for (size_t i = 0; i < sizeof as_here / sizeof *as_here; i++)
        FD_TRY(own_or(r, as_here[i], NULL));
    if (!fd_opt_set(r->options, "output") || fd_opt_flag(r->options, "force"))   /* RESULT.rerun is nobody's but ours */
        FD_TRY(argument(r, "force", "true"));
    for (size_t i = 0; i < p->pin.n; i++)
        if (strncmp(p->pin.line[i].key, "--", 2) == 0 && *p->pin.line[i].value)
            FD_TRY(argument(r, p->pin.line[i].key + 2, p->pin.line[i].value));
done:
    return err;
}

/* Every rank parses the same command line. */
static fd_error *parse(rerun *r)
{
    fd_error *err = NULL, *wrong;
    fd_parsed parsed;
    char **argv = NULL;
    int argc = 1;
    FD_TRY(fd_alloc(&argv, r->arguments.length + 2, sizeof *argv));
    argv[0] = (char *)fd_faces_program.name;
    for (size_t at = 0; at < r->arguments.length; at += strlen(r->arguments.text + at) + 1)
        argv[argc++] = r->arguments.text + at;
    if ((wrong = fd_options_parse(&fd_faces_program, argc, argv, NULL, &r->faces, &parsed))) {   /* the result's words, not the user's */
        err = FD_FAIL(FD_MISMATCH, "this program cannot run with the recorded options: %s", fd_error_message(wrong));
        fd_error_free(wrong);
    }
done:
    free(argv);
    return err;
}

/* The main job's options on all ranks. */
static fd_error *set_options(rerun *r)
{
    fd_error *err = NULL;
    fd_comm *c = r->job.comm;
    FD_TRY(fd_comm_agree(c, r->job.rank == 0 ? compose(r) : NULL));
    uint8_t *bytes = (uint8_t *)r->arguments.text;
    int64_t n = (int64_t)r->arguments.length;
    FD_TRY(fd_comm_broadcast_buffer(c, &bytes, &n, 0));
    r->arguments = (fd_string){(char *)bytes, (size_t)n, (size_t)n};
    FD_TRY(fd_comm_agree(c, parse(r)));
done:
    return err;
}

/* --- before the run ------------------------------------------------------------------------------------------------------------------ */

static fd_error *check_the_rest(void *self)
{
    fd_error *err = NULL;
    rerun *r = self;
    FD_TRY(fd_check_model(&r->recipe, &r->found));
    FD_TRY(fd_check_options(&r->recipe, &fd_faces_program, &r->found));
done:
    return err;
}

/* *fine: nothing differs, on all ranks. */
static fd_error *check(rerun *r, bool *fine)
{
    fd_error *err = NULL;
    fd_job *job = &r->job;
    fd_findings *f = &r->found;
    FD_TRY(fd_check_photographs(job, &r->recipe, f));
    FD_TRY(fd_job_together(job, job->rank == 0 ? check_the_rest : NULL, r));
    int64_t differ = f->changed + f->missing + f->model + f->option;
    FD_TRY(fd_comm_broadcast(job->comm, &differ, sizeof differ, 0));
    *fine = differ == 0;
    if (job->rank == 0 && f->missing > 0 && !fd_opt_set(r->options, "photos"))
        printf("%-22s --photos DIR says where a copy of them is\n", "");
    if (job->rank == 0 && !*fine)
        printf("not reproduced: %lld photographs changed, %lld missing or unreadable; differences in the model: %lld, in options: %lld; "
               "nothing was run\n",
               (long long)f->changed, (long long)f->missing, (long long)f->model, (long long)f->option);
done:
    return err;
}

/* --- the run ------------------------------------------------------------------------------------------------------------------------- */

/* The photographs by their recorded names. What was no file to read and is none now keeps its verdict: it was the walk through the folders that
 * found it, and nobody walks here. */
static fd_error *find_photographs(void *self, fd_manifest *out)
{
    fd_error *err = NULL;
    const rerun *r = self;
    uint8_t *packed = NULL;
    int64_t n = 0;
    FD_TRY(fd_manifest_pack(&r->recipe.photographs, &packed, &n));
    FD_TRY(fd_manifest_unpack(packed, n, out));
    for (int64_t i = 0; i < out->n; i++) {
        fd_entry *e = &out->entry[i];
        fd_verdict now;
        int64_t bytes;
        int fd = fd_open_entry(e->path, &bytes, &now);
        if (fd >= 0)
            close(fd);
        if (fd < 0 && (e->probe.status == FD_IMAGE_UNREADABLE || e->probe.status == FD_IMAGE_SPECIAL_FILE))
            continue;
        FD_TRY(fd_entry_judge(e, &(fd_verdict){FD_IMAGE_OK, ""}));
    }
done:
    free(packed);
    return err;
}

/* --- after the run ------------------------------------------------------------------------------------------------------------------- */

static fd_error *compare(const rerun *r, int *exit_code)
{
    fd_error *err = NULL;
    fd_options *o = NULL;
    fd_parsed parsed;
    const char *how = fd_opt_flag(r->options, "tolerance") ? "--tolerance" : "--no-tolerance";
    const char *argv[] = {fd_compare_program.name, how, "--", r->output, r->recipe.result};
    FD_TRY(fd_options_parse(&fd_compare_program, sizeof argv / sizeof *argv, (char **)argv, NULL, &o, &parsed));
    FD_TRY(fd_run_compare(o, exit_code));
done:
    fd_options_free(o);
    return err;
}

/* Where the two runs were not the same, apart from what was checked: program, engine, instruction set, and the photographs' verdicts. */
static fd_error *tell_differences(const rerun *r)
{
    fd_error *err = NULL;
    fd_recipe now = {0};
    FD_TRY(fd_recipe_read(r->output, NULL, NULL, &now));
    for (size_t i = 0; i < r->recipe.pin.n; i++) {
        const fd_setting *was = &r->recipe.pin.line[i];
        const char *is = fd_settings_find(&now.pin, was->key);
        if (!is || strcmp(is, was->value) != 0)
            printf("%-22s %s: was %s, is %s\n", "different run", was->key, was->value, is ? is : "none");
    }
    for (int64_t i = 0; i < now.photographs.n && now.photographs.n == r->recipe.photographs.n; i++) {
        const fd_entry *a = &r->recipe.photographs.entry[i], *b = &now.photographs.entry[i];
        char name[FD_ESCAPED];
        if (a->probe.status != b->probe.status || memcmp(&r->recipe.sha256[i], &now.sha256[i], sizeof *now.sha256) != 0)
            printf("%-22s %s: was %s, is %s\n", "different photograph", fd_escape(name, sizeof name, a->key),
                   fd_image_status_name(a->probe.status), fd_image_status_name(b->probe.status));
    }
done:
    fd_recipe_free(&now);
    return err;
}

typedef struct verdict {
    rerun *rerun;
    int exit_code;
} verdict;

/* Rank 0. */
static fd_error *judge(void *self)
{
    fd_error *err = NULL;
    verdict *v = self;
    const rerun *r = v->rerun;
    const fd_recipe *p = &r->recipe;
    FD_TRY(compare(r, &v->exit_code));
    if (v->exit_code != FD_EXIT_OK)
        FD_TRY(tell_differences(r));
    if (v->exit_code == FD_EXIT_OK)
        printf("reproduced: %lld photographs, %s (%s) of %s on %s\n", (long long)p->photographs.n, p->program, p->revision, p->finished,
               p->host);
    else
        printf("not reproduced: the new result is another one%s\n",
               fd_opt_flag(r->options, "tolerance") ? "" : " (--tolerance tells whether its faces are the same)");
    if (!fd_opt_set(r->options, "output"))
        unlink(r->output);
done:
    return err;
}

static fd_error *run_and_compare(rerun *r, int *exit_code)
{
    fd_error *err = NULL;
    fd_job *job = &r->job;
    const struct fd_names names = {find_photographs, r, r->recipe.folder ? r->recipe.folder : ""};
    verdict v = {r, FD_EXIT_FAILED};
    FD_TRY(set_options(r));
    err = fd_run_named_faces(job->comm, r->faces, &names, exit_code);
    if (fd_error_code(err) == FD_UNSUPPORTED)
        err = fd_error_prefix(err, "not reproduced: what computed the result is not to be had here (--device auto --isa auto --tolerance "
                                   "compares its faces)");
    if (err)
        goto done;
    if (*exit_code != FD_EXIT_OK)
        goto done;
    FD_TRY(fd_job_together(job, job->rank == 0 ? judge : NULL, &v));
    int64_t code = v.exit_code == FD_EXIT_OK ? FD_EXIT_OK : FD_EXIT_FAILED;
    FD_TRY(fd_comm_broadcast(job->comm, &code, sizeof code, 0));
    *exit_code = (int)code;
done:
    return err;
}

/* --- the whole ----------------------------------------------------------------------------------------------------------------------- */

/* Rank 0: a result that is there already would be taken for the new one, the old result itself above all. */
static fd_error *check_output(const rerun *r)
{
    struct stat old, new;
    char shown[FD_ESCAPED];
    if (stat(r->output, &new) != 0)
        return NULL;
    fd_escape(shown, sizeof shown, r->output);
    if (stat(fd_positional(r->options, 0), &old) == 0 && old.st_dev == new.st_dev && old.st_ino == new.st_ino)
        return FD_FAIL(FD_USAGE, "--output %s is the result that is to be made again", shown);
    if (fd_opt_set(r->options, "output") && !fd_opt_flag(r->options, "force"))
        return FD_FAIL(FD_USAGE, "--output %s is there already (--force replaces it)", shown);
    return NULL;
}

/* The new result's name; the recipe on rank 0. */
static fd_error *prepare(rerun *r)
{
    fd_error *err = NULL;
    fd_string name = {0};
    const char *output = fd_opt_text(r->options, "output");
    FD_TRY(fd_string_add(&name, "%s%s", output ? output : fd_positional(r->options, 0), output ? "" : ".rerun"));
    r->output = name.text;
    FD_TRY(fd_comm_agree(r->job.comm, r->job.rank == 0 ? check_output(r) : NULL));
    FD_TRY(fd_comm_agree(r->job.comm, r->job.rank == 0 ? read_recipe(r) : NULL));
done:
    return err;
}

fd_error *fd_run_rerun(fd_comm *c, fd_options *options, int *exit_code)
{
    fd_error *err = NULL;
    rerun r = {.job = {.comm = c, .options = options, .rank = fd_comm_rank(c), .ranks = fd_comm_ranks(c)}, .options = options};
    bool fine = false;
    *exit_code = FD_EXIT_FAILED;
    fd_comm_set_timeout(c, fd_opt_real(options, "timeout"));
    FD_TRY(prepare(&r));
    FD_TRY(check(&r, &fine));
    if (fine)
        FD_TRY(run_and_compare(&r, exit_code));
    if (fflush(stdout) != 0)
        FD_THROW(FD_IO, "cannot write to standard output");
done:
    fd_recipe_free(&r.recipe);
    fd_options_free(r.faces);
    free(r.arguments.text);
    free(r.output);
    return err;
}
