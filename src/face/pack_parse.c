/* pack.ini -> fd_pack. One table says which keys there are, what they hold and which must be given. */
#include "face/pack_parse.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "base/memory.h"
#include "base/text.h"

typedef struct reader {
    fd_pack pack;
    int kind, bgr, crop, resample, normalize, metric;   /* indices in their choices */
    size_t capacity_other;
    int line[32];                                       /* where each key of the table was given; 0: not yet */
    char **hashed;                                      /* [sha256]: file names */
    fd_sha256 *hash;
    int *hash_line;
    int n_hashes;
    size_t capacity_name, capacity_hash, capacity_line;
} reader;

typedef struct key key;
struct key {
    const char *section, *name;
    bool required;
    fd_error *(*read)(const key *k, const char *value, void *to);
    size_t offset;                /* in reader */
    double low, high;             /* numbers: bounds, included */
    int count;                    /* numbers in a list */
    const char *choices;
};

static fd_error *refuse(const key *k, const char *value, const char *wanted)
{
    char shown[FD_ESCAPED];
    return FD_FAIL(FD_FORMAT, "[%s] %s = %s: %s is wanted", k->section, k->name, fd_escape(shown, sizeof shown, value), wanted);
}

static fd_error *read_text(const key *k, const char *value, void *to)
{
    if (!*value)
        return refuse(k, value, "some text");
    return fd_strdup(to, value);
}

/* A file inside the pack's folder. */
static fd_error *read_file_name(const key *k, const char *value, void *to)
{
    if (!fd_pack_name_ok(value))
        return refuse(k, value, "the name of a file inside the pack's folder");
    return fd_strdup(&((fd_pack_file *)to)->name, value);
}

/* `count` numbers separated by blanks. */
static fd_error *read_numbers(const key *k, const char *value, void *to)
{
    char wanted[96];
    snprintf(wanted, sizeof wanted, "%s from %g to %g", k->count == 1 ? "a number" : "three numbers separated by blanks, each", k->low,
             k->high);
    double *number = to;
    const char *at = value;
    for (int i = 0; i < k->count; i++) {
        char *end;
        number[i] = strtod(at, &end);
        if (end == at || (*end && *end != ' ' && *end != '\t') || !(number[i] >= k->low && number[i] <= k->high))
            return refuse(k, value, wanted);
        at = end;
    }
    return at[strspn(at, " \t")] ? refuse(k, value, wanted) : NULL;
}

static fd_error *read_floats(const key *k, const char *value, void *to)
{
    double number[3] = {0};
    fd_error *err = read_numbers(k, value, number);
    for (int i = 0; i < k->count; i++)
        ((float *)to)[i] = (float)number[i];
    return err;
}

static bool whole(const char **text, double low, double high, int64_t *out)
{
    char *end;
    errno = 0;
    *out = **text >= '0' && **text <= '9' ? strtoll(*text, &end, 10) : (end = (char *)*text, -1);
    *text = end;
    return !errno && (double)*out >= low && (double)*out <= high;
}

static fd_error *read_whole(const key *k, const char *value, void *to)
{
    char wanted[64];
    const char *at = value;
    snprintf(wanted, sizeof wanted, "a whole number from %g to %g", k->low, k->high);
    return whole(&at, k->low, k->high, to) && !*at ? NULL : refuse(k, value, wanted);
}

/* "112x112": width x height. */
static fd_error *read_size(const key *k, const char *value, void *to)
{
    fd_cut_format *format = to;
    int64_t width = 0, height = 0;
    const char *at = value;
    bool good = whole(&at, k->low, k->high, &width) && (*at == 'x' || *at == 'X') && (at++, whole(&at, k->low, k->high, &height)) && !*at;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "WIDTHxHEIGHT, each from %g to %g,", k->low, k->high);
    format->width = (int32_t)width;
    format->height = (int32_t)height;
    return good ? NULL : refuse(k, value, wanted);
}

static fd_error *read_choice(const key *k, const char *value, void *to)
{
    size_t n = strlen(value);
    int index = 0;
    for (const char *at = k->choices; *at; index++) {
        size_t length = strcspn(at, "|");
        if (length == n && !memcmp(at, value, n)) {
            *(int *)to = index;
            return NULL;
        }
        at += length + (at[length] == '|');
    }
    return refuse(k, value, k->choices);
}

#define AT(member) offsetof(reader, member)
static const key keys[] = {
    {"pack", "name", true, read_text, AT(pack.name), 0, 0, 0, NULL},
    {"pack", "version", false, read_text, AT(pack.version), 0, 0, 0, NULL},
    {"pack", "licence", false, read_text, AT(pack.licence), 0, 0, 0, NULL},
    {"pack", "source", false, read_text, AT(pack.source), 0, 0, 0, NULL},
    {"detector", "kind", true, read_choice, AT(kind), 0, 0, 0, "mtcnn"},
    {"detector", "pnet", true, read_file_name, AT(pack.pnet), 0, 0, 0, NULL},
    {"detector", "rnet", true, read_file_name, AT(pack.rnet), 0, 0, 0, NULL},
    {"detector", "onet", true, read_file_name, AT(pack.onet), 0, 0, 0, NULL},
    {"detector", "min_face", true, read_numbers, AT(pack.min_face), 12, 65535, 1, NULL},
    {"detector", "thresholds", true, read_numbers, AT(pack.thresholds), 0, 1, 3, NULL},
    {"detector", "factor", true, read_numbers, AT(pack.factor), 0.1, 0.99, 1, NULL},
    {"embedder", "file", true, read_file_name, AT(pack.embedder), 0, 0, 0, NULL},
    {"embedder", "input", true, read_size, AT(pack.format), 8, 1024, 0, NULL},
    {"embedder", "channels", true, read_choice, AT(bgr), 0, 0, 0, "rgb|bgr"},
    {"embedder", "mean", true, read_floats, AT(pack.format.mean), -1e6, 1e6, 3, NULL},
    {"embedder", "std", true, read_floats, AT(pack.format.std), 1e-6, 1e6, 3, NULL},
    {"embedder", "crop", true, read_choice, AT(crop), 0, 0, 0, "align5|box"},
    {"embedder", "margin", false, read_numbers, AT(pack.margin), 0, 1023, 1, NULL},
    {"embedder", "resample", false, read_choice, AT(resample), 0, 0, 0, "bilinear|pil-bilinear|area"},
    {"embedder", "dim", true, read_whole, AT(pack.dim), 1, 65536, 0, NULL},
    {"embedder", "normalize", true, read_choice, AT(normalize), 0, 0, 0, "none|l2"},
    {"embedder", "metric", true, read_choice, AT(metric), 0, 0, 0, "euclidean|sqeuclidean|cosine|inner"},
    {"embedder", "threshold", true, read_numbers, AT(pack.threshold), 0, 1e9, 1, NULL},
};
enum { KEYS = sizeof keys / sizeof *keys };
_Static_assert(KEYS <= sizeof((reader *)0)->line / sizeof(int), "a line for each key");

bool fd_pack_name_ok(const char *name)
{
    if (!*name || *name == '/')
        return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t n = strcspn(part, "/");
        if (!n || (n == 2 && part[0] == '.' && part[1] == '.'))
            return false;
    }
    return true;
}

static fd_error *unknown(const char *section, const char *name)
{
    const char *candidates[KEYS];
    int n = 0;
    for (int i = 0; i < KEYS; i++)
        if (!strcmp(keys[i].section, section))
            candidates[n++] = keys[i].name;
    char shown_section[FD_ESCAPED], shown[FD_ESCAPED];
    fd_escape(shown_section, sizeof shown_section, section);
    fd_escape(shown, sizeof shown, name);
    if (!n)
        return FD_FAIL(FD_FORMAT, "unknown section [%s]: the sections are [pack], [detector], [embedder] and [sha256]", shown_section);
    int nearest = fd_nearest(name, candidates, n);
    return FD_FAIL(FD_FORMAT, "unknown key %s in [%s]%s%s%s", shown, shown_section, nearest < 0 ? "" : ": did you mean ",
                   nearest < 0 ? "" : candidates[nearest], nearest < 0 ? "" : "?");
}

static fd_error *add_hash(reader *r, const char *file, const char *value, int line)
{
    fd_error *err = NULL;
    char shown[FD_ESCAPED];
    fd_escape(shown, sizeof shown, file);
    for (int i = 0; i < r->n_hashes; i++)
        if (strcmp(r->hashed[i], file) == 0)
            return FD_FAIL(FD_FORMAT, "[sha256] %s is given twice, first in line %d", shown, r->hash_line[i]);
    size_t need = (size_t)r->n_hashes + 1;
    FD_TRY(fd_grow(&r->hashed, &r->capacity_name, need, sizeof *r->hashed));
    FD_TRY(fd_grow(&r->hash, &r->capacity_hash, need, sizeof *r->hash));
    FD_TRY(fd_grow(&r->hash_line, &r->capacity_line, need, sizeof *r->hash_line));
    if (!fd_pack_name_ok(file))
        FD_THROW(FD_FORMAT, "[sha256] %s: the name of a file inside the pack's folder is wanted", shown);
    if (!fd_sha256_parse(value, &r->hash[r->n_hashes]))
        FD_THROW(FD_FORMAT, "[sha256] %s: 64 hexadecimal digits are wanted (sha256sum prints them)", shown);
    FD_TRY(fd_strdup(&r->hashed[r->n_hashes], file));
    r->hash_line[r->n_hashes++] = line;
done:
    return err;
}

static fd_error *take(void *self, const char *section, const char *name, const char *value, int line)
{
    reader *r = self;
    if (!strcmp(section, "sha256"))
        return add_hash(r, name, value, line);
    for (int i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].section, section) != 0 || strcmp(keys[i].name, name) != 0)
            continue;
        if (r->line[i])
            return FD_FAIL(FD_FORMAT, "[%s] %s is given twice, first in line %d", section, name, r->line[i]);
        r->line[i] = line;
        return keys[i].read(&keys[i], value, (char *)r + keys[i].offset);
    }
    return unknown(section, name);
}

static fd_error *require_all(const reader *r, const char *name)
{
    for (int i = 0; i < KEYS; i++)
        if (keys[i].required && !r->line[i])
            return FD_FAIL(FD_FORMAT, "%s: [%s] has no %s", name, keys[i].section, keys[i].name);
    return NULL;
}

/* Gives each file of the pack its hash; what is left over becomes `other`. */
static fd_error *match_hashes(reader *r, const char *name)
{
    fd_error *err = NULL;
    fd_pack *p = &r->pack;
    fd_pack_file *files[] = {&p->pnet, &p->rnet, &p->onet, &p->embedder};
    for (int f = 0; f < 4; f++) {
        int i = 0;
        while (i < r->n_hashes && strcmp(r->hashed[i], files[f]->name) != 0)
            i++;
        char shown[FD_ESCAPED];
        if (i == r->n_hashes)
            return FD_FAIL(FD_FORMAT, "%s: [sha256] has no line for %s (sha256sum prints it)", name,
                           fd_escape(shown, sizeof shown, files[f]->name));
        files[f]->hash = r->hash[i];
    }
    for (int i = 0; i < r->n_hashes; i++) {
        bool used = false;
        for (int f = 0; f < 4; f++)
            used = used || !strcmp(r->hashed[i], files[f]->name);
        if (used)
            continue;
        FD_TRY(fd_grow(&p->other, &r->capacity_other, (size_t)p->n_other + 1, sizeof *p->other));
        p->other[p->n_other++] = (fd_pack_file){.name = r->hashed[i], .hash = r->hash[i]};
        r->hashed[i] = NULL;
    }
done:
    return err;
}

/* What one key alone cannot tell. */
static fd_error *settle(reader *r, const char *name)
{
    fd_pack *p = &r->pack;
    p->crop = (fd_crop_kind)r->crop;
    p->format.bgr = r->bgr == 1;
    p->l2 = r->normalize;
    p->metric = (fd_metric)r->metric;
    p->resample = (fd_resample)r->resample;
    if (p->crop == FD_CROP_ALIGN5 && p->resample != FD_BILINEAR)
        return FD_FAIL(FD_FORMAT, "%s: [embedder] crop = align5 goes with resample = bilinear only", name);
    if (p->crop == FD_CROP_ALIGN5 && p->margin > 0)
        return FD_FAIL(FD_FORMAT, "%s: [embedder] margin is for crop = box; align5 has none", name);
    if (p->crop == FD_CROP_BOX && p->resample == FD_BILINEAR)
        p->resample = FD_PIL_BILINEAR;
    if (p->margin != floor(p->margin))
        return FD_FAIL(FD_FORMAT, "%s: [embedder] margin = %g: whole pixels are wanted", name, p->margin);
    if (!(p->margin < p->format.width && p->margin < p->format.height))
        return FD_FAIL(FD_FORMAT, "%s: [embedder] margin = %g leaves nothing of the %dx%d input", name, p->margin, p->format.width,
                       p->format.height);
    return NULL;
}

static fd_error *fill_texts(fd_pack *p)
{
    fd_error *err = NULL;
    char **texts[] = {&p->version, &p->licence, &p->source, &p->folder};
    for (int i = 0; i < 4; i++)
        if (!*texts[i])
            FD_TRY(fd_strdup(texts[i], ""));
done:
    return err;
}

fd_error *fd_pack_parse(const char *text, size_t n, const char *name, fd_pack *out)
{
    fd_error *err = NULL;
    reader r = {0};
    memset(out, 0, sizeof *out);
    FD_TRY(fd_ini_parse(text, n, name, take, &r));
    FD_TRY(require_all(&r, name));
    FD_TRY(settle(&r, name));
    FD_TRY(match_hashes(&r, name));
    FD_TRY(fill_texts(&r.pack));
    *out = r.pack;
    memset(&r.pack, 0, sizeof r.pack);
done:
    fd_pack_free(&r.pack);
    for (int i = 0; i < r.n_hashes; i++)
        free(r.hashed[i]);
    free(r.hashed);
    free(r.hash);
    free(r.hash_line);
    return err;
}
