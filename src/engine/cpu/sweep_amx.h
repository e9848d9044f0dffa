/* The matrix unit (AMX): products of bfloat16 rows. */
#ifndef FD_ENGINE_CPU_SWEEP_AMX_H
#define FD_ENGINE_CPU_SWEEP_AMX_H

#include <stdbool.h>
#include <stdint.h>

enum { FD_AMX_DEPTH = 32 };   /* bfloat16 values of a tile's row; depths are padded to it */

/* Whether this processor has AMX with bfloat16 and the kernel lets this process use it (asked for here). */
bool fd_amx_usable(void);
/* Before and after the tiles of one sweep, on its thread. */
void fd_amx_begin(void);
void fd_amx_end(void);
/* The products of panel `left` ([depth / 32][32 rows][32]) and panel `right` ([depth / 32][2][16 pairs of k][16 rows][2]) into the tile
 * registers, and from there to dot[32][32]: what is between the two calls is computed while the matrix unit works. */
void fd_amx_multiply(const uint16_t *left, const uint16_t *right, int64_t depth);
void fd_amx_store(float *dot);

#endif
