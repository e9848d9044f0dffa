#include "run/rerun/rerun_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/entry.h"
#include "run/together.h"

/* --- photographs --------------------------------------------------------------------------------------------------------------------- */

typedef enum finding { SAME, CHANGED, MISSING, UNREADABLE } finding;

/* A rank's share: photographs first..last-1. */
typedef struct share {
    const fd_manifest *photographs;
    const fd_sha256 *sha256;
    int64_t first, last;
    uint8_t *found;   /* [last - first] finding */
} share;

/* Whether there is nothing at all under this name, not even a link that leads nowhere. */
static bool is_gone(const char *path)
{
    int fd = fd_open_path(path, O_PATH | O_NOFOLLOW);
    bool gone = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
    if (fd >= 0)
        close(fd);
    return gone;
}

/* A file that was not read, such as a FIFO or one that was not there, has no hash: it is what it was as long as there is nothing to read. */
static fd_error *look_at(const fd_entry *e, const fd_sha256 *recorded, uint8_t *found)
{
    fd_error *err = NULL;
    static const fd_sha256 none;
    fd_content file = {0};
    const bool was_read = memcmp(recorded, &none, sizeof none) != 0;
    const bool was_there = e->probe.status != FD_IMAGE_UNREADABLE && e->probe.status != FD_IMAGE_SPECIAL_FILE;
    *found = SAME;
    if (is_gone(e->path)) {
        *found = was_read || was_there ? MISSING : SAME;
        return NULL;
    }
    if (!was_read)
        return NULL;
    FD_TRY(fd_read_entry(e->path, SIZE_MAX, &file));
    fd_sha256 hash = fd_sha256_of(file.bytes ? file.bytes : (const uint8_t *)"", file.n);
    if (file.verdict.status != FD_IMAGE_OK && file.verdict.status != FD_IMAGE_EMPTY)
        *found = UNREADABLE;
    else
        *found = memcmp(&hash, recorded, sizeof hash) == 0 ? SAME : CHANGED;
done:
    fd_content_free(&file);
    return err;
}

static fd_error *look_at_share(void *self)
{
    fd_error *err = NULL;
    const share *s = self;
    for (int64_t i = s->first; i < s->last; i++)
        FD_TRY(look_at(&s->photographs->entry[i], &s->sha256[i], &s->found[i - s->first]));
done:
    return err;
}

static void print_photographs(const fd_manifest *m, const uint8_t *found, fd_findings *out)
{
    static const char *const words[] = {"", "changed photograph", "missing photograph", "unreadable photograph"};
    char name[FD_ESCAPED];
    for (int64_t i = 0; i < m->n; i++) {
        if (found[i] != SAME)
            printf("%-22s %s\n", words[found[i]], fd_escape(name, sizeof name, m->entry[i].key));
        out->changed += found[i] == CHANGED;
        out->missing += found[i] == MISSING || found[i] == UNREADABLE;
    }
}

/* Rank 0's photographs and hashes on every rank; *hashes is rank 0's own there. */
static fd_error *share_recipe(fd_job *job, const fd_recipe *recipe, fd_manifest *all, uint8_t **hashes)
{
    fd_error *err = NULL;
    uint8_t *names = NULL;
    int64_t n = 0, bytes = recipe->photographs.n * (int64_t)sizeof *recipe->sha256;
    FD_TRY(fd_comm_agree(job->comm, job->rank == 0 ? fd_manifest_pack(&recipe->photographs, &names, &n) : NULL));
    FD_TRY(fd_comm_broadcast_buffer(job->comm, &names, &n, 0));
    FD_TRY(fd_comm_agree(job->comm, fd_manifest_unpack(names, n, all)));
    FD_TRY(fd_comm_broadcast_buffer(job->comm, hashes, &bytes, 0));
done:
    free(names);
    return err;
}

fd_error *fd_check_photographs(fd_job *job, const fd_recipe *recipe, fd_findings *out)
{
    fd_error *err = NULL;
    fd_manifest all = {0};
    uint8_t *hashes = job->rank == 0 ? (uint8_t *)recipe->sha256 : NULL, *found = NULL, *own = NULL;
    int64_t *counts = NULL;
    FD_TRY(share_recipe(job, recipe, &all, &hashes));
    share s = {&all, (const fd_sha256 *)hashes, all.n * job->rank / job->ranks, all.n * (job->rank + 1) / job->ranks, NULL};
    fd_error *room = fd_alloc(&counts, (size_t)job->ranks, sizeof *counts);
    room = room ? room : fd_alloc(&own, (size_t)(s.last - s.first), 1);
    room = room ? room : fd_alloc(&found, (size_t)all.n, 1);
    FD_TRY(fd_comm_agree(job->comm, room));
    s.found = own;
    FD_TRY(fd_job_together(job, look_at_share, &s));
    for (int r = 0; r < job->ranks; r++)
        counts[r] = all.n * (r + 1) / job->ranks - all.n * r / job->ranks;
    FD_TRY(fd_comm_gather(job->comm, own, found, counts, 0));
    if (job->rank == 0)
        print_photographs(&all, found, out);
done:
    fd_manifest_free(&all);
    if (job->rank != 0)
        free(hashes);
    free(found);
    free(own);
    free(counts);
    return err;
}

/* --- model --------------------------------------------------------------------------------------------------------------------------- */

static void print_model(fd_findings *out, const char *how, const char *what, const char *was, const char *is)
{
    printf("%-22s %s", how, what);
    if (was && is)
        printf(": was %s, is %s", was, is);
    printf("\n");
    out->model++;
}

/* One file of the pack against the recorded hash of what it is for. */
static fd_error *check_file(const fd_recipe *recipe, const char *role, const fd_pack_file *listed, fd_findings *out)
{
    fd_error *err = NULL;
    fd_content file = {0};
    char *path = NULL, key[32], is[65], shown[FD_ESCAPED];
    snprintf(key, sizeof key, "model.%s", role);
    const char *was = fd_settings_find(&recipe->pin, key);
    FD_TRY(fd_path_join(&path, recipe->model, listed->name));
    FD_TRY(fd_read_entry(path, SIZE_MAX, &file));
    fd_escape(shown, sizeof shown, path);
    fd_sha256_text(fd_sha256_of(file.bytes ? file.bytes : (const uint8_t *)"", file.n), is);
    if (file.verdict.status != FD_IMAGE_OK && file.verdict.status != FD_IMAGE_EMPTY)
        print_model(out, "missing model", shown, NULL, NULL);
    else if (!was || strcmp(was, is) != 0)
        print_model(out, "changed model", shown, was, is);
done:
    free(path);
    fd_content_free(&file);
    return err;
}

/* What pack.ini says beside the hashes, which check_file compares with the files themselves. */
static fd_error *check_identity(const fd_recipe *recipe, const fd_pack *pack, fd_findings *out)
{
    fd_error *err = NULL;
    char *identity = NULL, factor[32];
    fd_settings now = {0};
    FD_TRY(fd_pack_identity(pack, &identity));
    FD_TRY(fd_settings_of(identity, &now));
    for (size_t i = 0; i < now.n; i++) {
        const char *was = fd_settings_find(&recipe->pin, now.line[i].key);
        bool is_hash = strlen(now.line[i].value) == 64;
        if (!is_hash && (!was || strcmp(was, now.line[i].value) != 0))
            print_model(out, "changed model", now.line[i].key, was ? was : "nothing", now.line[i].value);
    }
    snprintf(factor, sizeof factor, "%.15g", pack->factor);
    const char *was = fd_settings_find(&recipe->pin, "factor");
    if (was && strcmp(was, factor) != 0)
        print_model(out, "changed model", "factor of the pyramid", was, factor);
done:
    free(identity);
    fd_settings_free(&now);
    return err;
}

fd_error *fd_check_model(const fd_recipe *recipe, fd_findings *out)
{
    fd_error *err = NULL, *load = NULL;
    enum { INI_LIMIT = 1 << 20 };
    fd_pack listed = {0}, whole = {0};
    uint8_t *text = NULL;
    char *ini = NULL, shown[FD_ESCAPED];
    size_t n = 0;
    const int64_t before = out->model;
    FD_TRY(fd_path_join(&ini, recipe->model, "pack.ini"));
    if ((load = fd_file_read(ini, INI_LIMIT, &text, &n))) {
        print_model(out, "missing model", fd_error_message(load), NULL, NULL);
        printf("%-22s --model DIR says where a copy of it is\n", "");
        goto done;
    }
    if ((load = fd_pack_parse((const char *)text, n, fd_escape(shown, sizeof shown, ini), &listed))) {
        print_model(out, "changed model", fd_error_message(load), NULL, NULL);
        goto done;
    }
    FD_TRY(check_file(recipe, "pnet", &listed.pnet, out));
    FD_TRY(check_file(recipe, "rnet", &listed.rnet, out));
    FD_TRY(check_file(recipe, "onet", &listed.onet, out));
    FD_TRY(check_file(recipe, "embedder", &listed.embedder, out));
    FD_TRY(check_identity(recipe, &listed, out));
    if (out->model == before && (load = fd_pack_load(recipe->model, &whole)))   /* a hash in pack.ini, or one of its further files */
        print_model(out, "changed model", fd_error_message(load), NULL, NULL);
done:
    fd_error_free(load);
    fd_pack_free(&listed);
    fd_pack_free(&whole);
    free(text);
    free(ini);
    return err;
}

/* --- options ------------------------------------------------------------------------------------------------------------------------- */

static bool has_option(const fd_program *program, const char *name)
{
    bool found = false;
    for (int i = 0; i < program->n; i++)
        found = found || strcmp(program->options[i].name, name) == 0;
    return found;
}

fd_error *fd_check_options(const fd_recipe *recipe, const fd_program *program, fd_findings *out)
{
    for (size_t i = 0; i < recipe->pin.n; i++) {
        const fd_setting *s = &recipe->pin.line[i];
        const char *said = fd_settings_find(&recipe->said, s->key);
        char a[FD_ESCAPED], b[FD_ESCAPED];
        if (strncmp(s->key, "--", 2) != 0)
            continue;
        fd_escape(a, sizeof a, s->key);
        if (!has_option(program, s->key + 2)) {
            printf("%-22s %s: this program has it not\n", "missing option", a);
            out->option++;
        } else if (!said || strcmp(said, s->value) != 0) {
            printf("%-22s %s: the result was made with %s", "changed option", a, *s->value ? fd_escape(b, sizeof b, s->value) : "none");
            printf(", its record says %s\n", said && *said ? fd_escape(b, sizeof b, said) : "none");
            out->option++;
        }
    }
    return NULL;
}
