/* Photographs in memory, as the files have them. */
#ifndef FD_RUN_BENCH_PHOTOS_H
#define FD_RUN_BENCH_PHOTOS_H

#include "base/option.h"
#include "data/decode.h"

typedef struct fd_photo {
    char *key;
    uint8_t *bytes;
    size_t n;
} fd_photo;

/* Zero-initialise; fd_photos_free. */
typedef struct fd_photos {
    fd_photo *photo;
    size_t n, capacity;
} fd_photos;

/* Reads the files and folders that the command line names, else the sample photographs that are installed with the program: JPEG and PNG,
 * sorted by name. What cannot be read is passed over, and said so. */
fd_error *fd_photos_read(const fd_options *o, fd_photos *out) FD_CHECK;
void fd_photos_free(fd_photos *p);

/* How they are decoded here: without limits that the user could meet. */
extern const fd_decode_config fd_photo_decode;

#endif
