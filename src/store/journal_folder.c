/* The folder of logs. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/journal.h"

static fd_error *failed(const char *path, const char *what)
{
    char name[FD_ESCAPED];
    return FD_FAIL(FD_IO, "%s: %s: %s", fd_escape(name, sizeof name, path), what, strerror(errno));
}

/* rank-NNNNN.log, with five digits or more. */
static bool is_log(const char *name)
{
    size_t digits = strncmp(name, "rank-", 5) == 0 ? strspn(name + 5, "0123456789") : 0;
    return digits >= 5 && strcmp(name + 5 + digits, ".log") == 0;
}

static bool is_part(const char *name)
{
    const size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".part") == 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* All names but . and .. in the folder, sorted; none when there is no folder. */
static fd_error *entries(const char *folder, char ***out, size_t *count)
{
    fd_error *err = NULL;
    char **names = NULL;
    size_t n = 0, capacity = 0;
    DIR *dir = opendir(folder);
    if (!dir && errno != ENOENT)
        FD_TRY(failed(folder, "cannot read the folder"));
    for (errno = 0; dir;) {
        struct dirent *entry = readdir(dir);
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        FD_TRY(fd_grow(&names, &capacity, n + 1, sizeof *names));
        FD_TRY(fd_strdup(&names[n], entry->d_name));
        n++;
        errno = 0;
    }
    if (dir && errno != 0)
        FD_TRY(failed(folder, "cannot read the folder"));
    if (n > 0)
        qsort(names, n, sizeof *names, by_bytes);
    *out = names;
    *count = n;
    names = NULL;
done:
    if (names)
        free_names(names, n);
    if (dir)
        closedir(dir);
    return err;
}

/* The names in the folder that are of one kind. */
static fd_error *names_of(const char *folder, bool (*wanted)(const char *name), char ***names, int *n)
{
    fd_error *err = NULL;
    char **all = NULL;
    size_t count = 0;
    int kept = 0;
    *names = NULL;
    *n = 0;
    FD_TRY(entries(folder, &all, &count));
    for (size_t i = 0; i < count; i++) {
        if (wanted(all[i]))
            all[kept++] = all[i];
        else
            free(all[i]);
    }
    *names = all;
    *n = kept;
done:
    return err;
}

fd_error *fd_journal_list(const char *folder, char ***names, int *n)
{
    return names_of(folder, is_log, names, n);
}

fd_error *fd_journal_parts(const char *folder, char ***names, int *n)
{
    return names_of(folder, is_part, names, n);
}

fd_error *fd_journal_remove(const char *folder)
{
    fd_error *err = NULL;
    char **names = NULL, *path = NULL, printed[FD_ESCAPED], entry[FD_ESCAPED];
    size_t n = 0;
    FD_TRY(entries(folder, &names, &n));
    for (size_t i = 0; i < n; i++) /* before anything is removed */
        if (!is_log(names[i]) && !is_part(names[i]) && strcmp(names[i], FD_JOURNAL_OWNER) != 0)
            FD_THROW(FD_IO, "%s: not removed, for it holds something that is no log: %s", fd_escape(printed, sizeof printed, folder),
                     fd_escape(entry, sizeof entry, names[i]));
    for (size_t i = 0; i < n; i++) {
        free(path);
        path = NULL;
        FD_TRY(fd_path_join(&path, folder, names[i]));
        if (unlink(path) != 0 && errno != ENOENT)
            FD_TRY(failed(path, "cannot remove"));
    }
    if (rmdir(folder) != 0 && errno != ENOENT)
        FD_TRY(failed(folder, "cannot remove the folder"));
done:
    free_names(names, n);
    free(path);
    return err;
}
