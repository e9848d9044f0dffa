#include "run/pictures/invert.h"

#include <string.h>

#include "run/pictures/experiment.h"
#include "run/pictures/pictures.h"

static const char LAUNCH[] = "How a GPU is used";

static const fd_option table[] = {
    FD_PICTURE_INPUT_OPTIONS,
    {"channels", 0, FD_OPT_TEXT, "rgb", "rgba", NULL, 0, 0, FD_AFFECTS_RESULT, "What is done",
     "Which channels are inverted, by their letters; of a gray picture any of r, g, b. Alpha is kept unless a is given."},
    {"experiment", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RUN, LAUNCH,
     "Launch one kernel in six ways, a thread a pixel, on one picture and on larger ones made of it, on the processor and on a GPU; print what changed and how fast it was; "
     "--output names a page of it (.html)."},
    {"grid-stride", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RUN, LAUNCH, "Each thread goes on to the pixel that lies as far ahead as there are threads."},
    {"block", 0, FD_OPT_INT, "256", "THREADS", NULL, 1, 1024, FD_AFFECTS_RUN, LAUNCH, "Threads of a block."},
    {"sizes", 0, FD_OPT_REALS, "1,4,16,100", "MPX,...", NULL, 1e-6, 1000, FD_AFFECTS_RUN, LAUNCH, "Millions of pixels of the larger pictures."},
    FD_PICTURE_OUTPUT_OPTIONS("png|jpeg", "PNG keeps every sample; JPEG is smaller, lossy, and has neither alpha nor 16 bits."),
    FD_PICTURE_MACHINE_OPTIONS,
};

const fd_program fd_invert_program = {
    .name = "facesdist-invert",
    .summary = "the negative of pictures",
    .usage = "[mpirun -np N] facesdist-invert [options] FILE|FOLDER... -o DIR|FILE",
    .description = "Every sample becomes the largest value less the sample: 255 - x, and 65535 - x in 16 bits. One picture comes out for each that goes in, under the "
                   "same path in the output folder, as PNG, which keeps gray, alpha and 16 bits (palettes become colours). Photographs are turned upright by their "
                   "EXIF orientation. Started under mpirun or srun, the ranks share the pictures; the bytes are the same for any number of ranks.\n\n"
                   "Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but pictures failed and --strict was given; 75 interrupted.",
    .options = table,
    .n = sizeof table / sizeof *table,
    .min_positional = 0,
    .max_positional = -1,
};

/* Which of r, g, b, a; bit 3: alpha. */
static fd_error *channels_of(const char *text, unsigned *out)
{
    static const char letters[] = "rgba";
    *out = 0;
    for (const char *at = text; *at; at++) {
        const char *letter = strchr(letters, *at);
        if (!letter)
            return FD_FAIL(FD_USAGE, "--channels takes letters of rgba, such as rgb or g");
        *out |= 1u << (letter - letters);
    }
    return *out ? NULL : FD_FAIL(FD_USAGE, "--channels names no channel");
}

/* 24 bytes, 255 where a sample is inverted. */
static void pattern_of(unsigned wanted, int channels, int sample_bytes, uint8_t pattern[24])
{
    for (int i = 0; i < 24; i++) {
        const int channel = i / sample_bytes % channels;
        const bool alpha = channels % 2 == 0 && channel == channels - 1, gray = channels <= 2;
        const unsigned asked = alpha ? 8 : gray ? 7 : 1u << channel;
        pattern[i] = wanted & asked ? 255 : 0;
    }
}

static fd_error *invert(const void *self, fd_lane *lane, const fd_raster *from, const fd_raster *to)
{
    uint8_t pattern[24];
    pattern_of(*(const unsigned *)self, from->channels, from->type == FD_SAMPLE_U16 ? 2 : 1, pattern);
    return lane->engine->kind->raster->invert(lane, from->data, to->data, fd_raster_bytes(from), pattern);
}

static fd_error *apply(const void *self, fd_lane *lane, bool floats, fd_image *image)
{
    (void)floats;
    return fd_raster_apply(lane, image, true, invert, self);
}

fd_error *fd_run_invert(fd_comm *c, fd_options *o, int *exit_code)
{
    fd_error *err = NULL;
    unsigned channels = 0;
    if (fd_opt_flag(o, "experiment"))
        return fd_run_invert_experiment(c, o);
    FD_TRY(channels_of(fd_opt_text(o, "channels"), &channels));
    const fd_picture_work work = {"inverted", "pictures", false, apply, &channels};
    FD_TRY(fd_run_pictures(c, o, &work, exit_code));
done:
    return err;
}
