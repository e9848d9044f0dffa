/* The command line. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/option_private.h"
#include "base/version.h"

/* A walk over argv. */
typedef struct fd_scan {
    fd_options *o;
    const fd_program *program;
    int argc, at;             /* argv[at] is the next argument */
    char **argv;
    FILE *out;                /* NULL: answers are another rank's */
    const char *save;         /* --save-config */
    bool answered, features;
} fd_scan;

static int find_letter(const fd_program *program, char letter)
{
    const fd_option *option;
    for (int i = 0; (option = fd_option_at(program, i)); i++)
        if (option->letter && option->letter == letter)
            return i;
    return -1;
}

/* The option that was probably meant: the nearest name, or one that begins like it. -1: none. */
static int probable(const fd_program *program, const char *word, bool flags_only)
{
    enum { MOST = 256 };
    const char *names[MOST];
    int index[MOST], n = 0;
    const fd_option *option;
    for (int i = 0; (option = fd_option_at(program, i)) && n < MOST; i++)
        if (option->group && (!flags_only || option->type == FD_OPT_FLAG)) {
            index[n] = i;
            names[n++] = option->name;
        }
    int near = fd_nearest(word, names, n);
    for (int i = 0; near < 0 && strlen(word) >= 2 && i < n; i++)
        if (!strncmp(names[i], word, strlen(word)))
            near = i;
    return near < 0 ? -1 : index[near];
}

static fd_error *unknown_long(const fd_program *program, const char *name, size_t n)
{
    char word[FD_ESCAPED], shown[FD_ESCAPED];
    snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), name);
    fd_escape(shown, sizeof shown, word);
    int meant = probable(program, word, false);
    const char *no = "";
    if (meant < 0 && !strncmp(word, "no-", 3)) {
        meant = probable(program, word + 3, true);
        no = "no-";
    }
    if (meant < 0)
        return FD_FAIL(FD_USAGE, "unknown option --%s", shown);
    return FD_FAIL(FD_USAGE, "unknown option --%s; did you mean --%s%s?", shown, no, fd_option_at(program, meant)->name);
}

static fd_error *unknown_letter(char letter)
{
    char text[2] = {letter, 0}, shown[16];
    return FD_FAIL(FD_USAGE, "unknown option -%s", fd_escape(shown, sizeof shown, text));
}

/* True for an argument that names one of our options: then it is no value of the option before it. */
static bool is_option(const fd_program *program, const char *text)
{
    if (text[0] != '-' || !text[1])
        return false;
    if (text[1] != '-')
        return find_letter(program, text[1]) >= 0;
    const char *name = text + 2 + (strncmp(text, "--no-", 5) ? 0 : 3);
    return !text[2] || fd_option_find(program, text + 2, strcspn(text + 2, "=")) >= 0 || fd_option_find(program, name, strcspn(name, "=")) >= 0;
}

/* The argument after an option that needs a value. */
static fd_error *next_value(fd_scan *s, const fd_option *option, const char **value)
{
    char shown[FD_ESCAPED];
    const char *wants = option->metavar ? option->metavar : option->choices ? option->choices : "VALUE";
    if (s->at >= s->argc)
        return FD_FAIL(FD_USAGE, "--%s needs a value: %s", option->name, wants);
    if (is_option(s->program, s->argv[s->at]))
        return FD_FAIL(FD_USAGE, "--%s needs a value: %s; \"%s\" is an option (write --%s=%s if it is meant)", option->name, wants,
                       fd_escape(shown, sizeof shown, s->argv[s->at]), option->name, shown);
    *value = s->argv[s->at++];
    return NULL;
}

static fd_error *answer(fd_scan *s, const char *name, const char *value)
{
    const fd_program *program = s->program;
    const bool follows = s->at < s->argc && !strcmp(s->argv[s->at], "--features");   /* --version --features */
    s->answered = true;
    s->features = !strcmp(name, "features") || (!strcmp(name, "version") && follows);
    if (value && strcmp(value, "man") != 0 && strcmp(value, "bash") != 0)
        return FD_FAIL(FD_USAGE, "--generate makes man or bash");
    if (!s->out)
        return NULL;
    if (!strcmp(name, "version") || s->features)
        fprintf(s->out, "%s %s (%s)\n", program->name, fd_version(), fd_revision());
    else if (!value)
        fd_options_print_help(program, s->out);
    else if (!strcmp(value, "man"))
        fd_options_print_man(program, s->out);
    else
        fd_options_print_completion(program, s->out);
    if (fflush(s->out) || ferror(s->out))
        return FD_FAIL(FD_IO, "cannot write what was asked for: %s", strerror(errno));
    return NULL;
}

/* Does what option i asks for; value is NULL for flags that stand alone. */
static fd_error *take(fd_scan *s, int i, const char *value)
{
    const fd_option *option = fd_option_at(s->program, i);
    if (option->type != FD_OPT_ACTION)
        return fd_options_set(s->o, i, value ? value : "true");
    if (i < s->program->n) {
        assert(!strcmp(option->name, "save-config") && value);   /* the only action that a table may name */
        s->save = value;
        return NULL;
    }
    if (option->letter == 'v')
        s->o->verbosity = s->o->verbosity < 0 ? 1 : s->o->verbosity < 2 ? s->o->verbosity + 1 : 2;
    else if (option->letter == 'q')
        s->o->verbosity = -1;
    else
        return answer(s, option->name, value);
    return NULL;
}

/* --name, --name=value, --name value, --no-name. */
static fd_error *take_long(fd_scan *s, const char *text)
{
    fd_error *err = NULL;
    size_t n = strcspn(text, "=");
    const char *value = text[n] ? text + n + 1 : NULL;
    int i = fd_option_find(s->program, text, n);
    if (i < 0 && n > 3 && !strncmp(text, "no-", 3)) {
        i = fd_option_find(s->program, text + 3, n - 3);
        if (i >= 0 && fd_option_at(s->program, i)->type != FD_OPT_FLAG)
            return FD_FAIL(FD_USAGE, "--%s cannot be negated: it takes a value", fd_option_at(s->program, i)->name);
        if (i >= 0 && value)
            return FD_FAIL(FD_USAGE, "--no-%s takes no value", fd_option_at(s->program, i)->name);
        value = "false";
    }
    if (i < 0)
        return unknown_long(s->program, text, n);
    const fd_option *option = fd_option_at(s->program, i);
    if (value && option->type == FD_OPT_ACTION && !option->metavar)
        return FD_FAIL(FD_USAGE, "--%s takes no value", option->name);
    if (!value && fd_option_takes_value(option))
        FD_TRY(next_value(s, option, &value));
    FD_TRY(take(s, i, value));
done:
    return err;
}

/* -v, -vv, -o x, -ox, -vo x. */
static fd_error *take_letters(fd_scan *s, const char *text)
{
    fd_error *err = NULL;
    for (; *text && !s->answered; text++) {
        int i = find_letter(s->program, *text);
        if (i < 0)
            return unknown_letter(*text);
        const char *value = NULL;
        bool wants = fd_option_takes_value(fd_option_at(s->program, i));
        if (wants && text[1])
            value = text + (text[1] == '=' ? 2 : 1);
        else if (wants)
            FD_TRY(next_value(s, fd_option_at(s->program, i), &value));
        FD_TRY(take(s, i, value));
        if (wants)
            break;
    }
done:
    return err;
}

static fd_error *scan(fd_scan *s)
{
    fd_error *err = NULL;
    bool only_positionals = false;
    while (s->at < s->argc && !s->answered) {
        const char *text = s->argv[s->at++];
        if (only_positionals || text[0] != '-' || !text[1])
            FD_TRY(fd_options_add_positional(s->o, text));
        else if (!strcmp(text, "--"))
            only_positionals = true;
        else if (text[1] == '-')
            FD_TRY(take_long(s, text + 2));
        else
            FD_TRY(take_letters(s, text + 1));
    }
done:
    return err;
}

/* The file that --config names, or the default one when nothing at all was typed. */
static fd_error *read_config(fd_scan *s)
{
    const char *path = fd_option_find(s->program, "config", 6) >= 0 ? fd_opt_text(s->o, "config") : NULL;
    if (!path && s->argc <= 1 && s->program->default_config && !access(s->program->default_config, F_OK)) {
        path = s->program->default_config;
        fd_say(FD_NORMAL, "%s: options from %s", s->program->name, path);
    }
    return path ? fd_options_read_config(s->o, path) : NULL;
}

static fd_error *count_positionals(const fd_program *program, int n)
{
    int first_way = (int)strcspn(program->usage, "\n");
    if (n < program->min_positional)
        return FD_FAIL(FD_USAGE, "%s: usage: %.*s", n ? "too few arguments" : "nothing to work on", first_way, program->usage);
    if (program->max_positional >= 0 && n > program->max_positional)
        return FD_FAIL(FD_USAGE, "%d arguments are too many: usage: %.*s", n, first_way, program->usage);
    return NULL;
}

static fd_error *save_config(fd_scan *s)
{
    char shown[FD_ESCAPED];
    s->answered = true;
    if (!s->out)
        return NULL;
    fd_error *err = fd_options_save(s->o, s->save);
    if (!err)
        fd_say(FD_NORMAL, "%s: options saved in %s", s->program->name, fd_escape(shown, sizeof shown, s->save));
    return err;
}

fd_error *fd_options_parse(const fd_program *program, int argc, char **argv, FILE *out, fd_options **options, fd_parsed *parsed)
{
    fd_error *err = NULL;
    fd_scan s = {.program = program, .argc = argc, .argv = argv, .at = 1, .out = out};
    *options = NULL;
    FD_TRY(fd_options_new(program, &s.o));
    FD_TRY(scan(&s));
    if (!s.answered)
        FD_TRY(read_config(&s));
    if (!s.answered && s.save)
        FD_TRY(save_config(&s));
    if (!s.answered)
        FD_TRY(count_positionals(program, fd_positionals(s.o)));
    *parsed = s.features ? FD_PARSED_FEATURES : s.answered ? FD_PARSED_ANSWERED : FD_PARSED_RUN;
    *options = s.o;
    return NULL;
done:
    fd_options_free(s.o);
    return err;
}
