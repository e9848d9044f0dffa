/* The option table of facesdist-distances. Defaults stand here and nowhere else; NULL is resolved from the machine or means "not wanted". */
#include "run/pairs/distances_job.h"

#define RESULT FD_AFFECTS_RESULT
#define RUN FD_AFFECTS_RUN

static const char INPUT[] = "Input and output", DISTANCES[] = "Distances", MACHINE[] = "Machine";

static const fd_option table[] = {
    {"output", 'o', FD_OPT_TEXT, "distances.h5", "FILE", NULL, 0, 0, RUN, INPUT, "The result file (HDF5)."},
    {"queries", 0, FD_OPT_TEXT, NULL, "INPUT", NULL, 0, 0, RUN, INPUT, "Compare these rows with those of the input (the gallery), not the input's with each other."},
    {"force", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RUN, INPUT, "Replace a result that was made from other rows or options."},

    {"metric", 0, FD_OPT_CHOICE, "euclidean", NULL, "euclidean|sqeuclidean|cosine|inner", 0, 0, RESULT, DISTANCES,
     "The distance between rows; inner: their inner product, a similarity: largest first, radius from below."},
    {"matrix", 0, FD_OPT_CHOICE, "auto", NULL, "auto|full|none", 0, 0, RESULT, DISTANCES,
     "Store the distances of all pairs; auto: up to 20,000 rows (400 million pairs)."},
    {"matrix-type", 0, FD_OPT_CHOICE, "f32", NULL, "f32|f16", 0, 0, RESULT, DISTANCES, "Numbers of the matrix: float32, or float16 of half the size (11 bits)."},
    {"compress", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RESULT, DISTANCES, "Shuffle and deflate the tiles of the matrix: smaller, and slower."},
    {"topk", 0, FD_OPT_INT, NULL, "K", NULL, 1, 1e6, RESULT, DISTANCES, "Store the K nearest rows of each row."},
    {"radius", 0, FD_OPT_REAL, NULL, "R", NULL, 0, 0, RESULT, DISTANCES, "Store all pairs of rows nearer than R, as compressed rows."},
    {"clusters", 0, FD_OPT_CHOICE, "none", NULL, "none|connected|chinese-whispers", 0, 0, RESULT, DISTANCES,
     "With --radius: store groups of rows. connected: linked by a chain of pairs; chinese-whispers: where most neighbours agree."},
    {"histogram", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RESULT, DISTANCES, "Store a histogram of the distances of all pairs, in 1,000 bins."},
    {"include-self", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RESULT, DISTANCES, "With --topk: a row is among its own nearest."},
    {"forecast", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RUN, DISTANCES, "Tell bytes, memory and time that the run would take, and stop."},
    {"ranks", 0, FD_OPT_INT, "1", "N", NULL, 1, 1e6, RUN, DISTANCES, "With --forecast: the number of ranks that it is for."},

    {"precision", 0, FD_OPT_CHOICE, "auto", NULL, "auto|f32", 0, 0, RUN, MACHINE, "What finds the pairs that are computed exactly; the results are the same bytes."},
    {"device", 0, FD_OPT_CHOICE, "auto", NULL, "auto|cpu|ref|cuda|cuda:N", 0, 0, RUN, MACHINE, "The engine that computes; auto takes the fastest there is and says which."},
    {"gpu-memory", 0, FD_OPT_BYTES, NULL, "BYTES", NULL, 16777216, 9e15, RUN, MACHINE, "Memory of its GPU that a rank may use. Default: 80 % of what is free."},
    {"share-gpu", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RUN, MACHINE, "Ranks of a host may have the same GPU, each with its part of the memory."},
    {"isa", 0, FD_OPT_CHOICE, "auto", NULL, "auto|sse41|avx2|avx512", 0, 0, RUN, MACHINE, "Highest instruction set to use; the same one gives the same bytes."},
    {"threads", 't', FD_OPT_INT, NULL, "N", NULL, 1, 1024, RUN, MACHINE, "Workers of each rank. Default: the cores it may run on, shared among the ranks of a host."},
    {"memory", 0, FD_OPT_BYTES, NULL, "BYTES", NULL, 16777216, 9e15, RUN, MACHINE,
     "Memory that a rank may use; rows that fit neither way of exchange are read panel by panel. Default: 80 % of the host's, shared among its ranks."},
    {"exchange", 0, FD_OPT_CHOICE, "auto", NULL, "auto|allgather|ring", 0, 0, RUN, MACHINE,
     "All rows on every rank, or blocks of them that go round while pairs are computed; auto: the first while it fits."},
    {"transport", 0, FD_OPT_CHOICE, "auto", NULL, "auto|nccl|mpi", 0, 0, RUN, MACHINE,
     "How rows cross between the ranks in an all-gather; auto: by NCCL where each has a GPU of its own, else by MPI. The same bytes."},
    {"checkpoint", 0, FD_OPT_REAL, "10", "SECONDS", NULL, 0, 1e6, RUN, MACHINE,
     "Save what is computed every so often, or as often as takes 5 % of the time; 0: as often as can be."},
    {"timeout", 0, FD_OPT_REAL, "300", "SECONDS", NULL, 0, 1e6, RUN, MACHINE, "End the job when a rank does not answer for so long; 0: never."},
    {"stall", 0, FD_OPT_REAL, "600", "SECONDS", NULL, 0, 1e6, RUN, MACHINE, "End the job when a file system does not answer for so long; 0: never."},
    {"time-limit", 0, FD_OPT_REAL, NULL, "SECONDS", NULL, 0, 1e9, RUN, MACHINE,
     "Save everything and stop after so long, with exit status 75. Default: two minutes before a Slurm job's end; 0: never."},
};

const fd_program fd_distances_program = {
    .name = "facesdist-distances",
    .summary = "distances between rows of numbers: all pairs, the nearest, those within a radius",
    .usage = "[mpirun -np N] facesdist-distances [options] INPUT",
    .description = "INPUT is a result of facesdist (its /faces/embedding), FILE.h5:/DATASET, or FILE.npy with float16, float32 or float64 in C order: "
                   "rows are vectors. The values of --topk, --radius and --histogram are exact to one rounding to float32, and the result has the same bytes for any "
                   "number of ranks and threads and any memory. Rows that are not finite (for the cosine also those of zeros) are flagged in valid, are NaN "
                   "in the matrix and absent from all else.\n\n"
                   "A run that is interrupted or killed leaves a journal beside the output, and the same command goes on from its last checkpoint, with any "
                   "number of ranks.\n\n"
                   "Exit status: 0 done; 1 failed; 2 wrong usage; 75 interrupted by a signal or a time limit after saving everything: run the same command again to go on.",
    .options = table,
    .n = sizeof table / sizeof *table,
    .min_positional = 1,
    .max_positional = 1,
};
