/* The option table of the main job. Defaults stand here and nowhere else; NULL is resolved from the pack or the machine (run/resolve.c). */
#include "run/run.h"

#define RESULT FD_AFFECTS_RESULT
#define RUN FD_AFFECTS_RUN

static const char INPUT[] = "Input", OUTPUT[] = "Output", MODEL[] = "Model and detection", DISTANCES[] = "Distances", MACHINE[] = "Machine", GOING_ON[] = "Resuming and configuration";

static const fd_option table[] = {
    {"list", 0, FD_OPT_TEXT, NULL, "FILE", NULL, 0, 0, RUN, INPUT, "Also take the paths in FILE, one a line; - reads them from standard input."},
    {"glob", 0, FD_OPT_TEXT, NULL, "PATTERN", NULL, 0, 0, RUN, INPUT, "Take only files whose name matches PATTERN, such as '*.jpg'."},
    {"exif", 0, FD_OPT_CHOICE, "apply", NULL, "apply|ignore", 0, 0, RESULT, INPUT, "Turn pictures upright by their EXIF orientation, or leave them as they lie."},
    {"max-pixels", 0, FD_OPT_COUNT, "64M", "N", NULL, 1, 4e9, RESULT, INPUT, "Refuse larger images (recorded as too_large)."},
    {"max-scans", 0, FD_OPT_INT, "100", "N", NULL, 1, 100000, RESULT, INPUT, "Refuse progressive JPEGs of more scans (recorded as too_large)."},
    {"accept-truncated", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RESULT, INPUT, "Use what there is of a file that is cut short, and mark its row."},
    {"demo", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RUN, INPUT, "Take the sample photographs that are installed with the program."},

    {"output", 'o', FD_OPT_TEXT, "faces.h5", "FILE", NULL, 0, 0, RUN, OUTPUT, "The result file (HDF5)."},
    {"save-crops", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RESULT, OUTPUT, "Store what the embedder sees of each face in /faces/crop."},
    {"strict", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RUN, OUTPUT, "Exit with 3 when images failed (the result is written all the same)."},
    {"force", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RUN, OUTPUT, "Replace a result or journal that was made from other inputs, models or options."},

    {"model", 'm', FD_OPT_TEXT, NULL, "DIR", NULL, 0, 0, RUN, MODEL, "The model pack: a folder with pack.ini. Default: the pack installed with the program."},
    {"faces", 0, FD_OPT_CHOICE, "largest", NULL, "largest|best|center|all", 0, 0, RESULT, MODEL, "Which faces of an image to keep: one by this rule, or all."},
    {"min-face", 0, FD_OPT_REAL, NULL, "PIXELS", NULL, 12, 10000, RESULT, MODEL, "Smallest face to look for. Default: the pack's."},
    {"thresholds", 0, FD_OPT_REALS, NULL, "P,R,O", NULL, 0, 1, RESULT, MODEL, "Scores that a face must reach in the three stages of the detector. Default: the pack's."},

    {"metric", 0, FD_OPT_CHOICE, NULL, NULL, "euclidean|sqeuclidean|cosine|inner", 0, 0, RESULT, DISTANCES, "The distance between embeddings. Default: the pack's."},
    {"matrix", 0, FD_OPT_CHOICE, "auto", NULL, "auto|full|none", 0, 0, RESULT, DISTANCES, "Store the distances of all pairs; auto: up to 20,000 faces."},
    {"matrix-type", 0, FD_OPT_CHOICE, "f32", NULL, "f32|f16", 0, 0, RESULT, DISTANCES, "Numbers of the matrix: float32, or float16 of half the size (11 bits)."},
    {"compress", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RESULT, DISTANCES, "Shuffle and deflate the tiles of the matrix: smaller, and slower."},
    {"topk", 0, FD_OPT_INT, NULL, "K", NULL, 1, 1e6, RESULT, DISTANCES, "Store the K nearest faces of each face."},
    {"radius", 0, FD_OPT_REAL, NULL, "R", NULL, 0, 0, RESULT, DISTANCES, "Store all pairs of faces nearer than R, as compressed rows."},
    {"clusters", 0, FD_OPT_CHOICE, "none", NULL, "none|connected|chinese-whispers", 0, 0, RESULT, DISTANCES,
     "With --radius: store groups of faces. connected: linked by a chain of pairs; chinese-whispers: where most neighbours agree."},
    {"histogram", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RESULT, DISTANCES, "Store a histogram of the distances of all pairs, in 1,000 bins."},
    {"include-self", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RESULT, DISTANCES, "With --topk: a face is among its own nearest."},

    {"device", 0, FD_OPT_CHOICE, "auto", NULL, "auto|cpu|ref|cuda|cuda:N", 0, 0, RUN, MACHINE, "The engine that computes; auto takes the fastest there is and says which."},
    {"gpu-memory", 0, FD_OPT_BYTES, NULL, "BYTES", NULL, 16777216, 9e15, RUN, MACHINE, "Memory of its GPU that a rank may use. Default: 80 % of what is free."},
    {"share-gpu", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RUN, MACHINE, "Ranks of a host may have the same GPU, each with its part of the memory."},
    {"precision", 0, FD_OPT_CHOICE, "f32", NULL, "f32|tf32|f16|bf16", 0, 0, RESULT, MACHINE,
     "What a GPU multiplies in; sums are float32. Less than f32 is faster and changes the result a little."},
    {"isa", 0, FD_OPT_CHOICE, "auto", NULL, "auto|sse41|avx2|avx512", 0, 0, RUN, MACHINE, "Highest instruction set to use; the same one gives the same bytes."},
    {"threads", 't', FD_OPT_INT, NULL, "N", NULL, 1, 1024, RUN, MACHINE, "Workers of each rank. Default: the cores it may run on, shared among the ranks of a host."},
    {"batch", 0, FD_OPT_INT, "32", "N", NULL, 1, 4096, RUN, MACHINE, "Images of a rank that are in hand at a time; an interruption loses no more."},
    {"memory", 0, FD_OPT_BYTES, NULL, "BYTES", NULL, 67108864, 9e15, RUN, MACHINE, "Memory that a rank may use for images and tiles. Default: 80 % of the host's, shared among its ranks."},
    {"stage", 0, FD_OPT_TEXT, NULL, "DIR", NULL, 0, 0, RUN, MACHINE,
     "Copy each rank's photographs to DIR, on its node's own disk, before they are read, as many as fit; removed at the end."},
    {"checkpoint", 0, FD_OPT_REAL, "10", "SECONDS", NULL, 0, 1e6, RUN, MACHINE,
     "Save the distances that are computed every so often, or as often as takes 5 % of the time; 0: as often as can be."},
    {"exchange", 0, FD_OPT_CHOICE, "auto", NULL, "auto|nccl|mpi", 0, 0, RUN, MACHINE,
     "How embeddings cross between the ranks; auto: by NCCL where each has a GPU of its own, else by MPI. The same bytes."},
    {"timeout", 0, FD_OPT_REAL, "300", "SECONDS", NULL, 0, 1e6, RUN, MACHINE, "End the job when a rank does not answer for so long; 0: never."},

    {"stall", 0, FD_OPT_REAL, "600", "SECONDS", NULL, 0, 1e6, RUN, MACHINE, "End the job when a file system does not answer for so long; 0: never."},
    {"time-limit", 0, FD_OPT_REAL, NULL, "SECONDS", NULL, 0, 1e9, RUN, MACHINE, "Save everything and stop after so long, with exit status 75. Default: two minutes before a Slurm job's end; 0: never."},

    {"update", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RUN, GOING_ON, "The photographs have changed: reuse the rows of an existing result whose file is the same, process the rest."},
    {"keep-journal", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, RUN, GOING_ON, "Keep the journal beside a finished result."},
    {"config", 0, FD_OPT_TEXT, NULL, "FILE", NULL, 0, 0, RUN, GOING_ON, "Read options from an INI file; those given on the command line count more."},
    {"save-config", 0, FD_OPT_ACTION, NULL, "FILE", NULL, 0, 0, RUN, GOING_ON, "Write the options given to an INI file, and stop."},
};

const fd_program fd_faces_program = {
    .name = "facesdist",
    .summary = "faces, embeddings and all-pairs distances of a set of photographs",
    .usage = "[mpirun -np N] facesdist [options] FILE|FOLDER...",
    .description = "Finds the faces in photographs (JPEG and PNG), computes an embedding of each and the distances between all of them, and stores everything "
                   "in one HDF5 file. Started under mpirun or srun, the ranks share the work; the result has the same bytes for any number of ranks. "
                   "An interrupted run is continued by the same command.\n\n"
                   "Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but images failed and --strict was given; 75 interrupted after saving everything: "
                   "run the same command again to go on.",
    .options = table,
    .n = sizeof table / sizeof *table,
    .min_positional = 0,
    .max_positional = -1,
    .default_config = "facesdist.ini",
};
