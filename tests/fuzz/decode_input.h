/* What the fuzzers of both decoders do with an input: every option by turns, limits small enough to be quick. */
#ifndef TESTS_FUZZ_DECODE_INPUT_H
#define TESTS_FUZZ_DECODE_INPUT_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "data/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static inline void decode_input(const uint8_t *bytes, size_t n)
{
    for (int options = 0; options < 8; options++) {
        fd_decode_config config = {.max_pixels = 100000, .max_scans = 10, .max_bytes = (size_t)4 << 20};
        fd_image image;
        uint64_t sum = 0;
        config.accept_truncated = options & 1;
        config.ignore_exif = options & 2;
        config.as_stored = options & 4;
        fd_error_free(fd_decode(bytes, n, &config, &image));
        assert((image.rgb != NULL) == (image.status == FD_IMAGE_OK));
        assert(image.status == FD_IMAGE_OK || image.detail[0]);
        assert((int64_t)image.width * image.height <= config.max_pixels || image.status != FD_IMAGE_OK);
        for (int64_t i = 0; image.rgb && i < (int64_t)image.width * image.height * image.channels * image.depth / 8; i++)
            sum += image.rgb[i];   /* every byte can be read */
        assert(sum <= (uint64_t)config.max_pixels * 8 * 255);
        fd_image_free(&image);
    }
    int32_t width, height;
    if (fd_decode_size(bytes, n, &width, &height))
        assert(width > 0 && height > 0);
}

#endif
