#include "run/bench/product.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { RANDOM_BITS = 21, SAMPLED_ROWS = 4 };

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void fd_product_fill(void *to, int64_t n, bool wide, uint64_t seed)
{
    for (int64_t i = 0; i < n; i++) {
        const int factor = (int)(next(&seed) % (2 * FD_FACTOR + 1)) - FD_FACTOR;
        if (wide)
            ((double *)to)[i] = factor;
        else
            ((float *)to)[i] = (float)factor;
    }
}

static double value(const void *of, bool wide, int64_t i)
{
    return wide ? ((const double *)of)[i] : (double)((const float *)of)[i];
}

/* A number of a product that can be right: whole and of a size that float32 holds exactly. */
static bool is_whole(double v)
{
    return fabs(v) <= 0x1p24 && v == rint(v);
}

/* out[i] = sum over j of m[i][j] x[j]. False where m is not of whole numbers; then *row is where. */
static bool times(const void *m, bool wide, int64_t rows, int64_t columns, int64_t pitch, const int64_t *x, int64_t *out, int64_t *row)
{
    for (int64_t i = 0; i < rows; i++) {
        int64_t sum = 0;
        for (int64_t j = 0; j < columns; j++) {
            const double v = value(m, wide, i * pitch + j);
            if (!is_whole(v)) {
                *row = i;
                return false;
            }
            sum += (int64_t)v * x[j];
        }
        out[i] = sum;
    }
    return true;
}

static fd_error *wrong_row(int64_t row)
{
    return FD_FAIL(FD_MISMATCH, "the product is wrong in row %lld", (long long)row);
}

/* Row i, computed by its definition. */
static fd_error *check_row(const fd_product *p, int64_t i, int64_t *sum)
{
    for (int64_t j = 0; j < p->columns; j++)
        sum[j] = 0;
    for (int64_t k = 0; k < p->depth; k++) {
        const int64_t x = (int64_t)value(p->a, p->wide, i * p->depth + k);
        for (int64_t j = 0; j < p->columns; j++)
            sum[j] += x * (int64_t)value(p->b, p->wide, k * p->pitch_b + j);
    }
    for (int64_t j = 0; j < p->columns; j++)
        if ((double)sum[j] != value(p->c, p->wide, i * p->columns + j))
            return wrong_row(i);
    return NULL;
}

fd_error *fd_product_check(const fd_product *p, uint64_t seed)
{
    fd_error *err = NULL;
    int64_t *r = NULL, *br = NULL, *abr = NULL, *cr = NULL, row = 0;
    FD_TRY(fd_alloc(&r, (size_t)p->columns, sizeof *r));
    FD_TRY(fd_alloc(&br, (size_t)p->depth, sizeof *br));
    FD_TRY(fd_alloc(&abr, (size_t)p->rows, sizeof *abr));
    FD_TRY(fd_alloc(&cr, (size_t)p->rows, sizeof *cr));
    for (int64_t j = 0; j < p->columns; j++)
        r[j] = (int64_t)(next(&seed) >> (64 - RANDOM_BITS)) - (1 << (RANDOM_BITS - 1));
    if (!times(p->b, p->wide, p->depth, p->columns, p->pitch_b, r, br, &row) ||
        !times(p->a, p->wide, p->rows, p->depth, p->depth, br, abr, &row))
        FD_THROW(FD_MISMATCH, "a factor is no whole number");
    if (!times(p->c, p->wide, p->rows, p->columns, p->columns, r, cr, &row))
        FD_TRY(wrong_row(row));
    for (int64_t i = 0; i < p->rows; i++)
        if (cr[i] != abr[i])
            FD_TRY(wrong_row(i));
    for (int s = 0; s < SAMPLED_ROWS; s++)
        FD_TRY(check_row(p, (int64_t)(next(&seed) % (uint64_t)p->rows), r)); /* r is not needed any more */
done:
    free(r);
    free(br);
    free(abr);
    free(cr);
    return err;
}
