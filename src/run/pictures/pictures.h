/* Jobs that make one picture of each picture: invert, convolve. Inputs as of the main job; the ranks share them; what cannot be read is in the ledger. */
#ifndef FD_RUN_PICTURES_H
#define FD_RUN_PICTURES_H

#include "base/option.h"
#include "comm/comm.h"
#include "data/decode.h"
#include "engine/raster.h"

/* What is done with one picture: changes its samples in place; size and channels stay, a depth of 32 makes them floats (for .npy). By several threads at
 * once. */
typedef struct fd_picture_work {
    const char *done;   /* "inverted" */
    const char *what;   /* "pictures" */
    bool floats;        /* it makes floats where the format is .npy */
    fd_error *(*apply)(const void *self, fd_lane *lane, bool floats, fd_image *image);   /* floats: samples shall become float */
    const void *self;
} fd_picture_work;

/* The whole job; the engine is opened from --device. `work` on all ranks. */
fd_error *fd_run_pictures(fd_comm *c, fd_options *o, const fd_picture_work *work, int *exit_code) FD_CHECK;

/* The picture as a raster in host memory; depth 32: float. */
fd_raster fd_raster_of(const fd_image *image);
/* Calls run(self, lane, from, to) with the picture in the engine's memory, and takes the result back into it. In place: from.data == to.data. */
typedef fd_error *fd_raster_call(const void *self, fd_lane *lane, const fd_raster *from, const fd_raster *to);
fd_error *fd_raster_apply(fd_lane *lane, fd_image *image, bool in_place, fd_raster_call *run, const void *self) FD_CHECK;

/* The rows that the option tables of these jobs share; each begins with them. */
#define FD_PICTURE_INPUT_OPTIONS                                                                                                                        \
    {"list", 0, FD_OPT_TEXT, NULL, "FILE", NULL, 0, 0, FD_AFFECTS_RUN, "Input", "Also take the paths in FILE, one a line; - reads them from standard input."}, \
    {"glob", 0, FD_OPT_TEXT, NULL, "PATTERN", NULL, 0, 0, FD_AFFECTS_RUN, "Input", "Take only files whose name matches PATTERN, such as '*.jpg'."},     \
    {"exif", 0, FD_OPT_CHOICE, "apply", NULL, "apply|ignore", 0, 0, FD_AFFECTS_RESULT, "Input", "Turn pictures upright by their EXIF orientation, or leave them as they lie."}, \
    {"max-pixels", 0, FD_OPT_COUNT, "256M", "N", NULL, 1, 4e9, FD_AFFECTS_RESULT, "Input", "Refuse larger images (recorded as too_large)."},          \
    {"max-scans", 0, FD_OPT_INT, "100", "N", NULL, 1, 100000, FD_AFFECTS_RESULT, "Input", "Refuse progressive JPEGs of more scans (recorded as too_large)."}, \
    {"accept-truncated", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RESULT, "Input", "Use what there is of a file that is cut short."},     \
    {"demo", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RUN, "Input", "Take the sample photographs that are installed with the program."}

/* formats: "png|jpeg", or with "|npy" where samples may become floats; and what --help says of them. */
#define FD_PICTURE_OUTPUT_OPTIONS(formats, formats_help)                                                                                                                       \
    {"output", 'o', FD_OPT_TEXT, NULL, "DIR|FILE", NULL, 0, 0, FD_AFFECTS_RUN, "Output",                                                               \
     "The folder for the pictures, made if need be; for a single picture also its name, ending in .png or .jpg."},                                      \
    {"format", 0, FD_OPT_CHOICE, "png", NULL, formats, 0, 0, FD_AFFECTS_RESULT, "Output", formats_help}, \
    {"quality", 0, FD_OPT_INT, "95", "Q", NULL, 1, 100, FD_AFFECTS_RESULT, "Output", "Of JPEG."},                                                     \
    {"compression", 0, FD_OPT_INT, "3", "LEVEL", NULL, 0, 9, FD_AFFECTS_RESULT, "Output", "Of PNG: 0 none, 1 fast, 9 small. The default takes half the time of 6, and a tenth more room."}, \
    {"ledger", 0, FD_OPT_TEXT, NULL, "FILE.tsv", NULL, 0, 0, FD_AFFECTS_RUN, "Output", "Write a line for each picture: its name, what became of it, why, and where it went."}, \
    {"strict", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RUN, "Output", "Exit with 3 when pictures failed (the others are written all the same)."}

#define FD_PICTURE_MACHINE_OPTIONS                                                                                                                      \
    {"device", 0, FD_OPT_CHOICE, "auto", NULL, "auto|cpu|ref|cuda|cuda:N", 0, 0, FD_AFFECTS_RUN, "Machine", "The engine that computes; auto takes the fastest there is and says which."}, \
    {"isa", 0, FD_OPT_CHOICE, "auto", NULL, "auto|sse41|avx2|avx512", 0, 0, FD_AFFECTS_RUN, "Machine", "Highest instruction set to use; the bytes are the same."}, \
    {"threads", 't', FD_OPT_INT, NULL, "N", NULL, 1, 1024, FD_AFFECTS_RUN, "Machine", "Workers of each rank. Default: the cores it may run on, shared among the ranks of a host."}, \
    {"memory", 0, FD_OPT_BYTES, NULL, "BYTES", NULL, 67108864, 9e15, FD_AFFECTS_RUN, "Machine", "Memory that a rank may use. Default: 80 % of the host's, shared among its ranks."}, \
    {"timeout", 0, FD_OPT_REAL, "300", "SECONDS", NULL, 0, 1e6, FD_AFFECTS_RUN, "Machine", "End the job when a rank does not answer for so long; 0: never."}, \
    {"config", 0, FD_OPT_TEXT, NULL, "FILE", NULL, 0, 0, FD_AFFECTS_RUN, "Machine", "Read options from an INI file; those given on the command line count more."}, \
    {"save-config", 0, FD_OPT_ACTION, NULL, "FILE", NULL, 0, 0, FD_AFFECTS_RUN, "Machine", "Write the options given to an INI file, and stop."}

#endif
