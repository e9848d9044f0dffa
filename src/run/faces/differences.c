/* Which photograph makes a set of them another than before, for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "run/faces/history.h"
#include "store/result.h"

/* The first photograph in which two sorted lists of keys differ, as words. */
static void first_difference(const fd_manifest *now, int64_t n, const char *(*key_at)(const void *self, int64_t i), const void *self, char *out, size_t size)
{
    int64_t i = 0;
    while (i < n && i < now->n && strcmp(key_at(self, i), now->entry[i].key) == 0)
        i++;
    char name[FD_ESCAPED];
    if (i == n && i == now->n)
        snprintf(out, size, "a photograph's size or kind is not what it was");
    else if (i == n || (i < now->n && strcmp(now->entry[i].key, key_at(self, i)) < 0))
        snprintf(out, size, "the first new one is %s", fd_escape(name, sizeof name, now->entry[i].key));
    else
        snprintf(out, size, "the first that is gone is %s", fd_escape(name, sizeof name, key_at(self, i)));
}

static const char *result_key(const void *self, int64_t i)
{
    return ((char *const *)self)[i];
}

static const char *manifest_key(const void *self, int64_t i)
{
    return ((const fd_manifest *)self)->entry[i].key;
}

fd_error *fd_job_name_in_result(fd_job *job, fd_error *e)
{
    fd_result *r = NULL;
    void *paths = NULL;
    int64_t n = 0;
    char words[FD_ESCAPED + 64];
    fd_error *err = fd_result_open(job->output, &r);
    if (!err)
        err = fd_result_read(r, "/images/path", FD_COL_TEXT, 0, -1, &paths, &n);
    if (!err) {
        first_difference(&job->manifest, n, result_key, paths, words, sizeof words);
        e = fd_error_prefix(e, "the photographs have changed (%s; --update processes what is new)", words);
    }
    fd_error_free(err);
    free(paths);
    fd_result_close(r);
    return e;
}

typedef struct old_manifest { fd_manifest manifest; bool found; } old_manifest;

static fd_error *find_manifest(void *self, const uint8_t *payload, size_t n, int64_t offset)
{
    old_manifest *old = self;
    (void)offset;
    if (old->found || n == 0 || payload[0] != FD_RECORD_MANIFEST)
        return NULL;
    fd_error *e = fd_manifest_unpack(payload + 1, (int64_t)n - 1, &old->manifest);
    old->found = !e;
    return e;
}

/* The first photograph that has its name still, but not its size or its verdict; NULL where names differ too, or nothing does. */
static const fd_entry *first_changed(const fd_manifest *was, const fd_manifest *now)
{
    for (int64_t i = 0; i < was->n && i < now->n; i++) {
        const fd_probe *a = &was->entry[i].probe, *b = &now->entry[i].probe;
        if (strcmp(was->entry[i].key, now->entry[i].key) != 0)
            return NULL;
        if (a->bytes != b->bytes || a->status != b->status)
            return &now->entry[i];
    }
    return NULL;
}

fd_error *fd_job_name_in_journal(fd_job *job, const char *pin, fd_error *e)
{
    old_manifest old = {0};
    char words[FD_ESCAPED + 64];
    fd_error_free(fd_job_read_all_logs(job, pin, find_manifest, &old));
    if (old.found) {
        first_difference(&job->manifest, old.manifest.n, manifest_key, &old.manifest, words, sizeof words);
        const fd_entry *changed = first_changed(&old.manifest, &job->manifest);
        char name[FD_ESCAPED];
        if (changed)
            snprintf(words, sizeof words, "the first with another size or kind is %s", fd_escape(name, sizeof name, changed->key));
        e = fd_error_prefix(e, "the photographs have changed (%s; --force starts anew)", words);
    }
    fd_manifest_free(&old.manifest);
    return e;
}
