#include "run/bench/ladder.h"

#include <string.h>

/* --- 1 to 3: plain loops ------------------------------------------------------------------------------------------------------------- */

static void naive(const fd_vectors *v, const float *a, const float *b, float *c, int64_t n, float *scratch)
{
    (void)v, (void)scratch;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            float sum = 0;
            for (int64_t k = 0; k < n; k++)
                sum += a[i * n + k] * b[k * n + j];
            c[i * n + j] = sum;
        }
}

/* Rows first..first+count-1 of b times their columns of a, added to columns from..to-1 of c. */
static void by_rows(const float *a, const float *b, float *restrict c, int64_t n, int64_t first, int64_t count, int64_t from, int64_t to)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = first; k < first + count; k++) {
            const float x = a[i * n + k];
            for (int64_t j = from; j < to; j++)
                c[i * n + j] += x * b[k * n + j];
        }
}

static void reordered(const fd_vectors *v, const float *a, const float *b, float *c, int64_t n, float *scratch)
{
    (void)v, (void)scratch;
    memset(c, 0, (size_t)(n * n) * sizeof *c);
    by_rows(a, b, c, n, 0, n, 0, n);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void blocked(const fd_vectors *v, const float *a, const float *b, float *c, int64_t n, float *scratch)
{
    enum { DEPTH = 128, WIDTH = 512 }; /* 256 KB of b: half of a small second-level cache */
    (void)v, (void)scratch;
    memset(c, 0, (size_t)(n * n) * sizeof *c);
    for (int64_t k = 0; k < n; k += DEPTH)
        for (int64_t j = 0; j < n; j += WIDTH)
            by_rows(a, b, c, n, k, smaller(DEPTH, n - k), j, smaller(j + WIDTH, n));
}

/* --- 4 and 5: sums in registers ------------------------------------------------------------------------------------------------------ */

enum {
    KC = 256,
    PANELS = 16,
    TILE = 16 * 32
}; /* depth of a block; panels of a that stay in the second-level cache; the largest register tile */

/* A panel of `count` rows of a as [KC][rows], zeros behind the last one. */
static void pack_a(const float *a, int64_t n, int64_t count, int64_t depth, int rows, float *to)
{
    for (int64_t k = 0; k < depth; k++)
        for (int r = 0; r < rows; r++)
            to[k * rows + r] = r < count ? a[r * n + k] : 0;
}

/* `count` columns of b as [KC][width], zeros behind the last one. */
static void pack_b(const float *b, int64_t n, int64_t count, int64_t depth, int width, float *to)
{
    for (int64_t k = 0; k < depth; k++)
        for (int64_t j = 0; j < width; j++)
            to[k * width + j] = j < count ? b[k * n + j] : 0;
}

/* A tile that hangs over the edge is computed beside c and added: both factors are packed. */
static void edge(const fd_vectors *v, const float *a, const float *b, int64_t depth, float *c, int64_t n, int64_t rows, int64_t columns)
{
    float tile[TILE] = {0};
    v->tile(a, 1, v->rows, b, v->width, depth, tile, v->width);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < columns; j++)
            c[r * n + j] += tile[r * v->width + j];
}

static void vectorised(const fd_vectors *v, const float *a, const float *b, float *c, int64_t n, float *scratch)
{
    float *packed_a = scratch, *packed_b = scratch + KC * 16;
    memset(c, 0, (size_t)(n * n) * sizeof *c);
    for (int64_t k = 0; k < n; k += KC) {
        const int64_t depth = smaller(KC, n - k);
        for (int64_t j = 0; j < n; j += v->width)
            for (int64_t i = 0; i < n; i += v->rows) {
                const int64_t rows = smaller(v->rows, n - i), columns = smaller(v->width, n - j);
                if (rows == v->rows && columns == v->width) {
                    v->tile(a + i * n + k, n, 1, b + k * n + j, n, depth, c + i * n + j, n);
                    continue;
                }
                pack_a(a + i * n + k, n, rows, depth, v->rows, packed_a);
                pack_b(b + k * n + j, n, columns, depth, v->width, packed_b);
                edge(v, packed_a, packed_b, depth, c + i * n + j, n, rows, columns);
            }
    }
}

/* One block of a, PANELS panels of it packed, against all of the packed b. */
static void block(const fd_vectors *v, const float *a, const float *b, int64_t depth, float *c, int64_t n, int64_t first, int64_t last)
{
    for (int64_t j = 0; j < n; j += v->width)
        for (int64_t i = first; i < last; i += v->rows) {
            const float *panel_a = a + (i - first) * KC, *panel_b = b + j * KC;
            const int64_t rows = smaller(v->rows, n - i), columns = smaller(v->width, n - j);
            if (rows == v->rows && columns == v->width)
                v->tile(panel_a, 1, v->rows, panel_b, v->width, depth, c + i * n + j, n);
            else
                edge(v, panel_a, panel_b, depth, c + i * n + j, n, rows, columns);
        }
}

static void packed(const fd_vectors *v, const float *a, const float *b, float *c, int64_t n, float *scratch)
{
    float *packed_a = scratch, *packed_b = scratch + KC * 16 * PANELS;
    const int64_t step = (int64_t)v->rows * PANELS;
    memset(c, 0, (size_t)(n * n) * sizeof *c);
    for (int64_t k = 0; k < n; k += KC) {
        const int64_t depth = smaller(KC, n - k);
        for (int64_t j = 0; j < n; j += v->width)
            pack_b(b + k * n + j, n, smaller(v->width, n - j), depth, v->width, packed_b + j * KC);
        for (int64_t i = 0; i < n; i += step) {
            const int64_t last = smaller(i + step, n);
            for (int64_t p = i; p < last; p += v->rows)
                pack_a(a + p * n + k, n, smaller(v->rows, n - p), depth, v->rows, packed_a + (p - i) * KC);
            block(v, packed_a, packed_b, depth, c, n, i, last);
        }
    }
}

size_t fd_ladder_scratch(int64_t n)
{
    return (size_t)(KC * 16 * PANELS + (n + 32) * KC);
}

static const fd_rung rungs[] = {
    {"1 naive",
     "Three loops, as the definition has them: element (i, j) is the sum over k of a(i, k) b(k, j). The inner loop walks along a row of a, "
     "which is how "
     "numbers lie in memory, and down a column of b, which is not: from one k to the next it jumps over a whole row. Memory comes in lines of "
     "64 bytes, 16 "
     "numbers; of each line of b the loop uses one number, and when it comes back for the next, in the next column, the line may be gone from "
     "the nearest "
     "cache. And each step must wait for the sum of the step before, some four cycles, while the processor could begin many multiplications in "
     "that time. So "
     "expect a few hundredths of the ceiling, and less the larger the matrices are. This is where everyone begins, and where a product written "
     "in haste stays.",
     1, 1, 0, naive},
    {"2 loop order",
     "The same multiplications, with the two inner loops exchanged: take one number of a and a whole row of b, and add their product to a row "
     "of c. Nothing "
     "is saved in arithmetic. But now both b and c are walked along their rows: each line of memory that is fetched is used for all its 16 "
     "numbers, and the "
     "processor sees the stride and fetches ahead. The sums of a row do not wait for each other either, so several are under way at once. The "
     "price is that "
     "c is read and written at every step, where the naive loop kept its sum in a register. Predicted: two to ten times, the more the larger "
     "the matrices, for "
     "the naive loop gets slower with size and this one hardly does.",
     2, 10, 0, reordered},
    {"3 blocked",
     "The second kernel reads all of b for every single row of c. Once b is larger than a cache, each of these readings comes from the next "
     "slower one. So "
     "the work is cut: a block of b, 128 rows by 512 columns, 256 KB, is used for all rows of c before the next one is taken. It is fetched "
     "from far away "
     "once and then served from the second-level cache. Nothing changes while the matrices fit there anyway. Predicted: nothing at 256, up to "
     "two times "
     "where b is far larger than the cache; less on servers, whose last cache is large and whose prefetching is good. Blocking alone does not "
     "make a fast "
     "product: the loop is now held up by its own instructions, which is what the next rung is about.",
     1, 2, 0, blocked},
    {"4 vectorised",
     "Until here each instruction multiplied one number, or what the compiler dared to make of it. This kernel says what it wants: a vector of "
     "b at a time, a "
     "fused multiply-add that does a multiplication and an addition in one go and rounds once, and a tile of c, several rows by two vectors, "
     "that stays in "
     "registers while k runs. The tile is the point: each vector of b that is loaded serves all its rows, each number of a serves two vectors, "
     "and c is "
     "touched once per block and not once per step. With a dozen independent sums, none waits for another. Predicted: from half the lanes of a "
     "vector to "
     "twice as many times as fast as the plain loop.",
     0.5, 2, 1, vectorised},
    {"5 packed",
     "The tile of rung 4 reads b with a stride of a whole row and a with one stride for each of its rows. When n is a power of two, many of "
     "these addresses "
     "fall into the same places of the cache and push each other out, and each touches a page of its own, so that the table of pages "
     "overflows, too. Here "
     "the panels of a and b are first copied to where they are read one number after the other; a block of a stays in the second-level cache "
     "while all of b "
     "passes by. Copying costs n^2 steps and is used n times over. This is how the good libraries have done it since Goto and van de Geijn "
     "described it (2008); "
     "what is left to them is choosing the sizes for each processor. Predicted: one to three times, most at powers of two.",
     1, 3, 0, packed},
};

const fd_rung *fd_rung_at(int i)
{
    return i >= 0 && i < (int)(sizeof rungs / sizeof *rungs) ? &rungs[i] : NULL;
}
