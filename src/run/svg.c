#include "run/svg.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "run/markup.h"

/* No var(): other programs than browsers draw these files, too. */
#define SERIES(i, colour) ".plot .s" #i "{color:" colour "}"
const char fd_svg_style[] =
    ".plot{font:13px system-ui,sans-serif}"
    ".plot text{fill:#333}.plot .title{font-size:16px;fill:#111}.plot .note{font-size:11px;fill:#666}.plot .strong{fill:#111;font-weight:600}"
    ".plot .paper{fill:#fff}.plot .grid{stroke:#e4e4e7;fill:none}.plot .frame{stroke:#8a8a93;fill:none}"
    ".plot .mark{stroke:#555;stroke-dasharray:4 3;fill:none}"
    ".plot .line{fill:none;stroke:currentColor;stroke-width:1.6;stroke-linejoin:round}"
    ".plot .band{fill:currentColor;fill-opacity:.22}.plot .fill{fill:currentColor}"
    SERIES(0, "#2563eb") SERIES(1, "#d97706") SERIES(2, "#059669") SERIES(3, "#dc2626")
    SERIES(4, "#7c3aed") SERIES(5, "#0e94b5") SERIES(6, "#c0267e") SERIES(7, "#6b7280")
    "@media(prefers-color-scheme:dark){"
    ".plot text{fill:#ccc}.plot .title,.plot .strong{fill:#f2f2f2}.plot .note{fill:#999}"
    ".plot .paper{fill:#17181b}.plot .grid{stroke:#303238}.plot .frame{stroke:#777983}.plot .mark{stroke:#aaa}"
    SERIES(0, "#6ea3ff") SERIES(1, "#f2a93b") SERIES(2, "#3ecf96") SERIES(3, "#ff7b72")
    SERIES(4, "#b292ff") SERIES(5, "#45c6e3") SERIES(6, "#f37dba") SERIES(7, "#a1a5b0") "}";

/* --- axes ---------------------------------------------------------------------------------------------------------------------------- */

double fd_axis_step(double low, double high, int most)
{
    static const double round[] = {1, 2, 5, 10};
    const double least = (high - low) / most, power = pow(10, floor(log10(least)));
    int i = 0;
    while (i < 3 && round[i] * power < least * (1 - 1e-9))
        i++;
    return round[i] * power;
}

enum { X_TICKS = 8, Y_TICKS = 6 };   /* at most */

fd_axis fd_axis_to(double low, double high, const char *label)
{
    low = low < 0 ? low : 0;
    high = high > low ? high : low + 1;
    const double step = fd_axis_step(low, high, Y_TICKS);
    return (fd_axis){.low = low < 0 ? step * floor(low / step + 1e-9) : 0, .high = step * ceil(high / step - 1e-9), .label = label};
}

/* 0..1 inside the axis. */
static double place(const fd_axis *a, double value)
{
    assert(a->low < a->high && (!a->by_decades || a->low > 0));
    const double p = a->by_decades ? (value > 0 ? log(value / a->low) / log(a->high / a->low) : 0) : (value - a->low) / (a->high - a->low);
    return p > 0 ? (p < 1 ? p : 1) : 0;   /* NaN: 0 */
}

double fd_svg_x(const fd_svg *s, double value)
{
    return s->left + s->wide * place(&s->x, value);
}

double fd_svg_y(const fd_svg *s, double value)
{
    return s->top + s->high * (1 - place(&s->y, value));
}

/* A tick's number: as many decimals as the distance of the ticks needs; in thousands (k), millions, ... where the axis
 * goes beyond four digits. */
static void number(char out[32], double value, double step, double largest)
{
    static const char unit[] = " kMGTP";
    int power = 0;
    for (bool scaled = largest >= 10000 - 1e-6; scaled && power < 5 && largest >= 1000 - 1e-6; power++)
        largest /= 1000, value /= 1000, step /= 1000;
    if (fabs(value) < step * 1e-6) {
        strcpy(out, "0");
        return;
    }
    int decimals = 0;
    while (decimals < 12 && fabs(step * pow(10, decimals) - round(step * pow(10, decimals))) > 1e-6)
        decimals++;
    snprintf(out, 32, "%.*f%s%.1s", decimals, value, power ? " " : "", power ? unit + power : "");
}

/* A line of the grid and its number, for the horizontal (x) or the vertical axis. */
static fd_error *tick(fd_svg *s, bool is_x, double value, const char *text)
{
    fd_error *err = NULL;
    const double px = is_x ? fd_svg_x(s, value) : s->left, py = is_x ? s->top + s->high : fd_svg_y(s, value);
    FD_TRY(fd_string_add(&s->text, is_x ? "<path class=\"grid\" d=\"M%.2f %.2fv%.2f\"/>\n" : "<path class=\"grid\" d=\"M%.2f %.2fh%.2f\"/>\n",
                         px, py, is_x ? -s->high : s->wide));
    FD_TRY(fd_svg_words(s, is_x ? px : px - 8, is_x ? py + 18 : py + 4.5, is_x ? "middle" : "end", "", text));
done:
    return err;
}

static fd_error *decades(fd_svg *s, bool is_x)
{
    fd_error *err = NULL;
    const fd_axis *a = is_x ? &s->x : &s->y;
    const int first = (int)ceil(log10(a->low) - 1e-9), last = (int)floor(log10(a->high) + 1e-9), most = is_x ? X_TICKS : Y_TICKS;
    const int step = (last - first) / most + 1;
    char text[32];
    for (int d = last; d >= first; d -= step) {
        if (d < 0)
            snprintf(text, sizeof text, "1e%d", d);
        else
            number(text, pow(10, d), pow(10, d), pow(10, d));
        FD_TRY(tick(s, is_x, pow(10, d), text));
    }
done:
    return err;
}

static fd_error *ticks(fd_svg *s, bool is_x)
{
    fd_error *err = NULL;
    const fd_axis *a = is_x ? &s->x : &s->y;
    char text[32];
    if (a->bare)
        return NULL;
    if (a->by_decades)
        return decades(s, is_x);
    const double step = fd_axis_step(a->low, a->high, is_x ? X_TICKS : Y_TICKS);
    for (double i = ceil(a->low / step - 1e-9); i * step <= a->high + 1e-9 * step; i++) {
        number(text, i * step, step, fmax(fabs(a->low), fabs(a->high)));
        FD_TRY(tick(s, is_x, i * step, text));
    }
done:
    return err;
}

fd_error *fd_svg_axes(fd_svg *s)
{
    fd_error *err = NULL;
    const double middle = s->top + s->high / 2, label = s->y.bare || s->left < 64 ? 16 : s->left - 48;
    FD_TRY(ticks(s, true));
    FD_TRY(ticks(s, false));
    FD_TRY(fd_string_add(&s->text, "<rect class=\"frame\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>\n", s->left, s->top, s->wide,
                         s->high));
    if (s->x.label)
        FD_TRY(fd_svg_words(s, s->left + s->wide / 2, s->top + s->high + 40, "middle", "", s->x.label));
    if (s->y.label) {
        FD_TRY(fd_string_add(&s->text, "<text transform=\"translate(%.2f %.2f) rotate(-90)\" text-anchor=\"middle\">", label, middle));
        FD_TRY(fd_markup_text(&s->text, s->y.label));
        FD_TRY(fd_string_add(&s->text, "</text>\n"));
    }
done:
    return err;
}

/* --- the picture --------------------------------------------------------------------------------------------------------------------- */

fd_error *fd_svg_open(fd_svg *s, const char *title, bool alone)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&s->text, "<svg%s class=\"plot\" role=\"img\" width=\"%g\" height=\"%g\" viewBox=\"0 0 %g %g\">\n<title>",
                         alone ? " xmlns=\"http://www.w3.org/2000/svg\"" : "", s->width, s->height, s->width, s->height));
    FD_TRY(fd_markup_text(&s->text, title));
    FD_TRY(fd_string_add(&s->text, "</title>\n"));
    if (alone)
        FD_TRY(fd_string_add(&s->text, "<style>%s</style>\n<rect class=\"paper\" width=\"%g\" height=\"%g\"/>\n", fd_svg_style, s->width,
                             s->height));
done:
    return err;
}

fd_error *fd_svg_close(fd_svg *s)
{
    return fd_string_add(&s->text, "</svg>\n");
}

fd_error *fd_svg_curve(fd_svg *s, int series, const fd_point *point, int64_t n, bool stepped)
{
    fd_error *err = NULL;
    double x = 0, y = 0;
    bool drawing = false;
    if (n == 0)
        return NULL;
    FD_TRY(fd_string_add(&s->text, "<path class=\"line s%d\" d=\"", series % FD_SVG_SERIES));
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(point[i].x) || !isfinite(point[i].y)) {
            drawing = false;
            continue;
        }
        const double to_x = fd_svg_x(s, point[i].x), to_y = fd_svg_y(s, point[i].y);
        if (drawing && fabs(to_x - x) < 0.25 && fabs(to_y - y) < 0.25 && i < n - 1)
            continue;
        x = to_x, y = to_y;
        FD_TRY(drawing && stepped ? fd_string_add(&s->text, "H%.2fV%.2f", x, y)
                                  : fd_string_add(&s->text, "%c%.2f %.2f", drawing ? 'L' : 'M', x, y));
        drawing = true;
    }
    FD_TRY(fd_string_add(&s->text, "\"/>\n"));
done:
    return err;
}

fd_error *fd_svg_band(fd_svg *s, int series, const fd_point *low, const fd_point *high, int64_t n)
{
    fd_error *err = NULL;
    if (n == 0)
        return NULL;
    FD_TRY(fd_string_add(&s->text, "<path class=\"band s%d\" d=\"", series % FD_SVG_SERIES));
    for (int64_t i = 0; i < n; i++)
        FD_TRY(fd_string_add(&s->text, "%c%.2f %.2f", i ? 'L' : 'M', fd_svg_x(s, low[i].x), fd_svg_y(s, low[i].y)));
    for (int64_t i = n; i-- > 0;)
        FD_TRY(fd_string_add(&s->text, "L%.2f %.2f", fd_svg_x(s, high[i].x), fd_svg_y(s, high[i].y)));
    FD_TRY(fd_string_add(&s->text, "Z\"/>\n"));
done:
    return err;
}

/* The end of an element that may have a tip. */
static fd_error *end(fd_svg *s, const char *element, const char *tip)
{
    fd_error *err = NULL;
    if (!tip)
        return fd_string_add(&s->text, "/>\n");
    FD_TRY(fd_string_add(&s->text, "><title>"));
    FD_TRY(fd_markup_text(&s->text, tip));
    FD_TRY(fd_string_add(&s->text, "</title></%s>\n", element));
done:
    return err;
}

fd_error *fd_svg_bar(fd_svg *s, int series, fd_point a, fd_point b, const char *tip)
{
    fd_error *err = NULL;
    const double x1 = fd_svg_x(s, a.x), x2 = fd_svg_x(s, b.x), y1 = fd_svg_y(s, a.y), y2 = fd_svg_y(s, b.y);
    FD_TRY(fd_string_add(&s->text, "<rect class=\"fill s%d\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"", series % FD_SVG_SERIES,
                         fmin(x1, x2), fmin(y1, y2), fabs(x2 - x1), fabs(y2 - y1)));
    FD_TRY(end(s, "rect", tip));
done:
    return err;
}

fd_error *fd_svg_dot(fd_svg *s, int series, fd_point at, double radius, const char *tip)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&s->text, "<circle class=\"fill s%d\" cx=\"%.2f\" cy=\"%.2f\" r=\"%g\"", series % FD_SVG_SERIES, fd_svg_x(s, at.x),
                         fd_svg_y(s, at.y), radius));
    FD_TRY(end(s, "circle", tip));
done:
    return err;
}

fd_error *fd_svg_mark(fd_svg *s, double x)
{
    return fd_string_add(&s->text, "<path class=\"mark\" d=\"M%.2f %.2fv%.2f\"/>\n", fd_svg_x(s, x), s->top, s->high);
}

fd_error *fd_svg_words(fd_svg *s, double px, double py, const char *anchor, const char *kind, const char *text)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&s->text, "<text class=\"%s\" x=\"%.2f\" y=\"%.2f\" text-anchor=\"%s\">", kind, px, py, anchor));
    FD_TRY(fd_markup_text(&s->text, text));
    FD_TRY(fd_string_add(&s->text, "</text>\n"));
done:
    return err;
}

fd_error *fd_svg_legend(fd_svg *s, double px, double py, const char *const *name, int n)
{
    fd_error *err = NULL;
    double x = px, y = py;
    for (int i = 0; i < n; i++) {
        const double wide = 34 + 7 * (double)strlen(name[i]);   /* square, gap and letters of 13 pixels, generously */
        if (x > px && x + wide > s->width) {
            x = px;
            y += 20;
        }
        FD_TRY(fd_string_add(&s->text, "<rect class=\"fill s%d\" x=\"%.2f\" y=\"%.2f\" width=\"12\" height=\"12\" rx=\"2\"/>\n",
                             i % FD_SVG_SERIES, x, y - 10));
        FD_TRY(fd_svg_words(s, x + 18, y, "start", "", name[i]));
        x += wide;
    }
done:
    return err;
}
