/* The INI file of a program's options: section [PROGRAM] or none, "key = value" with the options' long names, "input" for each positional. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/ini.h"
#include "base/memory.h"
#include "base/option_private.h"

enum { LARGEST_CONFIG = 16 << 20 };   /* bytes: a hundred thousand inputs */

static const char POSITIONAL[] = "input";

typedef struct fd_config {
    fd_options *o;
    bool *seen;              /* [n] keys of this file */
    bool takes_positional;   /* none on the command line */
} fd_config;

/* [facesdist-compare] in a file that several programs of the family share. */
static bool is_sibling(const char *program, const char *section)
{
    size_t n = strcspn(program, "-");
    return !strncmp(section, program, n) && (section[n] == 0 || section[n] == '-');
}

static fd_error *unknown_key(const fd_program *program, const char *key)
{
    const char *names[256] = {POSITIONAL};
    char shown[FD_ESCAPED];
    int n = 1;
    for (int i = 0; i < program->n && n < 256; i++)
        if (program->options[i].type != FD_OPT_ACTION)
            names[n++] = program->options[i].name;
    int near = fd_nearest(key, names, n);
    return FD_FAIL(FD_USAGE, "unknown key \"%s\"%s%s%s", fd_escape(shown, sizeof shown, key), near >= 0 ? "; did you mean \"" : "",
                   near >= 0 ? names[near] : "", near >= 0 ? "\"?" : "");
}

static fd_error *one_key(void *self, const char *section, const char *key, const char *value, int line)
{
    fd_config *config = self;
    fd_options *o = config->o;
    const fd_program *program = o->program;
    char shown[FD_ESCAPED];
    (void)line;
    if (*section && strcmp(section, program->name) != 0)
        return is_sibling(program->name, section) ? NULL
                                                  : FD_FAIL(FD_USAGE, "unknown section [%s]; the options of %s belong into [%s]",
                                                            fd_escape(shown, sizeof shown, section), program->name, program->name);
    if (!strcmp(key, POSITIONAL))
        return config->takes_positional ? fd_options_add_positional(o, value) : NULL;
    int i = fd_option_find(program, key, strlen(key));
    if (i < 0 || i >= program->n || program->options[i].type == FD_OPT_ACTION)
        return unknown_key(program, key);
    if (!strcmp(key, "config"))
        return FD_FAIL(FD_USAGE, "a configuration cannot name another");
    if (config->seen[i])
        return FD_FAIL(FD_USAGE, "\"%s\" is given twice", key);
    config->seen[i] = true;
    if (!o->given[i])
        return fd_options_set(o, i, value);
    char *unused = NULL;   /* yields to the command line, but must be right all the same */
    fd_error *err = fd_option_check(&program->options[i], value, &unused);
    free(unused);
    return err;
}

fd_error *fd_options_read_config(fd_options *o, const char *path)
{
    fd_error *err = NULL;
    fd_config config = {.o = o, .takes_positional = o->n_positional == 0};
    uint8_t *bytes = NULL;
    size_t n = 0;
    FD_TRY(fd_file_read(path, LARGEST_CONFIG, &bytes, &n));
    FD_TRY(fd_alloc(&config.seen, (size_t)o->program->n, sizeof *config.seen));
    FD_TRY(fd_ini_parse((const char *)bytes, n, path, one_key, &config));
done:
    free(bytes);
    free(config.seen);
    return err;
}

/* One line of the file; a value that would be read back as another is quoted, one that cannot be read back at all is refused. */
static fd_error *add_pair(fd_string *text, const char *key, const char *value)
{
    char shown[FD_ESCAPED];
    size_t n = strlen(value), before = text->length;
    bool blanks = n > 0 && (strchr(" \t\r\f\v", value[0]) || strchr(" \t\r\f\v", value[n - 1])), quotes = n > 1 && value[0] == '"' && value[n - 1] == '"';
    const char *quote = blanks || quotes ? "\"" : "";
    fd_error *err = strchr(value, '\n') ? FD_FAIL(FD_USAGE, "a line break") : fd_string_add(text, "%s = %s%s%s\n", key, quote, value, quote);
    if (!err && text->length - before > FD_INI_LINE)
        err = FD_FAIL(FD_USAGE, "longer than a line may be");
    return err ? fd_error_prefix(err, "a configuration cannot hold %s \"%s\"", key, fd_escape(shown, sizeof shown, value)) : NULL;
}

fd_error *fd_options_save(const fd_options *o, const char *path)
{
    fd_error *err = NULL;
    fd_string text = {0};
    FD_TRY(fd_string_add(&text, "; options of %s\n[%s]\n", o->program->name, o->program->name));
    for (int i = 0; i < o->program->n; i++)
        if (o->given[i] && strcmp(o->program->options[i].name, "config") != 0)
            FD_TRY(add_pair(&text, o->program->options[i].name, o->value[i]));
    for (size_t i = 0; i < o->n_positional; i++)
        FD_TRY(add_pair(&text, POSITIONAL, o->positional[i]));
    FD_TRY(fd_file_replace(path, text.text, text.length));
done:
    free(text.text);
    return err;
}
