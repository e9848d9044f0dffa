#include "base/transpose.h"

#include <string.h>

enum { QUAD = 4, SQUARE = 16 };   /* SQUARE: floats of a cache line, of which all lines in hand stay in the first cache */

typedef float quad __attribute__((vector_size(QUAD * sizeof(float))));

static inline quad load(const float *from)
{
    quad x;
    memcpy(&x, from, sizeof x);
    return x;
}

/* Four rows of four, in vectors. */
static inline void turn_quad(const float *from, int64_t pitch, float *to, int64_t to_pitch)
{
    const quad a = load(from), b = load(from + pitch), c = load(from + 2 * pitch), d = load(from + 3 * pitch);
    const quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const quad ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    const quad turned[QUAD] = {__builtin_shufflevector(ab, cd, 0, 1, 4, 5), __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
                               __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
#pragma GCC unroll 4
    for (int k = 0; k < QUAD; k++)
        memcpy(to + k * to_pitch, &turned[k], sizeof turned[k]);
}

/* Asks for a square and for its place: rows far apart are nothing that the processor foresees. */
static void fetch_square(const float *from, int64_t rows, int64_t columns, int64_t pitch, const float *to, int64_t to_pitch)
{
    for (int64_t y = 0; y < rows; y++)
        __builtin_prefetch(from + y * pitch);
    for (int64_t x = 0; x < columns; x++)
        __builtin_prefetch(to + x * to_pitch, 1);
}

/* A square, or what there is of one. Quads go down the columns: what they write are whole lines one after another, and reading does not wait for the
 * stores. */
static void turn_square(const float *from, int64_t rows, int64_t columns, int64_t pitch, float *to, int64_t to_pitch)
{
    const int64_t whole_rows = rows / QUAD * QUAD, whole_columns = columns / QUAD * QUAD;
    for (int64_t x = 0; x < whole_columns; x += QUAD)
        for (int64_t y = 0; y < whole_rows; y += QUAD)
            turn_quad(from + y * pitch + x, pitch, to + x * to_pitch + y, to_pitch);
    for (int64_t x = 0; x < columns; x++)
        for (int64_t y = x < whole_columns ? whole_rows : 0; y < rows; y++)
            to[x * to_pitch + y] = from[y * pitch + x];
}

static int64_t at_most(int64_t n, int64_t most)
{
    return n < most ? n : most;
}

void fd_transpose(const float *from, int64_t rows, int64_t columns, int64_t pitch, float *to, int64_t to_pitch)
{
    for (int64_t x = 0; x < columns; x += SQUARE)
        for (int64_t y = 0; y < rows; y += SQUARE) {
            const float *square = from + y * pitch + x;
            float *place = to + x * to_pitch + y;
            const int64_t high = at_most(rows - y, SQUARE), wide = at_most(columns - x, SQUARE), next = at_most(columns - x - wide, SQUARE);
            if (next > 0)
                fetch_square(square + SQUARE, high, next, pitch, place + SQUARE * to_pitch, to_pitch);
            turn_square(square, high, wide, pitch, place, to_pitch);
        }
}
