/* Faces as small pictures: from /faces/crop, else cut from the photographs, as long as these are what they were. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/decode.h"
#include "data/entry.h"
#include "run/markup.h"
#include "run/page/page.h"

enum { SIDE = 96, QUALITY = 82, MOST_PIXELS = 256000000 };

/* A picture that was made already; n 0: it cannot be had. */
typedef struct thumb {
    int64_t face;
    uint8_t *jpeg;
    size_t n;
    int32_t width, height;
} thumb;

struct fd_thumbs {
    bool wanted;
    int64_t crop[3];   /* height, width, 3 of /faces/crop; 0: it has none */
    thumb made[FD_PAGE_THUMBS];
    int n;
    int64_t photograph;   /* whose pixels are in `pixels`; -1: none */
    fd_image pixels;
    int64_t shown, gone;   /* faces shown, and those whose photograph is gone or another */
};

fd_error *fd_thumbs_open(fd_page *p)
{
    fd_error *err = NULL;
    int rank = 0;
    int64_t dim[4] = {0};
    FD_TRY(fd_alloc(&p->thumbs, 1, sizeof *p->thumbs));
    p->thumbs->wanted = fd_opt_flag(p->options, "pictures");
    p->thumbs->photograph = -1;
    if (fd_result_has(p->file, "/faces/crop"))
        FD_TRY(fd_result_shape(p->file, "/faces/crop", &rank, dim));
    if (rank == 4 && dim[0] == p->faces && dim[3] == 3 && dim[1] > 0 && dim[2] > 0 && dim[1] <= 4096 && dim[2] <= 4096)
        memcpy(p->thumbs->crop, dim + 1, sizeof p->thumbs->crop);
done:
    return err;
}

void fd_thumbs_close(fd_thumbs *t)
{
    for (int i = 0; t && i < t->n; i++)
        free(t->made[i].jpeg);
    if (t)
        fd_image_free(&t->pixels);
    free(t);
}

/* --- pixels -------------------------------------------------------------------------------------------------------------------------- */

typedef struct window {
    const uint8_t *rgb;
    int64_t pitch, x, y, width, height;
} window;   /* of a picture; pitch: pixels of its rows */

/* The mean of the source pixels under each pixel of the picture, which is at most SIDE on either side. */
static fd_error *shrink(const window *w, thumb *t)
{
    fd_error *err = NULL;
    uint8_t *small = NULL;
    const int64_t longer = w->width > w->height ? w->width : w->height, side = longer < SIDE ? longer : SIDE;
    t->width = (int32_t)((w->width * side + longer / 2) / longer);
    t->height = (int32_t)((w->height * side + longer / 2) / longer);
    t->width += t->width == 0;
    t->height += t->height == 0;
    FD_TRY(fd_alloc(&small, (size_t)t->width * (size_t)t->height, 3));
    for (int64_t y = 0; y < t->height; y++)
        for (int64_t x = 0; x < t->width; x++) {
            const int64_t y1 = y * w->height / t->height, y2 = ((y + 1) * w->height + t->height - 1) / t->height;
            const int64_t x1 = x * w->width / t->width, x2 = ((x + 1) * w->width + t->width - 1) / t->width;
            int64_t sum[3] = {0}, n = (y2 - y1) * (x2 - x1);
            for (int64_t i = y1; i < y2; i++)
                for (int64_t k = 3 * x1; k < 3 * x2; k++)
                    sum[k % 3] += w->rgb[((w->y + i) * w->pitch + w->x) * 3 + k];
            for (int c = 0; c < 3; c++)
                small[(y * t->width + x) * 3 + c] = (uint8_t)((sum[c] + n / 2) / n);
        }
    FD_TRY(fd_jpeg_encode(small, t->width, t->height, QUALITY, &t->jpeg, &t->n));
done:
    free(small);
    return err;
}

static fd_error *from_crop(fd_page *p, thumb *t)
{
    fd_error *err = NULL;
    uint8_t *crop = NULL;
    int64_t n = 0;
    const int64_t *dim = p->thumbs->crop;
    FD_TRY(fd_result_read(p->file, "/faces/crop", FD_COL_U8, t->face, 1, (void **)&crop, &n));
    FD_TRY(shrink(&(window){crop, dim[1], 0, 0, dim[1], dim[0]}, t));
done:
    free(crop);
    return err;
}

/* The photograph's pixels, when it is what it was; else none. */
static fd_error *load_photograph(fd_page *p, int64_t image)
{
    fd_error *err = NULL;
    fd_thumbs *t = p->thumbs;
    fd_content file = {0};
    const fd_entry *e = &p->recipe.photographs.entry[image];
    fd_decode_config config = {.max_pixels = MOST_PIXELS, .accept_truncated = true, .ignore_exif = false};
    const char *exif = fd_settings_find(&p->recipe.said, "--exif");
    config.ignore_exif = exif && strcmp(exif, "ignore") == 0;
    fd_image_free(&t->pixels);
    t->pixels = (fd_image){0};
    t->photograph = image;
    FD_TRY(fd_read_entry(e->path, SIZE_MAX, &file));
    if (!file.bytes)
        goto done;
    fd_sha256 hash = fd_sha256_of(file.bytes, file.n);
    if (memcmp(&hash, &p->recipe.sha256[image], sizeof hash) == 0)
        FD_TRY(fd_decode(file.bytes, file.n, &config, &t->pixels));
done:
    fd_content_free(&file);
    return err;
}

/* A square of 1.3 times the box about its centre, as far as it lies inside the photograph. */
static fd_error *from_photograph(fd_page *p, thumb *t)
{
    fd_error *err = NULL;
    fd_thumbs *all = p->thumbs;
    const int64_t image = p->image[t->face];
    const float *box = p->box + 4 * t->face;
    if (all->photograph != image)
        FD_TRY(load_photograph(p, image));
    const fd_image *from = &all->pixels;
    const double half = 0.65 * fmax((double)box[2] - box[0], (double)box[3] - box[1]);
    const double cx = 0.5 * ((double)box[0] + box[2]), cy = 0.5 * ((double)box[1] + box[3]);
    if (!from->rgb || !isfinite(half) || !isfinite(cx) || !isfinite(cy))
        return NULL;
    const int64_t x1 = (int64_t)fmax(cx - half, 0), y1 = (int64_t)fmax(cy - half, 0);
    const int64_t x2 = (int64_t)fmin(cx + half + 1, from->width), y2 = (int64_t)fmin(cy + half + 1, from->height);
    if (x1 < x2 && y1 < y2)
        FD_TRY(shrink(&(window){from->rgb, from->width, x1, y1, x2 - x1, y2 - y1}, t));
done:
    return err;
}

/* --- the page ------------------------------------------------------------------------------------------------------------------------ */

/* The picture of a face; NULL: none can be had, or there are enough of them in the page. */
static fd_error *find(fd_page *p, int64_t face, const thumb **out)
{
    fd_error *err = NULL;
    fd_thumbs *all = p->thumbs;
    *out = NULL;
    for (int i = 0; i < all->n; i++)
        if (all->made[i].face == face) {
            *out = all->made[i].n ? &all->made[i] : NULL;
            return NULL;
        }
    if (!all->wanted || all->n == FD_PAGE_THUMBS)
        return NULL;
    thumb *t = &all->made[all->n++];
    *t = (thumb){.face = face};
    if (all->crop[0])
        FD_TRY(from_crop(p, t));
    else if (p->has_recipe && p->image && p->box && p->recipe.photographs.n == p->images)
        FD_TRY(from_photograph(p, t));
    all->shown += t->n > 0;
    all->gone += t->n == 0;
    *out = t->n ? t : NULL;
done:
    return err;
}

/* The last two parts of a key; the whole of it is the figure's title. */
static const char *end_of(const char *key)
{
    const char *at = key + strlen(key);
    for (int parts = 0; at > key && (at[-1] != '/' || ++parts < 2); at--)
        ;
    return at;
}

fd_error *fd_page_face(fd_page *p, int64_t face, const char *caption, bool marked)
{
    fd_error *err = NULL;
    const thumb *t = NULL;
    const char *key = p->image && p->key ? p->key[p->image[face]] : NULL;
    FD_TRY(find(p, face, &t));
    FD_TRY(fd_string_add(&p->html, "<figure title=\""));
    if (key)
        FD_TRY(fd_page_text(p, key));
    FD_TRY(fd_string_add(&p->html, "%sface %lld\">", key ? ", " : "", (long long)face));
    if (t) {
        FD_TRY(fd_string_add(&p->html, "<img alt=\"face %lld\" width=\"%d\" height=\"%d\" src=\"data:image/jpeg;base64,", (long long)face,
                             t->width, t->height));
        FD_TRY(fd_markup_base64(&p->html, t->jpeg, t->n));
        FD_TRY(fd_string_add(&p->html, "\">"));
    } else if (p->thumbs->shown > 0)
        FD_TRY(fd_string_add(&p->html, "<i></i>"));   /* keeps its place among those that have a picture */
    FD_TRY(fd_string_add(&p->html, "<figcaption>"));
    if (caption) {
        FD_TRY(fd_string_add(&p->html, "<b%s>", marked ? " class=\"near\"" : ""));
        FD_TRY(fd_page_text(p, caption));
        FD_TRY(fd_string_add(&p->html, "</b>"));
    }
    if (key)
        FD_TRY(fd_page_name(p, end_of(key)));
    FD_TRY(fd_string_add(&p->html, "</figcaption></figure>\n"));
done:
    return err;
}

fd_error *fd_page_say_thumbs(fd_page *p)
{
    const fd_thumbs *t = p->thumbs;
    if (!t->wanted)
        return fd_page_say(p, "note", "Without pictures, as was asked for.");
    if (t->crop[0])
        return fd_page_say(p, "note", "The pictures are what the embedder saw of each face (/faces/crop).");
    if (t->shown == 0)
        return fd_page_say(
            p, "note",
            "There are no pictures: the result has no crops (--save-crops), and the photographs were not found where it says they were, or are "
            "others now (--photos DIR says where they are).");
    if (t->gone > 0)
        return fd_page_say(p, "note",
                           "The pictures are cut from the photographs; %lld faces have none, for their photograph is gone or was changed.",
                           (long long)t->gone);
    return fd_page_say(p, "note", "The pictures are cut from the photographs, whose hashes are the recorded ones.");
}
