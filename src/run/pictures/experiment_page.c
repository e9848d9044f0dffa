/* The experiment as a page: result pictures side by side, tables, a plot. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/version.h"
#include "run/markup.h"
#include "run/page/page.h"
#include "run/pictures/experiment.h"
#include "run/svg.h"

enum { QUALITY = 88 };

static const char *const explained[FD_TRIALS] = {
    "As many blocks as it takes: each pixel has a thread.",
    ("Half the blocks: a thread turns one pixel and ends, so the second half stays as it was. With --grid-stride each thread goes on to the pixel that lies as far ahead as there are "
     "threads, and all is covered by any launch."),
    "Threads whose number lies beyond the picture end at once. That test is why a grid may be rounded up to whole blocks.",
    "As many threads as half the pixels, beginning at the first.",
    "The same, beginning in the middle: a thread's number is not its pixel's.",
    "Blocks as large as the device allows; on a processor, where a block is a loop, one for each thread."};

static fd_error *add_figure(fd_page *p, const fd_image *image, const char *caption)
{
    fd_error *err = NULL;
    uint8_t *jpeg = NULL;
    size_t n = 0;
    FD_TRY(fd_jpeg_encode(image->rgb, image->width, image->height, QUALITY, &jpeg, &n));
    FD_TRY(fd_string_add(&p->html, "<td><img width=\"%d\" height=\"%d\" alt=\"", image->width, image->height));
    FD_TRY(fd_page_text(p, caption));
    FD_TRY(fd_string_add(&p->html, "\" src=\"data:image/jpeg;base64,"));
    FD_TRY(fd_markup_base64(&p->html, jpeg, n));
    FD_TRY(fd_string_add(&p->html, "\"></td>"));
done:
    free(jpeg);
    return err;
}

/* A column for each launch, a row for each engine. */
static fd_error *add_pictures(fd_page *p, const fd_experiment *e)
{
    fd_error *err = NULL;
    FD_TRY(fd_page_section(p, "pictures", "What each launch makes of the picture"));
    FD_TRY(fd_string_add(&p->html, "<div class=\"scroll\"><table>\n"));
    FD_TRY(fd_page_row(p, "th", fd_trial_names, FD_TRIALS));
    for (int engine = 0; engine < e->engines; engine++) {
        FD_TRY(fd_string_add(&p->html, "<tr>"));
        for (int t = 0; t < FD_TRIALS; t++)
            FD_TRY(add_figure(p, &e->shown[engine][t], fd_trial_names[t]));
        FD_TRY(fd_string_add(&p->html, "</tr>\n"));
    }
    FD_TRY(fd_string_add(&p->html, "</table></div>\n<table>\n"));
    for (int t = 0; t < FD_TRIALS; t++)
        FD_TRY(fd_page_row(p, "td", (const char *const[]){fd_trial_names[t], explained[t]}, 2));
    FD_TRY(fd_string_add(&p->html, "</table>\n</section>\n"));
done:
    return err;
}

static fd_error *add_row(fd_page *p, const fd_trial_row *r)
{
    char text[9][32];
    const char *cell[9];
    const double threads = (double)r->launch.grid * (double)r->launch.block;
    snprintf(text[0], sizeof text[0], "%s", fd_trial_names[r->trial]);
    snprintf(text[1], sizeof text[1], "%.2f", (double)r->pixels / 1e6);
    snprintf(text[2], sizeof text[2], "%lld", (long long)r->launch.grid);
    snprintf(text[3], sizeof text[3], "%lld", (long long)r->launch.block);
    snprintf(text[4], sizeof text[4], "%.2f", threads > 0 ? (double)r->expected / threads : 0);
    snprintf(text[5], sizeof text[5], "%lld", (long long)r->expected);
    snprintf(text[6], sizeof text[6], "%lld", (long long)r->changed);
    snprintf(text[7], sizeof text[7], "%.3f", 1e3 * r->seconds);
    snprintf(text[8], sizeof text[8], "%.0f %%", 100 * r->share);
    for (int k = 0; k < 9; k++)
        cell[k] = text[k];
    return fd_page_row(p, "td", cell, 9);
}

static fd_error *add_tables(fd_page *p, const fd_experiment *e)
{
    static const char *const heads[] = {"launch", "Mpx", "grid, blocks", "block, threads", "pixels per thread", "pixels expected to change", "that did", "time, ms", "of the copy rate"};
    fd_error *err = NULL;
    FD_TRY(fd_page_section(p, "times", "Launches and times"));
    FD_TRY(fd_page_say(p, "note", "Time is the least of several runs, pictures in the engine's memory. The copy rate counts bytes read and written by a copy of the same "
                                  "picture; a launch's rate those of the pixels that it changes."));
    for (int engine = 0; engine < e->engines; engine++) {
        FD_TRY(fd_string_add(&p->html, "<h3>"));
        FD_TRY(fd_page_text(p, e->engine[engine]));
        FD_TRY(fd_string_add(&p->html, "</h3>\n<div class=\"scroll\"><table class=\"numbers\">\n"));
        FD_TRY(fd_page_row(p, "th", heads, 9));
        for (int r = 0; r < e->rows; r++)
            if (e->row[r].engine == engine)
                FD_TRY(add_row(p, &e->row[r]));
        FD_TRY(fd_string_add(&p->html, "</table></div>\n"));
    }
    if (e->absent[0])
        FD_TRY(fd_page_say(p, "note", "No GPU was tried: %s", e->absent));
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    return err;
}

static int by_x(const void *a, const void *b)
{
    const fd_point *x = a, *y = b;
    return (x->x > y->x) - (x->x < y->x);
}

static fd_error *add_plot(fd_page *p, const fd_experiment *e, int engine)
{
    fd_error *err = NULL;
    double low = 1e12, high = 0, most = 1;
    for (int s = 0; s <= e->sizes; s++) {
        low = e->pixels[s] / 1e6 < low ? e->pixels[s] / 1e6 : low;
        high = e->pixels[s] / 1e6 > high ? e->pixels[s] / 1e6 : high;
    }
    for (int r = 0; r < e->rows; r++)
        most = e->row[r].engine == engine && e->row[r].share > most ? e->row[r].share : most;
    fd_svg s = {.width = 900, .height = 400, .left = 72, .top = 70, .wide = 800, .high = 270};
    s.x = (fd_axis){.low = low / 1.2, .high = high * 1.2, .by_decades = true, .label = "picture, Mpx"};
    s.y = fd_axis_to(0, 100 * most, "rate, % of a copy's");
    FD_TRY(fd_svg_open(&s, "Rate of each launch", false));
    FD_TRY(fd_svg_words(&s, s.left, 24, "start", "title", e->engine[engine]));
    FD_TRY(fd_svg_legend(&s, s.left, 44, fd_trial_names, FD_TRIALS));
    FD_TRY(fd_svg_axes(&s));
    for (int t = 0; t < FD_TRIALS; t++) {
        fd_point point[FD_TRIAL_SIZES + 1];
        int n = 0;
        for (int r = 0; r < e->rows; r++)
            if (e->row[r].engine == engine && e->row[r].trial == t)
                point[n++] = (fd_point){(double)e->row[r].pixels / 1e6, 100 * e->row[r].share};
        qsort(point, (size_t)n, sizeof *point, by_x);
        FD_TRY(fd_svg_curve(&s, t, point, n, false));
        for (int k = 0; k < n; k++)
            FD_TRY(fd_svg_dot(&s, t, point[k], 3, fd_trial_names[t]));
    }
    FD_TRY(fd_page_picture(p, &s));
done:
    free(s.text.text);
    return err;
}

fd_error *fd_experiment_page(const fd_experiment *e, const char *path)
{
    static const char title[] = "One kernel, six launches";
    fd_error *err = NULL;
    fd_page p = {0};
    FD_TRY(fd_page_open(&p, title));
    FD_TRY(fd_string_add(&p.html, "<h1>%s</h1>\n", title));
    FD_TRY(fd_page_say(&p, "", "A kernel that inverts a pixel (255 - x of red, green and blue) in each thread, launched in six ways%s, on a picture of %dx%d and on larger ones made of it.",
                       e->stride ? " with a grid stride" : "", e->picture.width, e->picture.height));
    FD_TRY(add_pictures(&p, e));
    FD_TRY(add_tables(&p, e));
    FD_TRY(fd_page_section(&p, "rates", "Rates over sizes"));
    for (int engine = 0; engine < e->engines; engine++)
        FD_TRY(add_plot(&p, e, engine));
    FD_TRY(fd_string_add(&p.html, "</section>\n<footer>Made by facesdist-invert --experiment %s; this page loads nothing and runs nothing.</footer>\n</body>\n</html>\n",
                         fd_version()));
    FD_TRY(fd_file_replace(path, p.html.text, p.html.length));
done:
    free(p.html.text);
    return err;
}
