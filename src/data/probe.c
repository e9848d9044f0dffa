/* Headers of files: kind, width and height, or the verdict already. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/decode.h"
#include "data/entry.h"
#include "data/kind.h"

/* Most headers end within the first; profiles and thumbnails push some JPEGs' frame header far back. */
static const size_t windows[] = {(size_t)16 << 10, (size_t)256 << 10, (size_t)8 << 20};

/* The first bytes of a file; -1 with errno when it cannot be read. */
static ssize_t read_head(int fd, uint8_t *head, size_t wanted)
{
    size_t n = 0;
    while (n < wanted) {
        ssize_t got = pread(fd, head + n, wanted - n, (off_t)n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (!got)
            break;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

static fd_error *judge_kind(fd_entry *e, const uint8_t *head, size_t n)
{
    const char *name;
    fd_image_kind kind = fd_kind_of(head, n, &name);
    fd_verdict v = n ? fd_verdict_of_kind(kind, name) : (fd_verdict){FD_IMAGE_EMPTY, "a file of zero bytes"};
    e->probe.kind = (uint8_t)kind;
    e->probe.is_image = kind != FD_KIND_UNKNOWN || fd_has_image_extension(e->key);
    return fd_entry_judge(e, &v);
}

static fd_error *probe_open_file(fd_entry *e, int fd)
{
    fd_error *err = NULL;
    uint8_t *head = NULL;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        free(head);
        head = malloc(windows[i]);
        const ssize_t n = head ? read_head(fd, head, windows[i]) : -1;
        if (n < 0) {
            const fd_verdict v = fd_verdict_of_errno(errno);
            FD_TRY(fd_entry_judge(e, &v));
            break;
        }
        FD_TRY(judge_kind(e, head, (size_t)n));
        if (e->probe.status != FD_IMAGE_OK || fd_decode_size(head, (size_t)n, &e->probe.width, &e->probe.height) || (size_t)n < windows[i])
            break;
    }
done:
    free(head);
    return err;
}

fd_error *fd_probe_entries(fd_manifest *m, int64_t first, int64_t last)
{
    fd_error *err = NULL;
    for (int64_t i = first; i < last; i++) {
        fd_entry *e = &m->entry[i];
        fd_verdict v;
        if (e->probe.status != FD_IMAGE_OK)
            continue;
        int fd = fd_open_entry(e->path, &e->probe.bytes, &v);
        if (fd >= 0) {
            struct stat s;
            if (fstat(fd, &s) == 0)
                e->probe.changed = s.st_ctim.tv_sec * (int64_t)1000000000 + s.st_ctim.tv_nsec;
            err = probe_open_file(e, fd);
            close(fd);
        } else {
            err = fd_entry_judge(e, &v);
        }
        FD_TRY(err);
    }
done:
    return err;
}
