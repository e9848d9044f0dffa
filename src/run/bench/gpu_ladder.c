/* The ladder on a GPU: what its rungs are, for the page. Their code is kernels/matmul.cu. */
#include "engine/lesson.h"
#include "run/bench/ladder.h"

static const fd_rung rungs[FD_LESSON_RUNGS] = {
    {"GPU 1 naive",
     "A thread for each number of the product, in blocks of 16 by 16: each runs the innermost loop of the definition alone, along a row of a "
     "and down a column of b. "
     "There are millions of threads and no loop over rows or columns at all; that is how a GPU is programmed. The 32 threads of a warp run in "
     "step: side by side in a "
     "row of the product they read 32 neighbours of b at once, and the same number of a, which is how this memory likes to be read. (Exchange "
     "the two indices and "
     "each warp reads 32 far places; try it.) But for every multiply-add a thread asks for two numbers, and although the caches answer most of "
     "it, they cannot answer as "
     "fast as the units could multiply. So expect a tenth of the ceiling or less.",
     1, 1, 0, NULL},
    {"GPU 2 tiled",
     "The threads of a block need the same numbers: those of one row the same row of a, those of one column the same column of b. So the "
     "block, 32 by 32 threads now, "
     "first brings a tile of either factor into shared memory, a store on the processor itself that answers in some twenty cycles; each thread "
     "fetches one number of "
     "each tile. All wait until the tiles are whole, multiply 32 times, wait again so that nobody overwrites what another still reads, and go "
     "on to the next two "
     "tiles. The device's memory is asked 32 times less often. What remains is that each multiply-add still reads two numbers, now of shared "
     "memory, and that "
     "the warps wait for each other twice a tile. Predicted: one to three times; least where the caches already served the naive kernel well.",
     1, 3, 0, NULL},
    {"GPU 3 vectorised",
     "A thread makes not one number but 8 by 8, with their sums in registers. For each k it reads 8 numbers of a and 8 of b and uses each "
     "eight times: 64 multiply-adds "
     "for 16 numbers read, where the tiled kernel had one for two. All reads, from the device's memory and from shared memory, are vectors of "
     "four floats, an "
     "instruction each. Two sets of tiles take turns: while one is multiplied, the next is on its way, and one barrier for each tile is "
     "enough. The price is "
     "registers: some 120 for each thread, so that only two blocks fit on a multiprocessor at a time; but with 64 sums that do not wait for "
     "each other "
     "a thread keeps its units busy almost alone. Predicted: three to eight times, to more than half of the ceiling when the matrices are "
     "large; small ones have too few "
     "tiles of 128 by 128 to occupy the device (2,048 rows make 256 of them).",
     3, 8, 0, NULL},
    {"GPU 4 tensor cores",
     "Beside its ordinary units each multiprocessor has some that multiply small matrices: a warp hands 16 by 8 and 8 by 8 numbers to one "
     "instruction and has the "
     "1,024 multiply-adds added to its sums. The numbers must be short: here they are rounded to 16 bits with 11 of precision while they are "
     "brought into shared memory; "
     "products and sums are float32. Whole numbers up to 2,048 survive the rounding, which is why the result can be verified exactly here; in "
     "general this is "
     "another, coarser computation, and whether it will do must be asked of each use. The ceiling of multiply-adds in registers does not hold "
     "for these units, so that the "
     "share may be above 100 %. What this kernel does not have: copies that run beside the computation, several tiles ahead, and the larger "
     "instructions of newer devices; "
     "the library has them, which is why it reaches a multiple. Predicted: one and a half to six times.",
     1.5, 6, 0, NULL},
};

const fd_rung *fd_gpu_rung_at(int i)
{
    return i >= 0 && i < FD_LESSON_RUNGS ? &rungs[i] : NULL;
}
