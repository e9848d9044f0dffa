#include "data/names.h"

#include <string.h>

#include "base/memory.h"

fd_error *fd_name_normalise(const char *path, char **out)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(out, strlen(path) + 2, 1));
    char *to = *out;
    if (*path == '/')
        *to++ = '/';
    while (*path) {
        size_t n = strcspn(path, "/");
        if (n && !(n == 1 && *path == '.')) {
            if (to > *out && to[-1] != '/')
                *to++ = '/';
            memcpy(to, path, n);
            to += n;
        }
        path += n;
        path += strspn(path, "/");
    }
    *to = 0;
done:
    return err;
}

fd_error *fd_name_join(const char *folder, const char *name, char **out)
{
    fd_error *err = NULL;
    size_t n = strlen(folder), m = strlen(name);
    FD_TRY(fd_alloc(out, n + m + 2, 1));
    memcpy(*out, folder, n);
    if (n && folder[n - 1] != '/')
        (*out)[n++] = '/';
    memcpy(*out + n, name, m + 1);
done:
    return err;
}

const char *fd_name_last(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
