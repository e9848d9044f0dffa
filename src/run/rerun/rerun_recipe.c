#include "run/rerun/rerun_recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/entry.h"
#include "data/names.h"
#include "run/faces/resolve.h"
#include "store/result.h"

/* --- settings ------------------------------------------------------------------------------------------------------------------------ */

fd_error *fd_settings_of(const char *text, fd_settings *out)
{
    fd_error *err = NULL;
    char *rest = NULL;
    *out = (fd_settings){0};
    FD_TRY(fd_strdup(&out->text, text));
    for (char *line = strtok_r(out->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *value = strstr(line, " = ");
        FD_TRY(fd_grow(&out->line, &out->capacity, out->n + 1, sizeof *out->line));
        out->line[out->n++] = (fd_setting){line, value ? value + 3 : line + strlen(line)};
        if (value)
            *value = 0;
    }
done:
    return err;
}

const char *fd_settings_find(const fd_settings *s, const char *key)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->line[i].key, key) == 0)
            return s->line[i].value;
    return NULL;
}

void fd_settings_free(fd_settings *s)
{
    free(s->text);
    free(s->line);
    *s = (fd_settings){0};
}

/* --- /run ---------------------------------------------------------------------------------------------------------------------------- */

/* An attribute of /run that may be absent: then "". */
static fd_error *ask(fd_result *r, const char *name, char **out)
{
    fd_error *err = NULL;
    FD_TRY(fd_result_attribute(r, NULL, name, out));
    if (!*out)
        FD_TRY(fd_strdup(out, ""));
done:
    return err;
}

static fd_error *read_notes(fd_result *r, fd_recipe *p)
{
    fd_error *err = NULL;
    if (fd_result_has(r, "/run")) {
        FD_TRY(ask(r, "program", &p->program));
        FD_TRY(ask(r, "revision", &p->revision));
        FD_TRY(ask(r, "instruction set", &p->isa));
        FD_TRY(ask(r, "host", &p->host));
        FD_TRY(ask(r, "finished", &p->finished));
    }
    if (!p->program || strncmp(p->program, "facesdist ", 10) != 0)
        FD_THROW(FD_FORMAT, "it is no result of facesdist: its /run does not say so");
done:
    return err;
}

/* The options that determined the bytes: as the pin has them, and as /run's own attributes do. */
static fd_error *read_settings(fd_result *r, fd_recipe *p)
{
    fd_error *err = NULL;
    char *pin = NULL, *value = NULL, name[96];
    fd_string said = {0};
    FD_TRY(ask(r, "pin", &pin));
    FD_TRY(fd_settings_of(pin, &p->pin));
    if (p->pin.n == 0)
        FD_THROW(FD_FORMAT, "its /run lacks the attribute \"pin\"");
    for (size_t i = 0; i < p->pin.n; i++) {
        const char *key = p->pin.line[i].key;
        if (strncmp(key, "--", 2) != 0)
            continue;
        snprintf(name, sizeof name, "option %s", key + 2);
        free(value);
        FD_TRY(fd_result_attribute(r, NULL, name, &value));
        FD_TRY(fd_string_add(&said, "%s = %s\n", key, value ? value : ""));
    }
    FD_TRY(fd_settings_of(said.text ? said.text : "", &p->said));
done:
    free(said.text);
    free(pin);
    free(value);
    return err;
}

/* --- where the photographs are ------------------------------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat s;
    return fd_stat_path(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* *out = path, relative to `folder`. */
static fd_error *under(const char *folder, const char *path, char **out)
{
    return *path == '/' ? fd_strdup(out, path) : fd_name_join(folder, path, out);
}

/* The one input of a run that had no list: the keys are relative to it, or it is the photograph itself. */
static fd_error *folder_of_input(const fd_recipe *p, const char *here, const char *input, char **out)
{
    fd_error *err = NULL;
    char *path = NULL;
    FD_TRY(under(here, input, &path));
    if (p->photographs.n == 1 && strcmp(p->photographs.entry[0].key, fd_name_last(path)) == 0 && !is_folder(path)) {
        char *slash = strrchr(path, '/');
        if (slash)
            slash[slash == path] = 0;
        else
            *path = 0;
    }
    *out = path;
    path = NULL;
done:
    free(path);
    return err;
}

/* What the inputs were, and where they were typed. */
typedef struct inputs {
    char *here, *list, *demo, **typed;
    int64_t n;
} inputs;

static fd_error *read_inputs(fd_result *r, inputs *in)
{
    fd_error *err = NULL;
    FD_TRY(ask(r, "folder", &in->here));
    FD_TRY(ask(r, "option list", &in->list));
    FD_TRY(ask(r, "option demo", &in->demo));
    if (fd_result_has(r, "/run/inputs"))
        FD_TRY(fd_result_read(r, "/run/inputs", FD_COL_TEXT, 0, -1, (void **)&in->typed, &in->n));
    if (!*in->here)
        fd_say(FD_NORMAL, "the result does not say where it was made: its names are taken from the present folder");
done:
    return err;
}

/* What the keys are relative to: the only input, else the folder in which the program was called. */
static fd_error *find_folder(const char *photos, const inputs *in, fd_recipe *p)
{
    fd_error *err = NULL;
    char *folder = NULL, *here = getcwd(NULL, 0);
    const bool demo = strcmp(in->demo, "true") == 0;
    p->moved = photos != NULL;
    if (p->moved)
        FD_TRY(fd_strdup(&folder, photos));
    else if (demo && in->n == 0 && !*in->list)
        FD_TRY(fd_job_installed("photos", &folder));
    else if (!demo && in->n == 1 && !*in->list)
        FD_TRY(folder_of_input(p, in->here, in->typed[0], &folder));
    else
        FD_TRY(fd_strdup(&folder, in->here));
    FD_TRY(under(here ? here : ".", folder, &p->folder));
done:
    free(folder);
    free(here);
    return err;
}

static fd_error *find_model(fd_result *r, const char *model, const inputs *in, fd_recipe *p)
{
    fd_error *err = NULL;
    char *recorded = NULL;
    if (model)
        return fd_strdup(&p->model, model);
    FD_TRY(ask(r, "option model", &recorded));
    FD_TRY(under(in->here, recorded, &p->model));
done:
    free(recorded);
    return err;
}

static fd_error *find_places(fd_result *r, const char *photos, const char *model, fd_recipe *p)
{
    fd_error *err = NULL;
    inputs in = {0};
    FD_TRY(read_inputs(r, &in));
    FD_TRY(find_folder(photos, &in, p));
    FD_TRY(find_model(r, model, &in, p));
done:
    free(in.here);
    free(in.list);
    free(in.demo);
    free(in.typed);
    return err;
}

static fd_error *name_paths(fd_recipe *p)
{
    fd_error *err = NULL;
    for (int64_t i = 0; i < p->photographs.n; i++) {
        fd_entry *e = &p->photographs.entry[i];
        const char *key = e->key;
        while (p->moved && *key == '/')
            key++;
        FD_TRY(under(p->folder, key, &e->path));
    }
done:
    return err;
}

/* --- the photographs ----------------------------------------------------------------------------------------------------------------- */

typedef struct rows {
    char **key, **detail;
    uint8_t *status;
} rows;

static fd_error *column(fd_result *r, const char *path, fd_column_type type, int64_t *n, void *out)
{
    fd_error *err = NULL;
    int64_t got = 0;
    FD_TRY(fd_result_read(r, path, type, 0, -1, out, &got));
    if (*n >= 0 && got != *n)
        FD_THROW(FD_FORMAT, "%s has %lld rows, not %lld", path, (long long)got, (long long)*n);
    *n = got;
done:
    return err;
}

static fd_error *fill_manifest(const rows *t, int64_t n, fd_recipe *p)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&p->photographs.entry, (size_t)n, sizeof *p->photographs.entry));
    p->photographs.n = n;
    for (int64_t i = 0; i < n; i++) {
        fd_entry *e = &p->photographs.entry[i];
        FD_TRY(fd_strdup(&e->key, t->key[i]));
        e->probe.is_image = 1;
        e->probe.status = t->status[i];
        if (*t->detail[i])
            FD_TRY(fd_strdup(&e->detail, t->detail[i]));
        if (!*e->key || (i > 0 && strcmp(t->key[i - 1], e->key) >= 0))
            FD_THROW(FD_FORMAT, "/images/path is not sorted");
    }
done:
    return err;
}

static fd_error *read_photographs(fd_result *r, fd_recipe *p)
{
    fd_error *err = NULL;
    rows t = {0};
    int rank = 0;
    int64_t n = -1, dim[4] = {0};
    FD_TRY(column(r, "/images/path", FD_COL_TEXT, &n, &t.key));
    FD_TRY(column(r, "/images/detail", FD_COL_TEXT, &n, &t.detail));
    FD_TRY(column(r, "/images/status", FD_COL_U8, &n, &t.status));
    FD_TRY(fd_result_shape(r, "/images/sha256", &rank, dim));
    if (rank != 2 || dim[1] != (int64_t)sizeof *p->sha256)
        FD_THROW(FD_FORMAT, "/images/sha256 has not the shape it should have");
    FD_TRY(column(r, "/images/sha256", FD_COL_U8, &n, &p->sha256));
    FD_TRY(fill_manifest(&t, n, p));
done:
    free(t.key);
    free(t.detail);
    free(t.status);
    return err;
}

fd_error *fd_recipe_read(const char *result, const char *photos, const char *model, fd_recipe *out)
{
    fd_error *err = NULL;
    fd_result *r = NULL;
    bool opened = false;
    char shown[FD_ESCAPED];
    *out = (fd_recipe){0};
    FD_TRY(fd_strdup(&out->result, result));
    FD_TRY(fd_result_open(out->result, &r));
    opened = true;
    FD_TRY(read_notes(r, out));
    FD_TRY(read_settings(r, out));
    FD_TRY(read_photographs(r, out));
    FD_TRY(find_places(r, photos, model, out));
    FD_TRY(name_paths(out));
done:
    fd_result_close(r);
    return err && opened ? fd_error_prefix(err, "%s", fd_escape(shown, sizeof shown, out->result)) : err;
}

void fd_recipe_free(fd_recipe *p)
{
    char *const all[] = {p->result, p->folder, p->model, p->program, p->revision, p->isa, p->host, p->finished};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    fd_manifest_free(&p->photographs);
    fd_settings_free(&p->pin);
    fd_settings_free(&p->said);
    free(p->sha256);
}
