/* Decoding photographs, as the main job does it first of all. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "run/bench/photos.h"
#include "run/bench/suite.h"

typedef struct job {
    fd_photos photos;
    size_t n; /* that are decoded */
    double pixels, files; /* in sum: pixels, bytes */
    int parts;
} job;

/* Every photograph is decoded by one of the threads. */
static fd_error *decode(void *self, fd_lane *lane, int part)
{
    fd_error *err = NULL;
    const job *j = self;
    (void)lane;
    for (size_t i = (size_t)part; i < j->n; i += (size_t)j->parts) {
        fd_image image;
        fd_error *failed = fd_decode(j->photos.photo[i].bytes, j->photos.photo[i].n, &fd_photo_decode, &image);
        fd_image_free(&image);
        FD_TRY(failed);
    }
done:
    return err;
}

/* Keeps the photographs that can be decoded, until they would take a twentieth of the budget at a slow 30 Mpx/s. */
static fd_error *choose(fd_session *s, job *j)
{
    fd_error *err = NULL;
    const double most = s->budget / 20 * 30e6;
    for (size_t i = 0; i < j->photos.n && (j->n == 0 || j->pixels < most); i++) {
        fd_photo *p = &j->photos.photo[i], kept;
        fd_image image;
        fd_error *failed = fd_decode(p->bytes, p->n, &fd_photo_decode, &image);
        const bool good = image.status == FD_IMAGE_OK;
        const double pixels = (double)image.width * (double)image.height;
        fd_image_free(&image);
        FD_TRY(failed);
        if (!good)
            continue;
        kept = j->photos.photo[j->n];
        j->photos.photo[j->n] = *p;
        *p = kept;
        j->files += (double)j->photos.photo[j->n].n;
        j->pixels += pixels;
        j->n++;
    }
done:
    return err;
}

static fd_error *point(fd_session *s, job *j, int threads)
{
    fd_error *err = NULL;
    bool fits;
    const double began = fd_now();
    fd_trial t = fd_trial_of("decode", s->place[0].name, threads, threads, "photographs");
    t.items = j->pixels * 1e-6;
    t.bytes = j->files + 3 * j->pixels;
    j->parts = threads;
    FD_TRY(fd_session_fits(s, &t, &fits));
    if (!fits)
        goto done;
    FD_TRY(fd_session_measure(s, &(fd_work){NULL, threads, decode, j}, &t));
    snprintf(t.note, sizeof t.note, "%zu photographs of %.2f Mpx in the mean: %.1f MB of files per second", j->n,
             j->pixels * 1e-6 / (double)j->n, j->files * 1e-6 / t.median);
    FD_TRY(fd_session_add(s, &t, began));
done:
    return err;
}

static fd_error *run(fd_session *s)
{
    fd_error *err = NULL;
    job j = {0};
    FD_TRY(fd_photos_read(s->options, &j.photos));
    s->start = fd_now(); /* reading them is no part of what is measured */
    FD_TRY(choose(s, &j));
    if (j.n == 0) {
        fd_trial t = fd_trial_of("decode", s->place[0].name, 1, 1, "photographs");
        FD_TRY(fd_session_pass(s, &t, FD_TRIAL_FAILED, "no photograph could be decoded"));
        goto done;
    }
    for (int threads = 1; threads < s->threads; threads *= 2)
        FD_TRY(point(s, &j, threads));
    FD_TRY(point(s, &j, s->threads));
done:
    fd_photos_free(&j.photos);
    return err;
}

const fd_suite fd_suite_decode = {
    .name = "decode",
    .title = "Decoding photographs",
    .size = "threads",
    .item = "Mpx",
    .rate = FD_RATE_ITEMS,
    .text = "Before anything can be computed, a JPEG file must become pixels. That is done on the processor, by libjpeg-turbo, one photograph "
            "at a time on each "
            "thread; the photographs lie in memory already. Where a GPU computes the rest, this is often what it waits for: compare the "
            "megapixels per second here with "
            "the images per second of the networks.",
    .run = run,
};
