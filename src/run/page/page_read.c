/* What the page shows, from the result. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "dist/dist.h"
#include "run/page/page.h"

fd_error *fd_page_ask(fd_page *p, const char *name, char **out)
{
    fd_error *err = NULL;
    *out = NULL;
    if (fd_result_has(p->file, "/run"))
        FD_TRY(fd_result_attribute(p->file, NULL, name, out));
    if (!*out)
        FD_TRY(fd_strdup(out, ""));
done:
    return err;
}

fd_error *fd_page_column(fd_page *p, const char *path, fd_column_type type, int64_t *n, void *out)
{
    fd_error *err = NULL;
    int64_t rows = 0;
    if (!fd_result_has(p->file, path))
        return NULL;
    FD_TRY(fd_result_read(p->file, path, type, 0, -1, out, &rows));
    if (*n >= 0 && rows != *n)
        FD_THROW(FD_FORMAT, "%s has %lld rows, not %lld", path, (long long)rows, (long long)*n);
    *n = rows;
done:
    return err;
}

/* The second dimension of a dataset; 0 where there is none such. */
static fd_error *width_of(fd_page *p, const char *path, int64_t *out)
{
    fd_error *err = NULL;
    int rank = 0;
    int64_t dim[4] = {0};
    *out = 0;
    if (!fd_result_has(p->file, path))
        return NULL;
    FD_TRY(fd_result_shape(p->file, path, &rank, dim));
    *out = rank == 2 ? dim[1] : 0;
done:
    return err;
}

static fd_error *read_images(fd_page *p)
{
    fd_error *err = NULL;
    int64_t n = -1;
    FD_TRY(fd_page_column(p, "/images/path", FD_COL_TEXT, &n, &p->key));
    FD_TRY(fd_page_column(p, "/images/detail", FD_COL_TEXT, &n, &p->detail));
    FD_TRY(fd_page_column(p, "/images/status", FD_COL_U8, &n, &p->status));
    FD_TRY(fd_page_column(p, "/images/flags", FD_COL_U8, &n, &p->flags));
    FD_TRY(fd_page_column(p, "/images/duplicate_of", FD_COL_I64, &n, &p->duplicate_of));
    p->images = p->key ? n : 0;
    for (int64_t i = 0; p->duplicate_of && i < p->images; i++)
        if (p->duplicate_of[i] >= i)   /* the first of equal ones stands for them */
            FD_THROW(FD_FORMAT, "/images/duplicate_of points outside /images");
done:
    return err;
}

static fd_error *read_faces(fd_page *p)
{
    fd_error *err = NULL;
    int64_t n = -1, width = 0;
    FD_TRY(fd_page_column(p, "/faces/image", FD_COL_I64, &n, &p->image));
    FD_TRY(width_of(p, "/faces/box", &width));
    if (width == 4)
        FD_TRY(fd_page_column(p, "/faces/box", FD_COL_F32, &n, &p->box));
    FD_TRY(fd_page_column(p, "/faces/valid", FD_COL_U8, &n, &p->valid));
    FD_TRY(width_of(p, "/faces/embedding", &p->dim));
    FD_TRY(fd_page_column(p, "/clusters/label", FD_COL_I64, &n, &p->label));
    p->faces = n < 0 ? 0 : n;
    p->groups = -1;
    FD_TRY(fd_page_column(p, "/clusters/size", FD_COL_I64, &p->groups, &p->size));
    for (int64_t i = 0; i < p->faces; i++) {
        if (p->image && (p->image[i] < 0 || p->image[i] >= p->images))
            FD_THROW(FD_FORMAT, "/faces/image points outside /images");
        if (p->label && p->label[i] >= p->groups)
            FD_THROW(FD_FORMAT, "/clusters/label points outside /clusters/size");
    }
done:
    return err;
}

static fd_error *read_metric(fd_page *p)
{
    fd_error *err = NULL;
    char *metric = NULL, *model = NULL, *threshold = NULL, *end;
    FD_TRY(fd_page_ask(p, "option metric", &metric));
    FD_TRY(fd_page_ask(p, "model metric", &model));
    FD_TRY(fd_page_ask(p, "model threshold", &threshold));
    FD_TRY(fd_metric_find(*metric ? metric : "euclidean", &p->metric));
    const char *name = fd_metric_at((int)p->metric)->name;
    snprintf(p->measure, sizeof p->measure, "%s %s", name, p->metric == FD_INNER ? "product" : "distance");
    p->threshold = strcmp(model, name) == 0 ? strtod(threshold, &end) : NAN;
    if (!isnan(p->threshold) && (end == threshold || *end || !isfinite(p->threshold)))
        p->threshold = NAN;
done:
    free(metric);
    free(model);
    free(threshold);
    return err;
}

/* A result of another program, or a part of one, has no recipe and no photographs. */
static void read_recipe(fd_page *p)
{
    fd_error *e = fd_recipe_read(fd_positional(p->options, 0), fd_opt_text(p->options, "photos"), "", &p->recipe);
    p->has_recipe = !e;
    if (e)
        fd_say(FD_VERBOSE, "%s", fd_error_message(e));
    fd_error_free(e);
}

fd_error *fd_page_read(fd_page *p)
{
    fd_error *err = NULL;
    FD_TRY(fd_result_open(fd_positional(p->options, 0), &p->file));
    FD_TRY(read_images(p));
    FD_TRY(read_faces(p));
    FD_TRY(read_metric(p));
    read_recipe(p);
    FD_TRY(fd_thumbs_open(p));
done:
    return err;
}

void fd_page_free(fd_page *p)
{
    void *const all[] = {p->html.text, p->key, p->detail, p->status, p->flags, p->duplicate_of, p->image, p->box, p->valid, p->label, p->size};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    fd_thumbs_close(p->thumbs);
    fd_recipe_free(&p->recipe);
    fd_result_close(p->file);
}
