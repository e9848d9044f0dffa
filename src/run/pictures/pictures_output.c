/* Where the pictures of a job go, and what must not be written over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/pictures/pictures_private.h"

fd_error *fd_pictures_path(const fd_pictures *p, int64_t i, char **out)
{
    return p->one ? fd_strdup(out, p->output) : fd_path_join(out, p->output, p->name[i]);
}

fd_error *fd_pictures_path_in(const fd_pictures *p, const char *folder, int64_t i, char **out)
{
    return fd_path_join(out, folder, p->name[i]);
}

/* mkdir -p of all folders of a path but its last part; with that part too where `whole`. */
static fd_error *make_folders(const char *path, bool whole)
{
    fd_error *err = NULL;
    char *folder = NULL;
    FD_TRY(fd_strdup(&folder, path));
    for (char *at = folder + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = 0;
        if (mkdir(folder, 0777) != 0 && errno != EEXIST)
            FD_TRY(fd_file_error(folder, "make the folder", errno));
        *at = '/';
    }
    if (whole && mkdir(folder, 0777) != 0 && errno != EEXIST)
        FD_TRY(fd_file_error(folder, "make the folder", errno));
done:
    free(folder);
    return err;
}

static bool is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* One input that is a file, and an output that ends as a picture does and is no folder: the picture's own name. */
static bool names_one(const fd_pictures *p)
{
    fd_picture_format format;
    const fd_options *o = p->job.options;
    return fd_positionals(o) == 1 && !fd_opt_text(o, "list") && !fd_opt_flag(o, "demo") && !is_folder(fd_positional(o, 0)) &&
           fd_picture_format_of(p->output, &format) && !is_folder(p->output);
}

static fd_error *choose(fd_pictures *p)
{
    fd_error *err = NULL;
    const char *output = fd_opt_text(p->job.options, "output");
    fd_picture_format format;
    if (!output || !*output)
        FD_THROW(FD_USAGE, "where shall the pictures go? --output names a folder, or the picture itself where it is one");
    FD_TRY(fd_strdup(&p->output, output));
    p->one = names_one(p);
    if (p->one && fd_picture_format_of(output, &format) && format != p->format && fd_opt_given(p->job.options, "format"))
        FD_THROW(FD_USAGE, "--format and the name of --output do not agree");
    if (p->one)
        p->format = format;
    if (p->format == FD_PICTURE_NPY && !p->work->floats)
        FD_THROW(FD_USAGE, "the pictures have whole numbers: .png or .jpg, not .npy");
    if (p->format == FD_PICTURE_JPEG)
        fd_say(FD_NORMAL, "JPEG is lossy: its pixels are only nearly those of the operation, without alpha and in 8 bits; PNG keeps them");
done:
    return err;
}

/* Pictures of an earlier run are no inputs of this one, where the output folder lies inside an input folder. */
static void leave_out_own(fd_pictures *p)
{
    fd_manifest *m = &p->job.manifest;
    char *folder = realpath(p->output, NULL);
    const size_t n = folder ? strlen(folder) : 0;
    int64_t kept = 0;
    for (int64_t i = 0; i < m->n; i++) {
        bool named = false;
        for (int k = 0; k < fd_positionals(p->job.options); k++)
            named |= strcmp(fd_positional(p->job.options, k), m->entry[i].path) == 0;
        char *path = folder && !named ? realpath(m->entry[i].path, NULL) : NULL;
        const bool own = path && strncmp(path, folder, n) == 0 && path[n] == '/';
        free(path);
        if (own)
            fd_entry_free(&m->entry[i]);
        else
            m->entry[kept++] = m->entry[i];
    }
    if (kept < m->n)
        fd_say(FD_NORMAL, "%lld files of the output folder are no inputs", (long long)(m->n - kept));
    m->n = kept;
    free(folder);
}

/* No output may be the file of an input. Folders that were no folders are met when they are made. */
static fd_error *refuse_inputs(const fd_pictures *p)
{
    fd_error *err = NULL;
    char *path = NULL, shown[FD_ESCAPED];
    for (int64_t i = 0; i < p->job.manifest.n; i++) {
        struct stat in, out;
        FD_TRY(fd_pictures_path(p, i, &path));
        if (stat(path, &out) == 0 && stat(p->job.manifest.entry[i].path, &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            FD_THROW(FD_USAGE, "%s would be written over itself: name another --output", fd_escape(shown, sizeof shown, path));
        free(path);
        path = NULL;
    }
done:
    free(path);
    return err;
}

fd_error *fd_pictures_make_folders(const fd_pictures *p, const char *folder)
{
    fd_error *err = NULL;
    char *path = NULL;
    FD_TRY(make_folders(folder, true));
    for (int64_t i = 0; i < p->job.manifest.n; i++) {
        if (strchr(p->name[i], '/')) {
            FD_TRY(fd_pictures_path_in(p, folder, i, &path));
            FD_TRY(make_folders(path, false));
            free(path);
            path = NULL;
        }
    }
done:
    free(path);
    return err;
}

static fd_error *place(fd_pictures *p, const char *extension)
{
    fd_error *err = NULL;
    if (!p->one)
        leave_out_own(p);
    if (p->job.manifest.n == 0)
        FD_THROW(FD_USAGE, "all %s lie in the output folder: name another --output", p->work->what);
    FD_TRY(fd_picture_names(&p->job.manifest, extension, &p->name));
    FD_TRY(refuse_inputs(p));
    if (p->job.rank == 0)
        FD_TRY(p->one ? make_folders(p->output, false) : fd_pictures_make_folders(p, p->output));
done:
    return err;
}

fd_error *fd_pictures_place_as(fd_pictures *p, const char *extension)
{
    return fd_comm_agree(p->job.comm, place(p, extension));
}

fd_error *fd_pictures_place(fd_pictures *p)
{
    fd_error *err = NULL;
    FD_TRY(fd_comm_agree(p->job.comm, choose(p)));
    FD_TRY(fd_pictures_place_as(p, fd_picture_extension(p->format)));
done:
    return err;
}
