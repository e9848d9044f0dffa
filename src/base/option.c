#include "base/option.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/option_private.h"

static const fd_option own_options[] = {
    {.name = "verbose", .letter = 'v', .type = FD_OPT_ACTION, .group = "Help and messages", .help = "Say more: what was chosen and why; -vv for details."},
    {.name = "quiet", .letter = 'q', .type = FD_OPT_ACTION, .group = "Help and messages", .help = "Say nothing but warnings and errors."},
    {.name = "help", .letter = 'h', .type = FD_OPT_ACTION, .group = "Help and messages", .help = "Show this help and exit."},
    {.name = "version", .type = FD_OPT_ACTION, .group = "Help and messages", .help = "Show name, version and revision and exit."},
    {.name = "features", .type = FD_OPT_ACTION, .group = "Help and messages", .help = "Show version, engines and libraries, as this machine has them, and exit."},
    {.name = "generate", .type = FD_OPT_ACTION, .metavar = "man|bash", .help = "Print the man page or the completion for bash."},
};

const fd_option *fd_option_at(const fd_program *program, int i)
{
    if (i < program->n)
        return &program->options[i];
    i -= program->n;
    return i < (int)(sizeof own_options / sizeof *own_options) ? &own_options[i] : NULL;
}

int fd_option_find(const fd_program *program, const char *name, size_t n)
{
    const fd_option *option;
    for (int i = 0; (option = fd_option_at(program, i)); i++)
        if (strlen(option->name) == n && !memcmp(option->name, name, n))
            return i;
    return -1;
}

bool fd_option_takes_value(const fd_option *option)
{
    return option->type == FD_OPT_ACTION ? option->metavar != NULL : option->type != FD_OPT_FLAG;
}

fd_error *fd_options_new(const fd_program *program, fd_options **out)
{
    fd_error *err = NULL;
    fd_options *o = NULL;
    FD_TRY(fd_alloc(&o, 1, sizeof *o));
    o->program = program;
    FD_TRY(fd_alloc(&o->value, (size_t)program->n, sizeof *o->value));
    FD_TRY(fd_alloc(&o->given, (size_t)program->n, sizeof *o->given));
    for (int i = 0; i < program->n; i++) {
        const fd_option *option = &program->options[i];
        const char *fallback = option->fallback ? option->fallback : option->type == FD_OPT_FLAG ? "false" : NULL;
        if (fallback)
            FD_TRY(fd_option_check(option, fallback, &o->value[i]));
    }
    *out = o;
    return NULL;
done:
    fd_options_free(o);
    return err;
}

void fd_options_free(fd_options *o)
{
    if (!o)
        return;
    for (int i = 0; o->value && i < o->program->n; i++)
        free(o->value[i]);
    for (size_t i = 0; i < o->n_positional; i++)
        free(o->positional[i]);
    free(o->value);
    free(o->given);
    free(o->positional);
    free(o);
}

static fd_error *replace_value(fd_options *o, int i, const char *text)
{
    char *canonical;
    fd_error *err = fd_option_check(&o->program->options[i], text, &canonical);
    if (err)
        return err;
    free(o->value[i]);
    o->value[i] = canonical;
    return NULL;
}

fd_error *fd_options_set(fd_options *o, int i, const char *text)
{
    fd_error *err = replace_value(o, i, text);
    if (!err)
        o->given[i] = true;
    return err;
}

fd_error *fd_options_add_positional(fd_options *o, const char *text)
{
    fd_error *err = fd_grow(&o->positional, &o->capacity, o->n_positional + 1, sizeof *o->positional);
    if (!err)
        err = fd_strdup(&o->positional[o->n_positional], text);
    if (!err)
        o->n_positional++;
    return err;
}

int fd_positionals(const fd_options *o)
{
    return (int)o->n_positional;
}

const char *fd_positional(const fd_options *o, int i)
{
    assert(i >= 0 && (size_t)i < o->n_positional);
    return o->positional[i];
}

int fd_option_verbosity(const fd_options *o)
{
    return o->verbosity;
}

static int index_of(const fd_options *o, const char *name)
{
    int i = fd_option_find(o->program, name, strlen(name));
    assert(i >= 0 && i < o->program->n);
    return i;
}

/* The text of an option that must be of one of the types in `types` (bits) and have a value. */
static const char *checked(const fd_options *o, const char *name, unsigned types, bool must_be_set)
{
    int i = index_of(o, name);
    assert(types >> o->program->options[i].type & 1);
    assert(!must_be_set || o->value[i]);
    return o->value[i];
}

bool fd_opt_given(const fd_options *o, const char *name)
{
    return o->given[index_of(o, name)];
}

bool fd_opt_set(const fd_options *o, const char *name)
{
    return o->value[index_of(o, name)] != NULL;
}

bool fd_opt_flag(const fd_options *o, const char *name)
{
    return !strcmp(checked(o, name, 1u << FD_OPT_FLAG, true), "true");
}

int64_t fd_opt_int(const fd_options *o, const char *name)
{
    const char *text = checked(o, name, 1u << FD_OPT_INT | 1u << FD_OPT_COUNT | 1u << FD_OPT_BYTES, true);
    fd_option_type type = o->program->options[index_of(o, name)].type;
    int64_t value = 0;
    if (type == FD_OPT_INT)
        return strtoll(text, NULL, 10);
    fd_error *err = fd_parse_size(text, type == FD_OPT_BYTES, &value);
    assert(!err);   /* it was checked */
    fd_error_free(err);
    return value;
}

double fd_opt_real(const fd_options *o, const char *name)
{
    return strtod(checked(o, name, 1u << FD_OPT_REAL, true), NULL);
}

int fd_opt_reals(const fd_options *o, const char *name, double *values, int capacity)
{
    const char *text = checked(o, name, 1u << FD_OPT_REALS, false);
    return text ? fd_option_reals(text, values, capacity) : 0;
}

const char *fd_opt_text(const fd_options *o, const char *name)
{
    return checked(o, name, 1u << FD_OPT_TEXT | 1u << FD_OPT_CHOICE, false);
}

int fd_opt_choice(const fd_options *o, const char *name)
{
    const char *text = checked(o, name, 1u << FD_OPT_CHOICE, true), *choice = o->program->options[index_of(o, name)].choices;
    for (int i = 0;; i++) {
        size_t n = strcspn(choice, "|");
        if (strlen(text) == n && !memcmp(text, choice, n))
            return i;
        assert(choice[n]);   /* it was checked */
        choice += n + 1;
    }
}

fd_error *fd_opt_resolve(fd_options *o, const char *name, const char *value)
{
    return replace_value(o, index_of(o, name), value);
}

fd_error *fd_opt_default(fd_options *o, const char *name, double value)
{
    char text[64];
    if (fd_opt_set(o, name))
        return NULL;
    snprintf(text, sizeof text, "%.15g", value);
    return fd_opt_resolve(o, name, text);
}

const fd_option *fd_opt_at(const fd_options *o, int i, const char **value)
{
    for (int j = 0; j < o->program->n; j++)
        if (o->program->options[j].type != FD_OPT_ACTION && i-- == 0) {
            *value = o->value[j];
            return &o->program->options[j];
        }
    return NULL;
}
