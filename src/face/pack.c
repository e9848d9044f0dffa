/* A pack's folder: pack.ini, then each file's bytes against their hash, before anything else looks at them. */
#include "face/pack.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum { INI_LIMIT = 1 << 20 };                       /* bytes of a pack.ini */
static const size_t file_limit = (size_t)1 << 31;   /* protobuf's own limit on a message */

static void free_file(fd_pack_file *file)
{
    free(file->name);
    free(file->bytes);
}

void fd_pack_free(fd_pack *pack)
{
    free(pack->folder);
    free(pack->name);
    free(pack->version);
    free(pack->licence);
    free(pack->source);
    free_file(&pack->pnet);
    free_file(&pack->rnet);
    free_file(&pack->onet);
    free_file(&pack->embedder);
    for (int i = 0; i < pack->n_other; i++)
        free_file(&pack->other[i]);
    free(pack->other);
    memset(pack, 0, sizeof *pack);
}

static bool varint(const uint8_t *bytes, size_t n, size_t *at, uint64_t *out)
{
    *out = 0;
    for (int shift = 0; shift < 64 && *at < n; shift += 7) {
        uint8_t byte = bytes[(*at)++];
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

/* Does a field of the outermost message reach past the end of the bytes? Then the file was longer once. */
static bool cut_short(const uint8_t *bytes, size_t n)
{
    size_t at = 0;
    while (at < n) {
        uint64_t tag, length = 0;
        if (!varint(bytes, n, &at, &tag))
            return at == n;
        unsigned wire = tag & 7;
        if (wire > 5 || wire == 3 || wire == 4 || tag >> 3 == 0 || tag >> 3 > 64)
            return false;
        if (wire == 1 || wire == 5)
            length = wire == 1 ? 8 : 4;
        else if (!varint(bytes, n, &at, &length))
            return at == n;
        if (wire == 0)
            continue;
        if (length > n - at)
            return true;
        at += (size_t)length;
    }
    return false;
}

/* Why a file may not be what its hash says, in words; "" when there is no telling. */
static const char *suspicion(const uint8_t *bytes, size_t n)
{
    static const struct { const char *start, *words; } kinds[] = {
        {"<!doctype html", "; it is an HTML page, as a failed download leaves"},
        {"<html", "; it is an HTML page, as a failed download leaves"},
        {"version https://git-lfs", "; it is a Git LFS pointer: git lfs pull fetches the file itself"},
    };
    if (n == 0)
        return "; the file is empty";
    size_t blank = 0;
    while (blank < n && strchr(" \t\r\n\xef\xbb\xbf", bytes[blank]) && bytes[blank])
        blank++;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(kinds[i].start);
        if (n - blank >= length && !strncasecmp((const char *)bytes + blank, kinds[i].start, length))
            return kinds[i].words;
    }
    return cut_short(bytes, n) ? "; the file is cut short" : "; it was changed or belongs to another version of the pack";
}

static fd_error *load_file(const char *folder, fd_pack_file *file)
{
    fd_error *err = NULL;
    char *path = NULL, shown[FD_ESCAPED], is[65], wanted[65];
    FD_TRY(fd_path_join(&path, folder, file->name));
    FD_TRY(fd_file_read(path, file_limit, &file->bytes, &file->n));
    fd_sha256 hash = fd_sha256_of(file->bytes, file->n);
    if (memcmp(&hash, &file->hash, sizeof hash) != 0) {
        fd_sha256_text(hash, is);
        fd_sha256_text(file->hash, wanted);
        FD_THROW(FD_MISMATCH, "%s (%zu bytes) is not the file that pack.ini lists%s (sha256 is %s, wanted %s)",
                 fd_escape(shown, sizeof shown, path), file->n, suspicion(file->bytes, file->n), is, wanted);
    }
done:
    free(path);
    return err;
}

/* A pack.ini that is not there, told apart: no folder, a file in its place, a folder without it. */
static fd_error *look(const char *folder, const char *ini)
{
    struct stat s;
    char shown[FD_ESCAPED];
    fd_escape(shown, sizeof shown, folder);
    if (stat(folder, &s))
        return FD_FAIL(FD_IO, "%s: there is no such folder; a model pack is a folder with pack.ini and ONNX files", shown);
    if (!S_ISDIR(s.st_mode))
        return FD_FAIL(FD_IO, "%s is not a folder; a model pack is a folder with pack.ini and ONNX files", shown);
    if (stat(ini, &s))
        return FD_FAIL(FD_IO, "%s has no pack.ini; a model pack is a folder with pack.ini and ONNX files", shown);
    return NULL;
}

fd_error *fd_pack_load(const char *folder, fd_pack *out)
{
    fd_error *err = NULL;
    fd_pack pack = {0};
    char *ini = NULL, *text = NULL, name[FD_ESCAPED];
    size_t n = 0;
    memset(out, 0, sizeof *out);
    FD_TRY(fd_path_join(&ini, folder, "pack.ini"));
    FD_TRY(look(folder, ini));
    FD_TRY(fd_file_read(ini, INI_LIMIT, (uint8_t **)&text, &n));
    FD_TRY(fd_pack_parse(text, n, fd_escape(name, sizeof name, ini), &pack));
    free(pack.folder);
    pack.folder = NULL;
    FD_TRY(fd_strdup(&pack.folder, folder));
    fd_pack_file *files[] = {&pack.pnet, &pack.rnet, &pack.onet, &pack.embedder};
    for (int i = 0; i < 4; i++)
        FD_TRY(load_file(folder, files[i]));
    for (int i = 0; i < pack.n_other; i++) {
        FD_TRY(load_file(folder, &pack.other[i]));
        free(pack.other[i].bytes);
        pack.other[i].bytes = NULL;
    }
    *out = pack;
    memset(&pack, 0, sizeof pack);
done:
    fd_pack_free(&pack);
    free(ini);
    free(text);
    return err;
}

fd_error *fd_pack_identity(const fd_pack *p, char **text)
{
    static const char *const crops[] = {"align5", "box"}, *const resamples[] = {"bilinear", "pil-bilinear", "area"};
    fd_error *err = NULL;
    fd_string s = {0};
    const fd_pack_file *files[] = {&p->pnet, &p->rnet, &p->onet, &p->embedder};
    static const char *const roles[] = {"pnet", "rnet", "onet", "embedder"};
    char shown[FD_ESCAPED], hash[65];
    const float *mean = p->format.mean, *std = p->format.std;
    FD_TRY(fd_string_add(&s, "model = %s", fd_escape(shown, sizeof shown, p->name)));
    FD_TRY(fd_string_add(&s, " %s\n", fd_escape(shown, sizeof shown, p->version)));
    for (int i = 0; i < 4; i++) {
        fd_sha256_text(files[i]->hash, hash);
        FD_TRY(fd_string_add(&s, "model.%s = %s\n", roles[i], hash));
    }
    FD_TRY(fd_string_add(&s, "model.input = %dx%d %s\n", p->format.width, p->format.height, p->format.bgr ? "bgr" : "rgb"));
    FD_TRY(fd_string_add(&s, "model.mean = %.9g %.9g %.9g\n", (double)mean[0], (double)mean[1], (double)mean[2]));
    FD_TRY(fd_string_add(&s, "model.std = %.9g %.9g %.9g\n", (double)std[0], (double)std[1], (double)std[2]));
    FD_TRY(fd_string_add(&s, "model.crop = %s %s margin %.17g\n", crops[p->crop], resamples[p->resample], p->margin));
    FD_TRY(fd_string_add(&s, "model.embedding = %lld %s\n", (long long)p->dim, p->l2 ? "l2" : "none"));
    *text = s.text;
    s.text = NULL;
done:
    free(s.text);
    return err;
}
