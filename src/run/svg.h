/* Pictures as SVG that needs nothing beside itself: a frame, axes with round ticks, curves, bands, bars, dots, words. Colours are those of a
 * style sheet, light or dark as the reader's screen is. One picture may stand alone in a file, or in a page that has the style sheet once.
 *
 * Places are in data units where a point or a value is asked for, in pixels of the picture (from its upper left corner) where an argument is
 * called px or py. A series is a colour, 0..FD_SVG_SERIES-1; others are taken modulo that. Texts may be anybody's bytes: they are escaped. Data
 * beyond the axes is drawn at the frame. */
#ifndef FD_RUN_SVG_H
#define FD_RUN_SVG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { FD_SVG_SERIES = 8 };

typedef struct fd_point { double x, y; } fd_point;

typedef struct fd_axis {
    double low, high;    /* low < high; above 0 where by_decades */
    bool by_decades;     /* ticks at powers of ten */
    bool bare;           /* no ticks, no numbers */
    const char *label;   /* what is measured, and its unit; NULL: none */
} fd_axis;

/* Zero-initialise, set the sizes and the axes, then open, draw, close; free(text.text) in any case. */
typedef struct fd_svg {
    double width, height;            /* of the picture, pixels */
    double left, top, wide, high;    /* the frame inside it, which the axes span */
    fd_axis x, y;
    fd_string text;
} fd_svg;

/* The style sheet of all pictures: rules for the classes below ".plot". */
extern const char fd_svg_style[];

/* The distance of round ticks (1, 2 or 5 times a power of ten), about `most` of them or fewer between low and high. */
double fd_axis_step(double low, double high, int most);
/* An axis from 0, or from `low` where that is below 0, to the next round tick at or above `high`. */
fd_axis fd_axis_to(double low, double high, const char *label);

/* Begins the picture. `alone`: a file of its own, with the style sheet and a ground; else it is to be part of a page. */
fd_error *fd_svg_open(fd_svg *s, const char *title, bool alone) FD_CHECK;
fd_error *fd_svg_close(fd_svg *s) FD_CHECK;
/* Frame, lines of the grid, numbers, labels. Before what is drawn over them. */
fd_error *fd_svg_axes(fd_svg *s) FD_CHECK;

/* Where a value lies, in pixels. */
double fd_svg_x(const fd_svg *s, double value);
double fd_svg_y(const fd_svg *s, double value);

/* A line through n points (n 0: nothing), in steps (across, then up or down) when `stepped`. Points that would move the pen by less than a
 * quarter of a pixel are left out; a point that is not finite ends a stretch. */
fd_error *fd_svg_curve(fd_svg *s, int series, const fd_point *point, int64_t n, bool stepped) FD_CHECK;
/* What lies between two lines of n points each, with the same x. */
fd_error *fd_svg_band(fd_svg *s, int series, const fd_point *low, const fd_point *high, int64_t n) FD_CHECK;
/* The rectangle of two opposite corners; `tip` (NULL: none) is shown where the pointer rests. */
fd_error *fd_svg_bar(fd_svg *s, int series, fd_point a, fd_point b, const char *tip) FD_CHECK;
fd_error *fd_svg_dot(fd_svg *s, int series, fd_point at, double radius, const char *tip) FD_CHECK;
/* A dashed line over the whole height of the frame at x. */
fd_error *fd_svg_mark(fd_svg *s, double x) FD_CHECK;

/* Words; anchor is "start", "middle" or "end"; kind a class: "title", "note" (small and pale), "strong", or "" for plain. */
fd_error *fd_svg_words(fd_svg *s, double px, double py, const char *anchor, const char *kind, const char *text) FD_CHECK;
/* A row of coloured squares with their names from (px, py) on, in lines that fit the picture. */
fd_error *fd_svg_legend(fd_svg *s, double px, double py, const char *const *name, int n) FD_CHECK;

#endif
