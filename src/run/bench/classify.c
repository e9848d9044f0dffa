#include "run/bench/classify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/image.h"
#include "net/net.h"
#include "run/bench/photos.h"

enum { SIDE = 224 }; /* of the input where the file leaves it open */

typedef struct job {
    const fd_options *options;
    fd_engine *engine;
    fd_lane *lane;
    fd_net *net;
    fd_cut_format format;
    float *in, *out; /* the engine's */
    float *score; /* [classes] */
    int64_t classes, topk;
    char *text, **label; /* text: the file of names; label[n_labels] point into it */
    int64_t n_labels;
} job;

static fd_error *read_format(job *j)
{
    fd_error *err = NULL;
    static const char *const names[] = {"mean", "std"};
    double values[2][3];
    for (int i = 0; i < 2; i++)
        if (fd_opt_reals(j->options, names[i], values[i], 3) != 3)
            FD_THROW(FD_USAGE, "--%s wants three numbers", names[i]);
    for (int c = 0; c < 3; c++) {
        j->format.mean[c] = (float)values[0][c];
        j->format.std[c] = (float)values[1][c];
    }
done:
    return err;
}

static fd_error *open_net(job *j)
{
    fd_error *err = NULL;
    const char *path = fd_opt_text(j->options, "net");
    uint8_t *bytes = NULL;
    size_t n = 0;
    void *memory;
    const char *device = fd_opt_flag(j->options, "cpu-only") ? "cpu" : fd_opt_text(j->options, "device");
    FD_TRY(fd_file_read(path, (size_t)1 << 31, &bytes, &n));
    FD_TRY(fd_engine_open(device, &(fd_engine_config){.isa = fd_opt_text(j->options, "isa")}, &j->engine));
    fd_say(FD_VERBOSE, "engine: %s", j->engine->kind->description(j->engine));
    FD_TRY(fd_net_open(j->engine, bytes, n, &(fd_net_config){.name = path, .batch = 1, .height = SIDE, .width = SIDE}, &j->net));
    const fd_tensor *in = fd_net_input(j->net), *out = fd_net_output(j->net, 0);
    if (in->rank != 4 || in->dim[1] != 3 || in->dim[2] > 65535 || in->dim[3] > 65535)
        FD_THROW(FD_UNSUPPORTED, "the network's input '%s' is no picture of three channels, [1][3][height][width]", fd_net_input_name(j->net));
    j->format.height = (int32_t)in->dim[2];
    j->format.width = (int32_t)in->dim[3];
    j->classes = fd_tensor_count(out);
    j->topk = fd_opt_int(j->options, "topk") < j->classes ? fd_opt_int(j->options, "topk") : j->classes;
    FD_TRY(fd_lane_open(j->engine, &j->lane));
    FD_TRY(j->engine->kind->alloc(j->engine, (size_t)fd_tensor_count(in) * sizeof(float), &memory));
    j->in = memory;
    FD_TRY(j->engine->kind->alloc(j->engine, (size_t)j->classes * sizeof(float), &memory));
    j->out = memory;
    FD_TRY(fd_alloc(&j->score, (size_t)j->classes, sizeof *j->score));
done:
    free(bytes);
    return err;
}

static fd_error *read_labels(job *j)
{
    fd_error *err = NULL;
    size_t n = 0, capacity = 0;
    uint8_t *bytes = NULL;
    if (!fd_opt_set(j->options, "labels"))
        return NULL;
    FD_TRY(fd_file_read(fd_opt_text(j->options, "labels"), (size_t)1 << 26, &bytes, &n));
    j->text = (char *)bytes;
    for (char *line = j->text; *line;) {
        const size_t length = strcspn(line, "\r\n");
        char *next = line + length + strspn(line + length, "\r");
        next += *next == '\n';
        line[length] = 0;
        FD_TRY(fd_grow(&j->label, &capacity, (size_t)j->n_labels + 1, sizeof *j->label));
        j->label[j->n_labels++] = line;
        line = next;
    }
    if (j->n_labels != j->classes)
        fd_warn("--labels has %lld names, the network %lld classes", (long long)j->n_labels, (long long)j->classes);
done:
    return err;
}

/* Numbers that are not chances yet become such. */
static void to_chances(float *score, int64_t n)
{
    double sum = 0;
    float most = score[0];
    bool chances = true;
    for (int64_t i = 0; i < n; i++) {
        sum += (double)score[i];
        most = score[i] > most ? score[i] : most;
        chances = chances && score[i] >= 0;
    }
    if (chances && fabs(sum - 1) < 1e-3)
        return;
    sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += exp((double)score[i] - (double)most);
    for (int64_t i = 0; i < n; i++)
        score[i] = (float)(exp((double)score[i] - (double)most) / sum);
}

/* The likeliest first; of equal ones the lower class. */
static void print_best(job *j, const char *key)
{
    char shown[FD_ESCAPED], name[FD_ESCAPED];
    for (int64_t rank = 1; rank <= j->topk; rank++) {
        int64_t best = 0;
        for (int64_t i = 1; i < j->classes; i++)
            best = j->score[i] > j->score[best] ? i : best;
        printf("%s\t%lld\t%lld\t%s\t%.6f\n", fd_escape(shown, sizeof shown, key), (long long)rank, (long long)best,
               best < j->n_labels ? fd_escape(name, sizeof name, j->label[best]) : "", (double)j->score[best]);
        j->score[best] = -1;
    }
}

/* The square in the middle. */
static fd_cut cut_of(const job *j, const fd_image *image)
{
    const int32_t shorter = image->width < image->height ? image->width : image->height;
    int32_t side = (int32_t)lround(fd_opt_real(j->options, "crop") * shorter);
    side = side < 1 ? 1 : side;
    const int32_t x = (image->width - side) / 2, y = (image->height - side) / 2;
    return (fd_cut){.box = {x, y, x + side, y + side}, .resample = FD_PIL_BILINEAR};
}

static fd_error *classify_one(job *j, const fd_photo *photo)
{
    fd_error *err = NULL;
    fd_image image = {0};
    fd_picture *picture = NULL;
    const fd_engine_kind *kind = j->engine->kind;
    char shown[FD_ESCAPED];
    FD_TRY(fd_decode(photo->bytes, photo->n, &fd_photo_decode, &image));
    if (image.status != FD_IMAGE_OK) {
        fd_warn("%s: %s", fd_escape(shown, sizeof shown, photo->key), image.detail);
        goto done;
    }
    FD_TRY(kind->image->picture_open(j->lane, image.rgb, image.width, image.height, (int64_t)image.width * 3, &picture));
    const fd_cut cut = cut_of(j, &image);
    FD_TRY(kind->image->cuts(j->lane, &picture, &cut, 1, &j->format, j->in, NULL));
    FD_TRY(fd_net_run(j->net, j->lane, j->in, (float *const[16]){j->out}));
    FD_TRY(kind->download(j->lane, j->score, j->out, (size_t)j->classes * sizeof *j->score));
    FD_TRY(kind->lane_sync(j->lane));
    for (int64_t i = 0; i < j->classes; i++)
        if (!isfinite(j->score[i]))
            FD_THROW(FD_FORMAT, "%s: the network's output is not finite", fd_escape(shown, sizeof shown, photo->key));
    to_chances(j->score, j->classes);
    print_best(j, photo->key);
done:
    if (picture)
        kind->image->picture_close(picture);
    fd_image_free(&image);
    return err;
}

fd_error *fd_classify(const fd_options *o)
{
    fd_error *err = NULL;
    job j = {.options = o};
    fd_photos photos = {0};
    FD_TRY(read_format(&j));
    FD_TRY(open_net(&j));
    if (fd_net_outputs(j.net) != 1)
        FD_THROW(FD_UNSUPPORTED, "the network has %d outputs; one of scores by class is needed", fd_net_outputs(j.net));
    FD_TRY(read_labels(&j));
    FD_TRY(fd_photos_read(o, &photos));
    for (size_t i = 0; i < photos.n; i++)
        FD_TRY(classify_one(&j, &photos.photo[i]));
    if (fflush(stdout) != 0 || ferror(stdout))
        FD_THROW(FD_IO, "cannot write to standard output");
done:
    fd_photos_free(&photos);
    free(j.label);
    free(j.text);
    free(j.score);
    if (j.in)
        j.engine->kind->release(j.engine, j.in);
    if (j.out)
        j.engine->kind->release(j.engine, j.out);
    fd_lane_close(j.lane);
    fd_net_close(j.net);
    fd_engine_close(j.engine);
    return err;
}
