#include "run/pictures/filter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/npy.h"

/* --- by name ------------------------------------------------------------------------------------------------------------------------- */

static void fill_box(fd_filter *f, double sigma)
{
    (void)sigma;
    for (int32_t i = 0; i < f->rows * f->columns; i++)
        f->taps[i] = 1.0 / (f->rows * f->columns);
}

/* A Gaussian at whole numbers, of sum 1. */
static void fill_gaussian(fd_filter *f, double sigma)
{
    double sum = 0;
    const int32_t middle = f->rows / 2;
    for (int32_t i = 0; i < f->rows; i++)
        for (int32_t j = 0; j < f->columns; j++) {
            const double y = i - middle, x = j - middle;
            f->taps[i * f->columns + j] = exp(-0.5 * (y * y + x * x) / (sigma * sigma));
            sum += f->taps[i * f->columns + j];
        }
    for (int32_t i = 0; i < f->rows * f->columns; i++)
        f->taps[i] /= sum;
}

/* Windows of 3x3 are given; those with `fill` have any odd size. Derivatives are those of a convolution: positive where the picture grows to the
 * right, or downwards. */
static const struct named {
    const char *name;
    double taps[9];
    void (*fill)(fd_filter *f, double sigma);
} table[] = {
    {"identity", {0, 0, 0, 0, 1, 0, 0, 0, 0}, NULL},
    {"box", {0}, fill_box},
    {"gaussian", {0}, fill_gaussian},
    {"sobel-x", {1, 0, -1, 2, 0, -2, 1, 0, -1}, NULL},
    {"sobel-y", {1, 2, 1, 0, 0, 0, -1, -2, -1}, NULL},
    {"sharpen", {0, -1, 0, -1, 5, -1, 0, -1, 0}, NULL},
    {"emboss", {-2, -1, 0, -1, 1, 1, 0, 1, 2}, NULL},
};
enum { NAMED = sizeof table / sizeof *table };

static fd_error *make(fd_filter *f, int64_t rows, int64_t columns)
{
    if (rows < 1 || columns < 1 || rows > FD_FILTER_MOST || columns > FD_FILTER_MOST)
        return FD_FAIL(FD_FORMAT, "a window of %lldx%lld: from 1x1 to %dx%d it may be", (long long)rows, (long long)columns, FD_FILTER_MOST, FD_FILTER_MOST);
    f->rows = (int32_t)rows;
    f->columns = (int32_t)columns;
    return fd_alloc(&f->taps, (size_t)(rows * columns), sizeof *f->taps);
}

/* Four standard deviations to each side, as is usual. */
static int gaussian_size(double sigma)
{
    return 2 * (int)fmin(4 * sigma + 0.5, 1e6) + 1;
}

static fd_error *open_named(const struct named *n, int size, double sigma, fd_filter *f)
{
    fd_error *err = NULL;
    if (size && !n->fill)
        FD_THROW(FD_USAGE, "the filter %s is 3x3: --size is for box and gaussian", n->name);
    if (size && size % 2 == 0)
        FD_THROW(FD_USAGE, "--size must be odd, so that there is a middle");
    if (!size)
        size = n->fill == fill_gaussian ? gaussian_size(sigma) : 3;
    FD_TRY(make(f, size, size));
    if (n->fill)
        n->fill(f, sigma);
    else
        memcpy(f->taps, n->taps, sizeof n->taps);
done:
    return err;
}

/* --- from a file --------------------------------------------------------------------------------------------------------------------- */

/* Numbers of a line, added to the window; 0 when it has none. -1: a word is no number. */
static int64_t read_line(char *line, double *to, int64_t room)
{
    int64_t n = 0;
    char *rest = NULL;
    line[strcspn(line, "#")] = 0;
    for (char *word = strtok_r(line, " \t\r,;", &rest); word; word = strtok_r(NULL, " \t\r,;", &rest)) {
        char *end;
        const double value = strtod(word, &end);
        if (*end || !isfinite(value) || n == room)
            return -1;
        to[n++] = value;
    }
    return n;
}

static fd_error *open_text(const char *path, fd_filter *f)
{
    fd_error *err = NULL;
    uint8_t *bytes = NULL;
    size_t n = 0;
    double row[FD_FILTER_MOST];
    char *rest = NULL, shown[FD_ESCAPED];
    int64_t rows = 0, number = 0;
    size_t capacity = 0;
    FD_TRY(fd_file_read(path, 64 << 20, &bytes, &n));
    fd_escape(shown, sizeof shown, path);
    if (strlen((char *)bytes) != n)
        FD_THROW(FD_FORMAT, "%s is neither a text of numbers nor .npy", shown);
    for (char *line = strtok_r((char *)bytes, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const int64_t columns = read_line(line, row, FD_FILTER_MOST);
        number++;
        if (columns < 0 || (columns > 0 && rows > 0 && columns != f->columns) || rows == FD_FILTER_MOST)
            FD_THROW(FD_FORMAT, "%s: row %lld of the window is not %s", shown, (long long)rows + 1, columns < 0 ? "made of numbers" : "as long as the first");
        if (columns == 0)
            continue;
        f->columns = (int32_t)columns;
        FD_TRY(fd_grow(&f->taps, &capacity, (size_t)((rows + 1) * columns), sizeof *f->taps));
        memcpy(f->taps + rows * columns, row, (size_t)columns * sizeof *row);
        f->rows = (int32_t)++rows;
    }
    if (rows == 0)
        FD_THROW(FD_FORMAT, "%s has no numbers in its %lld lines", shown, (long long)number);
done:
    free(bytes);
    return err;
}

static fd_error *open_npy(const char *path, fd_filter *f)
{
    fd_error *err = NULL;
    fd_npy array = {0};
    FD_TRY(fd_npy_read(path, &array));
    if (array.rank != 2)
        FD_THROW(FD_FORMAT, "the window of a filter has two dimensions, not %d", array.rank);
    FD_TRY(make(f, array.dim[0], array.dim[1]));
    for (int64_t i = 0; i < array.dim[0] * array.dim[1]; i++)
        if (!isfinite(f->taps[i] = array.data[i]))
            FD_THROW(FD_FORMAT, "the window has a value that is not finite");
done:
    fd_npy_free(&array);
    return err;
}

/* --- what it is ---------------------------------------------------------------------------------------------------------------------- */

/* The row and the column of the largest tap; the window separates when their product gives all of it. */
static fd_error *separate(fd_filter *f)
{
    fd_error *err = NULL;
    int32_t top = 0;
    for (int32_t i = 1; i < f->rows * f->columns; i++)
        top = fabs(f->taps[i]) > fabs(f->taps[top]) ? i : top;
    const int32_t row = top / f->columns, column = top % f->columns;
    const double most = fabs(f->taps[top]);
    FD_TRY(fd_alloc(&f->down, (size_t)f->rows, sizeof *f->down));
    FD_TRY(fd_alloc(&f->across, (size_t)f->columns, sizeof *f->across));
    f->separates = most > 0;
    for (int32_t i = 0; i < f->rows; i++)
        f->down[i] = f->taps[i * f->columns + column];
    for (int32_t j = 0; j < f->columns; j++)
        f->across[j] = most > 0 ? f->taps[row * f->columns + j] / f->taps[top] : 0;
    for (int32_t i = 0; i < f->rows; i++)
        for (int32_t j = 0; j < f->columns; j++)
            f->separates &= fabs(f->down[i] * f->across[j] - f->taps[i * f->columns + j]) <= 1e-7 * most;
done:
    return err;
}

fd_error *fd_filter_open(const char *name, int size, double sigma, fd_filter *out)
{
    fd_error *err = NULL;
    const char *names[NAMED];
    const size_t n = strlen(name);
    char shown[FD_ESCAPED];
    int found = -1;
    *out = (fd_filter){0};
    for (int i = 0; i < NAMED; i++) {
        names[i] = table[i].name;
        found = strcmp(name, names[i]) == 0 ? i : found;
    }
    const bool file = found < 0 && strpbrk(name, "./");
    const int nearest = fd_nearest(name, names, NAMED);
    fd_escape(shown, sizeof shown, name);
    if (found < 0 && !file && nearest >= 0)
        FD_THROW(FD_USAGE, "there is no filter called %s; did you mean %s?", shown, names[nearest]);
    if (found < 0 && !file)
        FD_THROW(FD_USAGE, "there is no filter called %s; there are " FD_FILTER_NAMES ", and files, whose names have a dot or a slash", shown);
    if (file && size)
        FD_THROW(FD_USAGE, "the file says the size of the window: --size is for box and gaussian");
    FD_TRY(found >= 0 ? open_named(&table[found], size, sigma, out) : n > 4 && strcmp(name + n - 4, ".npy") == 0 ? open_npy(name, out) : open_text(name, out));
    FD_TRY(separate(out));
done:
    return err;
}

void fd_filter_free(fd_filter *f)
{
    free(f->taps);
    free(f->down);
    free(f->across);
    *f = (fd_filter){0};
}
