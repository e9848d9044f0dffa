#include "data/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/entry.h"
#include "data/names.h"

static const fd_verdict fine = {FD_IMAGE_OK, ""};

/* A row whatever the glob says: folders have no name that it could take. Owns nothing of its arguments. */
static fd_error *add_row(fd_walk *w, const char *key, const char *path, const fd_verdict *v)
{
    fd_error *err = NULL;
    size_t need = (size_t)w->found.n + 1;
    FD_TRY(fd_grow(&w->found.entry, &w->capacity, need, sizeof *w->found.entry));
    fd_entry *e = &w->found.entry[w->found.n];
    memset(e, 0, sizeof *e);   /* padding too: ranks send probes as bytes */
    FD_TRY(fd_strdup(&e->key, key));
    w->found.n++;
    FD_TRY(fd_strdup(&e->path, path));
    e->probe.is_image = 1;
    FD_TRY(fd_entry_judge(e, v));
done:
    return err;
}

fd_error *fd_walk_visit(const fd_walk *w, const char *path)
{
    return w->visit ? w->visit(w->self, path) : NULL;
}

fd_error *fd_walk_add(fd_walk *w, const char *key, const char *path, const fd_verdict *verdict)
{
    if (w->glob && fnmatch(w->glob, fd_name_last(key), 0) != 0)
        return NULL;
    return add_row(w, key, path, verdict ? verdict : &fine);
}

static fd_error *add_folder(fd_walk *w, const char *key, const char *path, int64_t parent)
{
    fd_error *err = NULL;
    FD_TRY(fd_grow(&w->folder, &w->folder_capacity, w->folders + 1, sizeof *w->folder));
    fd_folder *f = &w->folder[w->folders];
    *f = (fd_folder){.parent = parent};
    FD_TRY(fd_strdup(&f->key, key));
    w->folders++;
    FD_TRY(fd_strdup(&f->path, path));
done:
    return err;
}

static fd_verdict link_verdict(int code)
{
    return code == ENOENT || code == ENOTDIR ? (fd_verdict){FD_IMAGE_SPECIAL_FILE, "a dangling symbolic link"} : fd_verdict_of_errno(code);
}

/* A name in an open folder: a file, a folder to be walked later, or a row with a verdict. */
static fd_error *sort_out(fd_walk *w, int folder, size_t parent, const struct dirent *d)
{
    fd_error *err = NULL;
    char *key = NULL, *path = NULL;
    struct stat s = {.st_mode = DTTOIF(d->d_type)};
    fd_verdict v = fine;
    FD_TRY(fd_name_join(w->folder[parent].key, d->d_name, &key));
    FD_TRY(fd_name_join(w->folder[parent].path, d->d_name, &path));
    if ((d->d_type == DT_LNK || d->d_type == DT_UNKNOWN) && fstatat(folder, d->d_name, &s, 0))
        v = link_verdict(errno);
    else if (S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode))
        v = (fd_verdict){FD_IMAGE_SPECIAL_FILE, "a FIFO or a socket"};
    else if (!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode))
        v = (fd_verdict){FD_IMAGE_SPECIAL_FILE, "a device"};
    if (v.status == FD_IMAGE_OK && S_ISDIR(s.st_mode))
        FD_TRY(add_folder(w, key, path, (int64_t)parent));
    else
        FD_TRY(fd_walk_add(w, key, path, &v));
done:
    free(key);
    free(path);
    return err;
}

static bool is_inside_itself(const fd_walk *w, const fd_folder *f)
{
    for (int64_t i = f->parent; i >= 0; i = w->folder[i].parent)
        if (w->folder[i].device == f->device && w->folder[i].inode == f->inode)
            return true;
    return false;
}

static fd_error *read_names(fd_walk *w, size_t index, DIR *names, int *failed)
{
    fd_error *err = NULL;
    for (;;) {
        errno = 0;
        const struct dirent *d = readdir(names);
        *failed = d ? 0 : errno;
        if (!d)
            break;
        if (d->d_name[0] != '.')
            FD_TRY(sort_out(w, dirfd(names), index, d));
        else if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            w->found.not_an_image++;
    }
done:
    return err;
}

/* One folder; what is in it goes to the end of the queue, so that no descriptor stays open however deep the tree is. */
static fd_error *walk_one(fd_walk *w, size_t index, bool named)
{
    fd_error *err = fd_walk_visit(w, w->folder[index].path);
    if (err)
        return err;
    fd_folder *f = &w->folder[index];
    int failed = 0, fd = fd_open_path(f->path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    struct stat s;
    DIR *names = fd >= 0 && !fstat(fd, &s) ? fdopendir(fd) : NULL;
    if (names) {
        f->device = s.st_dev;
        f->inode = s.st_ino;
        if (is_inside_itself(w, f))
            FD_TRY(add_row(w, f->key, f->path, &(fd_verdict){FD_IMAGE_SPECIAL_FILE, "a loop: the link leads to a folder that it lies in"}));
        else
            FD_TRY(read_names(w, index, names, &failed));
    } else {
        failed = errno;
        if (fd >= 0)
            close(fd);
    }
    f = &w->folder[index];   /* the array may have moved */
    char name[FD_ESCAPED];
    fd_verdict why = fd_verdict_of_errno(failed), v = {FD_IMAGE_UNREADABLE, ""};
    if (failed && named)
        FD_THROW(FD_IO, "cannot read the folder %s: %s", fd_escape(name, sizeof name, f->path), why.detail);
    snprintf(v.detail, sizeof v.detail, "folder: %.70s", why.detail);
    if (failed)
        FD_TRY(add_row(w, f->key, f->path, &v));
done:
    if (names)
        closedir(names);
    return err;
}

fd_error *fd_walk_folder(fd_walk *w, const char *key, const char *path, bool named)
{
    fd_error *err = NULL;
    size_t first = w->folders;
    FD_TRY(add_folder(w, key, path, -1));
    for (size_t i = first; i < w->folders; i++)
        FD_TRY(walk_one(w, i, named && i == first));
done:
    return err;
}

void fd_walk_free(fd_walk *w)
{
    for (size_t i = 0; i < w->folders; i++) {
        free(w->folder[i].key);
        free(w->folder[i].path);
    }
    free(w->folder);
    fd_manifest_free(&w->found);
    *w = (fd_walk){0};
}
