/* Inputs and lists to a sorted manifest without doubles. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/entry.h"
#include "data/names.h"
#include "data/walk.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Two of the inputs may not be folders of the same name. */
static fd_error *check_prefixes(char *const *normal, int n)
{
    fd_error *err = NULL;
    const char **sorted = NULL;
    FD_TRY(fd_alloc(&sorted, (size_t)n, sizeof *sorted));
    for (int i = 0; i < n; i++)
        sorted[i] = normal[i];
    qsort(sorted, (size_t)n, sizeof *sorted, by_name);
    for (int i = 1; i < n; i++) {
        struct stat s;
        char name[FD_ESCAPED];
        const char *place = *sorted[i] ? sorted[i] : ".";
        if (!strcmp(sorted[i], sorted[i - 1]) && !fd_stat_path(place, &s) && S_ISDIR(s.st_mode))
            FD_THROW(FD_USAGE, "the folder %s is given twice", fd_escape(name, sizeof name, place));
    }
done:
    free(sorted);
    return err;
}

static fd_error *add_input(fd_walk *w, const char *typed, const char *normal, bool several)
{
    struct stat s;
    char name[FD_ESCAPED];
    fd_verdict v = {FD_IMAGE_OK, ""};
    fd_error *asked = fd_walk_visit(w, typed);
    if (asked)
        return asked;
    if (fd_stat_path(typed, &s)) {
        int code = errno;
        v = fd_verdict_of_errno(code);
        if (code != EACCES)
            return FD_FAIL(FD_USAGE, "cannot use the input %s: %s", fd_escape(name, sizeof name, typed), v.detail);
    } else if (S_ISDIR(s.st_mode)) {
        return fd_walk_folder(w, several ? normal : "", *normal ? normal : ".", true);
    }
    return fd_walk_add(w, several ? normal : fd_name_last(normal), normal, v.status == FD_IMAGE_OK ? NULL : &v);
}

static fd_error *add_listed(fd_walk *w, const char *line)
{
    struct stat s;
    fd_error *asked = fd_walk_visit(w, line);
    if (asked)
        return asked;
    if (!fd_stat_path(line, &s) && S_ISDIR(s.st_mode))
        return fd_walk_folder(w, line, line, false);
    return fd_walk_add(w, line, line, NULL);
}

static fd_error *read_list(const char *list, char **text, size_t *n)
{
    fd_error *err = NULL;
    size_t capacity = 0;
    char name[FD_ESCAPED];
    bool is_stdin = !strcmp(list, "-");
    int fd = is_stdin ? STDIN_FILENO : fd_open_path(list, O_RDONLY);
    if (fd < 0)
        FD_THROW(FD_USAGE, "cannot open the list %s: %s", fd_escape(name, sizeof name, list), strerrordesc_np(errno));
    for (ssize_t got = 1; got;) {
        FD_TRY(fd_grow(text, &capacity, *n + 65536, 1));
        got = read(fd, *text + *n, capacity - *n - 1);
        if (got < 0 && errno != EINTR)
            FD_THROW(FD_IO, "cannot read the list %s: %s", fd_escape(name, sizeof name, list), strerrordesc_np(errno));
        *n += got > 0 ? (size_t)got : 0;
    }
    (*text)[*n] = 0;
done:
    if (fd >= 0 && !is_stdin)
        close(fd);
    return err;
}

/* A list that holds NUL bytes is one of `find -print0`, for names with newlines; else lines, of which "\r\n" loses both. */
static fd_error *add_list(fd_walk *w, const char *list)
{
    fd_error *err = NULL;
    char *text = NULL;
    size_t n = 0;
    FD_TRY(fd_walk_visit(w, list));
    FD_TRY(read_list(list, &text, &n));
    char end = memchr(text, 0, n) ? 0 : '\n';
    const char *first = memchr(text, '\n', n);
    bool carriage = end && first && first > text && first[-1] == '\r';
    for (char *line = text + fd_text_mark(text); line < text + n;) {
        char *stop = memchr(line, end, (size_t)(text + n - line));
        char *next = stop ? stop + 1 : text + n;
        if (stop)
            *stop = 0;
        size_t length = strlen(line);
        if (carriage && length && line[length - 1] == '\r')
            line[length - 1] = 0;
        if (*line)
            FD_TRY(add_listed(w, line));
        line = next;
    }
done:
    free(text);
    return err;
}

/* An entry with the name that tells doubles. */
typedef struct named {
    char *place;   /* absolute and normalised */
    fd_entry *entry;
    int64_t order;   /* in which it was named */
} named;

static int by_place(const void *a, const void *b)
{
    const named *x = a, *y = b;
    int order = strcmp(x->place, y->place);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static fd_error *name_place(const char *here, const char *path, char **place)
{
    fd_error *err = NULL;
    char *whole = NULL;
    FD_TRY(fd_name_join(*path == '/' ? "" : here, path, &whole));
    FD_TRY(fd_name_normalise(whole, place));
done:
    free(whole);
    return err;
}

static void close_ranks(fd_manifest *m)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < m->n; i++)
        if (m->entry[i].key)
            m->entry[kept++] = m->entry[i];
    m->n = kept;
}

/* Of entries at the same place, the one that was named first stays. */
static fd_error *drop_doubles(fd_manifest *m)
{
    fd_error *err = NULL;
    named *names = NULL;
    char *here = getcwd(NULL, 0);
    const int64_t n = m->n;
    FD_TRY(fd_alloc(&names, (size_t)n, sizeof *names));
    for (int64_t i = 0; i < n; i++) {
        names[i] = (named){NULL, &m->entry[i], i};
        FD_TRY(name_place(here ? here : "", m->entry[i].path, &names[i].place));
    }
    qsort(names, (size_t)n, sizeof *names, by_place);
    for (int64_t i = 1; i < n; i++)
        if (!strcmp(names[i].place, names[i - 1].place))
            fd_entry_free(names[i].entry);
    close_ranks(m);
done:
    for (int64_t i = 0; names && i < n; i++)
        free(names[i].place);
    free(names);
    free(here);
    return err;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const fd_entry *)a)->key, ((const fd_entry *)b)->key);   /* bytes as unsigned: memcmp's order */
}

static fd_error *normalise_all(const fd_scan_config *config, char ***normal)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(normal, (size_t)config->n_inputs, sizeof **normal));
    for (int i = 0; i < config->n_inputs; i++) {
        if (!*config->inputs[i])
            FD_THROW(FD_USAGE, "an input without a name");
        FD_TRY(fd_name_normalise(config->inputs[i], &(*normal)[i]));
    }
    FD_TRY(check_prefixes(*normal, config->n_inputs));
done:
    return err;
}

fd_error *fd_scan(const fd_scan_config *config, fd_manifest *out)
{
    fd_error *err = NULL;
    *out = (fd_manifest){0};
    fd_walk w = {.glob = config->glob, .visit = config->visit, .self = config->self};
    char **normal = NULL;
    bool several = config->n_inputs + (config->list != NULL) > 1;
    FD_TRY(normalise_all(config, &normal));
    for (int i = 0; i < config->n_inputs; i++)
        FD_TRY(add_input(&w, config->inputs[i], normal[i], several));
    if (config->list)
        FD_TRY(add_list(&w, config->list));
    if (several || config->list)
        FD_TRY(drop_doubles(&w.found));
    if (w.found.n)
        qsort(w.found.entry, (size_t)w.found.n, sizeof *w.found.entry, by_key);
    *out = w.found;
    w.found = (fd_manifest){0};
done:
    for (int i = 0; normal && i < config->n_inputs; i++)
        free(normal[i]);
    free(normal);
    fd_walk_free(&w);
    return err;
}
