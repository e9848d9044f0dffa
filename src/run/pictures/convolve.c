#include "run/pictures/convolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "run/pictures/filter.h"
#include "run/pictures/pictures.h"

static const char WHAT[] = "What is done";

static const fd_option table[] = {
    FD_PICTURE_INPUT_OPTIONS,
    {"filter", 'k', FD_OPT_TEXT, "gaussian", "NAME|FILE", NULL, 0, 0, FD_AFFECTS_RESULT, WHAT,
     "The window: " FD_FILTER_NAMES "; or a file: .npy, or text with a row of numbers on each line."},
    {"size", 0, FD_OPT_INT, NULL, "N", NULL, 1, FD_FILTER_MOST, FD_AFFECTS_RESULT, WHAT,
     "Rows and columns of box and gaussian, odd. Default: 3, and four sigma to each side for gaussian."},
    {"sigma", 0, FD_OPT_REAL, "1", "PIXELS", NULL, 1e-3, 100, FD_AFFECTS_RESULT, WHAT, "Standard deviation of gaussian."},
    {"correlate", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RESULT, WHAT, "Lay the window on as it is; a convolution turns it by half a circle."},
    {"border", 0, FD_OPT_CHOICE, "reflect", NULL, "reflect|constant|nearest|mirror|wrap", 0, 0, FD_AFFECTS_RESULT, WHAT,
     "What lies beyond the picture: reflect (d c b a | a b c d | d c b a), constant (--constant), nearest (a a | a b c d | d d), mirror (c b | a b c d | c b), wrap "
     "(c d | a b c d | a b); the names of scipy.ndimage."},
    {"constant", 0, FD_OPT_REAL, "0", "VALUE", NULL, 0, 0, FD_AFFECTS_RESULT, WHAT, "The sample of --border constant."},
    {"origin", 0, FD_OPT_REALS, "0,0", "ROWS,COLUMNS", NULL, -FD_FILTER_MOST, FD_FILTER_MOST, FD_AFFECTS_RESULT, WHAT,
     "Moves the window, as scipy.ndimage does; of even sizes the middle is the later one before it is turned."},
    {"method", 0, FD_OPT_CHOICE, "auto", NULL, "auto|direct|separable|library", 0, 0, FD_AFFECTS_RESULT, WHAT,
     "direct: tap by tap; separable: columns, then rows, for windows that are a column times a row; "
     "library: as a layer of a network, by oneDNN or cuDNN, which may add up in another order; auto: separable where it can be and needs fewer taps, else direct."},
    FD_PICTURE_OUTPUT_OPTIONS("png|jpeg|npy", "PNG rounds to nearest and clamps, and keeps alpha and 16 bits; JPEG is smaller and lossy; npy has float32 samples "
                                              "[height][width][channels], neither rounded nor clamped."),
    FD_PICTURE_MACHINE_OPTIONS,
};

const fd_program fd_convolve_program = {
    .name = "facesdist-convolve",
    .summary = "pictures filtered by a window",
    .usage = "[mpirun -np N] facesdist-convolve [options] --filter NAME|FILE FILE|FOLDER... -o DIR|FILE",
    .description = "Every sample becomes the sum of its neighbours, each times a tap of the window: a true convolution, or a correlation with --correlate. Channels are "
                   "filtered each by itself, alpha too. Sums are float32. One picture comes out for each that goes in, under the same path in the output folder. "
                   "Started under mpirun or srun, the ranks share the pictures; the bytes are the same for any number of ranks.\n\n"
                   "Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but pictures failed and --strict was given; 75 interrupted.",
    .options = table,
    .n = sizeof table / sizeof *table,
    .min_positional = 0,
    .max_positional = -1,
};

typedef struct method method;

/* Turned and in float32, as the engine takes it; taps and across are owned. */
typedef struct job { fd_convolution c; float *taps, *across; const method *by; } job;

/* A way to compute, by its name in --method. */
struct method {
    const char *name, *what;
    bool apart;   /* a column, then a row */
    fd_error *(*apply)(const job *j, fd_lane *lane, fd_image *image);
};

static fd_error *by_engine(const job *j, fd_lane *lane, fd_image *image) FD_CHECK;
static fd_error *by_library(const job *j, fd_lane *lane, fd_image *image) FD_CHECK;
enum { DIRECT, SEPARABLE, LIBRARY };
static const method methods[] = {[DIRECT] = {"direct", "tap by tap", false, by_engine},
                                 [SEPARABLE] = {"separable", "columns, then rows", true, by_engine},
                                 [LIBRARY] = {"library", "by the library of networks", false, by_library}};

/* taps[n] as floats, from the last to the first where `turned`. */
static fd_error *narrow(const double *taps, int64_t n, bool turned, float **out)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(out, (size_t)n, sizeof **out));
    for (int64_t i = 0; i < n; i++)
        (*out)[i] = (float)taps[turned ? n - 1 - i : i];
done:
    return err;
}

/* The tap that lies on the pixel. scipy's: the middle, the later one of two, moved by the origin; a convolution turns both. */
static fd_error *anchor_of(int32_t size, double origin, bool turned, int32_t *out)
{
    const double moved = turned ? -origin - (size % 2 == 0) : origin;
    const double at = size / 2 + moved;
    if (origin != (double)(int32_t)origin || at < 0 || at >= size)
        return FD_FAIL(FD_USAGE, "--origin %g leads out of the window of %d", origin, size);
    *out = (int32_t)at;
    return NULL;
}

static fd_error *prepare(const fd_options *o, const fd_filter *f, job *j)
{
    fd_error *err = NULL;
    double origin[2];
    const bool turned = !fd_opt_flag(o, "correlate");
    const int chosen = fd_opt_choice(o, "method") - 1;   /* -1: auto */
    const bool fewer = f->separates && f->rows > 1 && f->columns > 1 && f->rows * f->columns > f->rows + f->columns;
    if (fd_opt_reals(o, "origin", origin, 2) != 2)
        FD_THROW(FD_USAGE, "--origin takes two numbers: rows,columns");
    j->by = &methods[chosen >= 0 ? chosen : fewer ? SEPARABLE : DIRECT];
    if (j->by->apart && !f->separates)
        FD_THROW(FD_USAGE, "the window is no column times a row: --method direct");
    const bool apart = j->by->apart;
    FD_TRY(narrow(apart ? f->down : f->taps, apart ? f->rows : (int64_t)f->rows * f->columns, turned, &j->taps));
    if (apart)
        FD_TRY(narrow(f->across, f->columns, turned, &j->across));
    j->c = (fd_convolution){.rows = f->rows, .columns = f->columns, .taps = j->taps, .across = j->across, .border = (fd_border)fd_opt_choice(o, "border"),
                            .constant = (float)fd_opt_real(o, "constant")};
    FD_TRY(anchor_of(f->rows, origin[0], turned, &j->c.anchor_row));
    FD_TRY(anchor_of(f->columns, origin[1], turned, &j->c.anchor_column));
    fd_say(FD_VERBOSE, "a window of %dx%d, %s", f->rows, f->columns, j->by->what);
done:
    return err;
}

/* Samples of 8 or 16 bits as floats. */
static fd_error *to_floats(fd_image *image)
{
    fd_error *err = NULL;
    const int64_t n = (int64_t)image->width * image->height * image->channels;
    const uint16_t *wide = (const uint16_t *)(const void *)image->rgb;
    float *samples = NULL;
    FD_TRY(fd_alloc_aligned(&samples, (size_t)n, sizeof *samples));
    for (int64_t i = 0; i < n; i++)
        samples[i] = image->depth == 16 ? wide[i] : image->rgb[i];
    free(image->rgb);
    image->rgb = (uint8_t *)(void *)samples;
    image->depth = 32;
done:
    return err;
}

static fd_error *convolve(const void *self, fd_lane *lane, const fd_raster *from, const fd_raster *to)
{
    return lane->engine->kind->raster->convolve(lane, &((const job *)self)->c, from, to);
}

static fd_error *by_engine(const job *j, fd_lane *lane, fd_image *image)
{
    return fd_raster_apply(lane, image, false, convolve, j);
}

static fd_error *by_library(const job *j, fd_lane *lane, fd_image *image)
{
    fd_error *err = NULL;
    const fd_raster from = fd_raster_of(image);
    fd_raster to = from;
    FD_TRY(fd_alloc_aligned(&to.data, (size_t)fd_raster_bytes(&from), 1));
    FD_TRY(fd_convolve_by_library(lane, &j->c, &from, &to));
    free(image->rgb);
    image->rgb = to.data;
    to.data = NULL;
done:
    if (to.data != from.data)
        free(to.data);
    return err;
}

static fd_error *apply(const void *self, fd_lane *lane, bool floats, fd_image *image)
{
    fd_error *err = NULL;
    if (floats)
        FD_TRY(to_floats(image));
    const job *j = self;
    FD_TRY(j->by->apply(j, lane, image));
done:
    return err;
}

fd_error *fd_run_convolve(fd_comm *c, fd_options *o, int *exit_code)
{
    fd_error *err = NULL;
    fd_filter filter = {0};
    job j = {0};
    const int size = fd_opt_set(o, "size") ? (int)fd_opt_int(o, "size") : 0;
    err = fd_filter_open(fd_opt_text(o, "filter"), size, fd_opt_real(o, "sigma"), &filter);
    if (!err)
        err = prepare(o, &filter, &j);
    FD_TRY(fd_comm_agree(c, err));   /* a file may be there for one rank only */
    const fd_picture_work work = {"filtered", "pictures", true, apply, &j};
    FD_TRY(fd_run_pictures(c, o, &work, exit_code));
done:
    fd_filter_free(&filter);
    free(j.taps);
    free(j.across);
    return err;
}
