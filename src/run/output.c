#include "run/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/kind.h"

/* *path = where the link leads, from the link's folder. */
static fd_error *follow(char **path)
{
    fd_error *err = NULL;
    char target[PATH_MAX], *folder = NULL, *next = NULL;
    const ssize_t n = readlink(*path, target, sizeof target - 1);
    if (n < 0)
        FD_TRY(fd_file_error(*path, "read the link", errno));
    target[n] = 0;
    FD_TRY(fd_path_folder(&folder, *path));
    FD_TRY(target[0] == '/' ? fd_strdup(&next, target) : fd_path_join(&next, folder, target));
    free(*path);
    *path = next;
done:
    free(folder);
    return err;
}

fd_error *fd_output_behind(const char *path, char **out)
{
    enum { LINKS = 40 };   /* as many as Linux follows */
    fd_error *err = NULL;
    struct stat s;
    char *at = NULL, name[FD_ESCAPED];
    int links = 0;
    FD_TRY(fd_strdup(&at, path));
    while (lstat(at, &s) == 0 && S_ISLNK(s.st_mode)) {
        if (links++ == LINKS)
            FD_THROW(FD_USAGE, "--output %s: its symbolic links lead to no file", fd_escape(name, sizeof name, path));
        FD_TRY(follow(&at));
    }
    *out = at;
    at = NULL;
done:
    free(at);
    return err;
}

/* --force replaces what another run made, not a photograph. One that cannot be read is judged later, as a result. */
static fd_error *refuse_picture(const char *output, const char *name)
{
    uint8_t bytes[FD_KIND_BYTES];
    const char *kind = NULL;
    const int fd = open(output, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof bytes);
    if (fd >= 0)
        close(fd);
    if (n > 0)
        fd_kind_of(bytes, (size_t)n, &kind);
    return kind ? FD_FAIL(FD_USAGE, "--output %s is a picture (%s), not a result", name, kind) : NULL;
}

fd_error *fd_output_check(const char *output)
{
    fd_error *err = NULL;
    struct stat s;
    char *folder = NULL, name[FD_ESCAPED];
    const size_t n = strlen(output);
    fd_escape(name, sizeof name, output);
    if (n == 0 || output[n - 1] == '/')
        FD_THROW(FD_USAGE, "--output '%s' is not the name of a file", name);
    const bool there = stat(output, &s) == 0;   /* then it may be complete, and nothing need be written */
    if (there && !S_ISREG(s.st_mode))
        FD_THROW(FD_USAGE, "--output %s is %s, not a file", name, S_ISDIR(s.st_mode) ? "a folder" : "a device or pipe");
    FD_TRY(fd_path_folder(&folder, output));
    const bool found = stat(folder, &s) == 0;
    if (found && !S_ISDIR(s.st_mode))
        FD_THROW(FD_IO, "cannot write %s: what should be its folder is none", name);
    if (!found || access(folder, there ? X_OK : W_OK | X_OK) != 0)
        FD_THROW(FD_IO, "cannot write %s: its folder: %s", name, strerror(errno));
    if (there)
        FD_TRY(refuse_picture(output, name));
done:
    free(folder);
    return err;
}

fd_error *fd_output_apart(const char *option, const char *output, const char *input)
{
    struct stat a, b;
    char name[FD_ESCAPED];
    if (stat(output, &a) != 0 || stat(input, &b) != 0 || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
        return NULL;
    return FD_FAIL(FD_USAGE, "%s %s is a file that is read: nothing is written over it", option, fd_escape(name, sizeof name, output));
}
