#include "run/bench/photos.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/entry.h"
#include "data/manifest.h"
#include "run/faces/resolve.h"

static const size_t LARGEST_FILE = (size_t)1 << 30;

const fd_decode_config fd_photo_decode = {.max_pixels = 256000000};

static fd_error *read_one(const fd_entry *e, fd_photos *out)
{
    fd_error *err = NULL;
    fd_content c = {0};
    char shown[FD_ESCAPED];
    FD_TRY(fd_read_entry(e->path, LARGEST_FILE, &c));
    if (c.verdict.status != FD_IMAGE_OK) {
        fd_warn("%s: %s", fd_escape(shown, sizeof shown, e->key), c.verdict.detail);
        goto done;
    }
    FD_TRY(fd_grow(&out->photo, &out->capacity, out->n + 1, sizeof *out->photo));
    fd_photo *p = &out->photo[out->n];
    *p = (fd_photo){NULL, c.bytes, c.n};
    c.bytes = NULL;
    out->n++;
    FD_TRY(fd_strdup(&p->key, e->key));
done:
    fd_content_free(&c);
    return err;
}

static fd_error *read_all(const char *const *inputs, int n, fd_photos *out)
{
    fd_error *err = NULL;
    fd_manifest m = {0};
    FD_TRY(fd_scan(&(fd_scan_config){.inputs = inputs, .n_inputs = n}, &m));
    FD_TRY(fd_probe_entries(&m, 0, m.n));
    fd_manifest_settle(&m);
    for (int64_t i = 0; i < m.n; i++)
        if (m.entry[i].probe.kind == FD_KIND_JPEG || m.entry[i].probe.kind == FD_KIND_PNG)
            FD_TRY(read_one(&m.entry[i], out));
done:
    fd_manifest_free(&m);
    return err;
}

fd_error *fd_photos_read(const fd_options *o, fd_photos *out)
{
    fd_error *err = NULL;
    char *installed = NULL;
    const char **inputs = NULL;
    const int n = fd_positionals(o);
    FD_TRY(fd_alloc(&inputs, (size_t)n + 1, sizeof *inputs));
    for (int i = 0; i < n; i++)
        inputs[i] = fd_positional(o, i);
    if (n == 0) {
        FD_TRY(fd_job_installed("photos", &installed));
        inputs[0] = installed;
    }
    FD_TRY(read_all(inputs, n ? n : 1, out));
done:
    free(installed);
    free(inputs);
    return err;
}

void fd_photos_free(fd_photos *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->photo[i].key);
        free(p->photo[i].bytes);
    }
    free(p->photo);
    *p = (fd_photos){0};
}
