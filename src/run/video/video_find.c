/* Which videos there are: files that were named, whatever they are called, and of folders and lists those that are called as videos are. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "run/video/video_private.h"

static bool is_called_a_video(const char *key)
{
    static const char *const ends[] = {".mkv", ".mp4", ".m4v", ".mov", ".avi", ".webm", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".flv", ".wmv", ".asf",
                                       ".ogv", ".nut", ".y4m", ".3gp", ".mxf", ".vob", ".dv", ".gif", ".ivf"};
    const char *end = key + fd_picture_stem(key);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strcasecmp(end, ends[i]) == 0)
            return true;
    return false;
}

static bool is_named(const fd_options *o, const char *path)
{
    for (int k = 0; k < fd_positionals(o); k++)
        if (strcmp(fd_positional(o, k), path) == 0)
            return true;
    return false;
}

static void keep_videos(const fd_options *o, fd_manifest *m)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < m->n; i++) {
        if (is_called_a_video(m->entry[i].key) || is_named(o, m->entry[i].path)) {
            m->entry[kept++] = m->entry[i];
        } else {
            fd_entry_free(&m->entry[i]);
            m->not_an_image++;
        }
    }
    m->n = kept;
}

static fd_error *refuse_addresses(const fd_options *o)
{
    char shown[FD_ESCAPED];
    for (int k = 0; k < fd_positionals(o); k++)
        if (strstr(fd_positional(o, k), "://"))
            return FD_FAIL(FD_USAGE, "%s is an address: only files are opened, so fetch it first", fd_escape(shown, sizeof shown, fd_positional(o, k)));
    return NULL;
}

static fd_error *walk(const fd_options *o, fd_manifest *out)
{
    fd_error *err = NULL;
    const char **inputs = NULL;
    const int n = fd_positionals(o);
    FD_TRY(refuse_addresses(o));
    FD_TRY(fd_alloc(&inputs, (size_t)n + 1, sizeof *inputs));
    for (int i = 0; i < n; i++)
        inputs[i] = fd_positional(o, i);
    const fd_scan_config config = {.inputs = inputs, .n_inputs = n, .list = fd_opt_text(o, "list"), .glob = fd_opt_text(o, "glob")};
    if (n == 0 && !config.list)
        FD_THROW(FD_USAGE, "no videos were named: give files or folders, or --list FILE");
    FD_TRY(fd_scan(&config, out));
    keep_videos(o, out);
    if (out->n == 0)
        FD_THROW(FD_IO, "there is no video among %lld files", (long long)out->not_an_image);
done:
    free(inputs);
    return err;
}

fd_error *fd_video_find(fd_video_job *job)
{
    fd_error *err = NULL;
    fd_job *j = &job->pictures.job;
    uint8_t *bytes = NULL;
    int64_t n = 0;
    if (j->rank == 0) {
        err = walk(j->options, &j->manifest);
        if (!err)
            err = fd_manifest_pack(&j->manifest, &bytes, &n);
    }
    FD_TRY(fd_comm_agree(j->comm, err));
    FD_TRY(fd_comm_broadcast_buffer(j->comm, &bytes, &n, 0));
    FD_TRY(fd_comm_agree(j->comm, j->rank == 0 ? NULL : fd_manifest_unpack(bytes, n, &j->manifest)));
done:
    free(bytes);
    return err;
}
