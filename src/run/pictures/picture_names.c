#include "run/pictures/picture_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

const char *fd_picture_extension(fd_picture_format format)
{
    static const char *const extension[] = {[FD_PICTURE_PNG] = ".png", [FD_PICTURE_JPEG] = ".jpg", [FD_PICTURE_NPY] = ".npy"};
    return extension[format];
}

/* Where the extension of a name begins: its last dot, if it is neither the first letter of the name nor the last; else its end. */
size_t fd_picture_stem(const char *name)
{
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name, *dot = strrchr(last, '.');
    return dot && dot > last && dot[1] ? (size_t)(dot - name) : strlen(name);
}

bool fd_picture_format_of(const char *name, fd_picture_format *out)
{
    const char *end = name + fd_picture_stem(name);
    const bool png = strcasecmp(end, ".png") == 0, jpeg = strcasecmp(end, ".jpg") == 0 || strcasecmp(end, ".jpeg") == 0, npy = strcasecmp(end, ".npy") == 0;
    *out = npy ? FD_PICTURE_NPY : jpeg ? FD_PICTURE_JPEG : FD_PICTURE_PNG;
    return png || jpeg || npy;
}

/* The key without what leads out of the folder, in place. */
static void keep_inside(char *key)
{
    char *to = key;
    for (const char *part = key; *part;) {
        const size_t n = strcspn(part, "/");
        const bool dots = (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.');
        if (n > 0 && !dots) {
            if (to > key)
                *to++ = '/';
            memmove(to, part, n);
            to += n;
        }
        part += n + (part[n] == '/');
    }
    *to = 0;
}

typedef struct named { char *name; int64_t id; } named;

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

static fd_error *sorted_names(char **names, int64_t n, named **out)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(out, (size_t)n, sizeof **out));
    for (int64_t i = 0; i < n; i++)
        (*out)[i] = (named){names[i], i};
    qsort(*out, (size_t)n, sizeof **out, by_name);
done:
    return err;
}

static fd_error *with_extension(const char *key, size_t stem, const char *extension, char **out)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(out, stem + strlen(extension) + 1, 1));
    memcpy(*out, key, stem);
    strcpy(*out + stem, extension);
    keep_inside(*out);
done:
    return err;
}

/* Of several that would have one name, those that do not have it already get it behind their own. */
static fd_error *tell_apart(const fd_manifest *m, const char *extension, char **names)
{
    fd_error *err = NULL;
    named *sorted = NULL;
    FD_TRY(sorted_names(names, m->n, &sorted));
    for (int64_t i = 0, end; i < m->n; i = end) {
        for (end = i + 1; end < m->n && strcmp(sorted[end].name, sorted[i].name) == 0; end++)
            ;
        for (int64_t k = i; end > i + 1 && k < end; k++) {
            const char *key = m->entry[sorted[k].id].key;
            char *longer = NULL;
            if (strcmp(key, sorted[k].name) == 0)
                continue;
            FD_TRY(with_extension(key, strlen(key), extension, &longer));
            names[sorted[k].id] = longer;   /* the shorter one is freed when nothing is compared with it any more */
        }
    }
done:
    for (int64_t i = 0; sorted && i < m->n; i++)
        if (names[sorted[i].id] != sorted[i].name)
            free(sorted[i].name);
    free(sorted);
    return err;
}

static fd_error *refuse_doubles(const fd_manifest *m, char **names)
{
    fd_error *err = NULL;
    named *sorted = NULL;
    char a[FD_ESCAPED], b[FD_ESCAPED];
    FD_TRY(sorted_names(names, m->n, &sorted));
    for (int64_t i = 1; i < m->n; i++)
        if (strcmp(sorted[i].name, sorted[i - 1].name) == 0)
            FD_THROW(FD_USAGE, "%s and %s would have the same name in the output folder: give one of them another name",
                     fd_escape(a, sizeof a, m->entry[sorted[i - 1].id].key), fd_escape(b, sizeof b, m->entry[sorted[i].id].key));
done:
    free(sorted);
    return err;
}

fd_error *fd_picture_names(const fd_manifest *m, const char *extension, char ***names)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(names, (size_t)m->n, sizeof **names));
    for (int64_t i = 0; i < m->n; i++)
        FD_TRY(with_extension(m->entry[i].key, fd_picture_stem(m->entry[i].key), extension, &(*names)[i]));
    FD_TRY(tell_apart(m, extension, *names));
    FD_TRY(refuse_doubles(m, *names));
done:
    return err;
}

void fd_picture_names_free(char **names, int64_t n)
{
    for (int64_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
}
