/* What became of one image, and its form in the journal: a payload is a type byte and then outcomes, one after the other. */
#ifndef FD_RUN_RECORD_H
#define FD_RUN_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/status.h"
#include "face/face.h"

enum { FD_RECORD_MANIFEST = 'M', FD_RECORD_OUTCOMES = 'O' };   /* first byte of a payload; a manifest is a packed fd_manifest */

typedef struct fd_outcome {
    int64_t image;               /* id in the manifest */
    int64_t read_at;             /* when its file was opened, ns since 1970 */
    int32_t width, height;       /* upright */
    uint8_t status, flags;       /* fd_image_status, FD_FLAG_* */
    fd_sha256 sha256;            /* of the file; zeros when it was not read */
    char detail[160];
    int32_t faces;
    const fd_face *face;         /* [faces]; borrowed, as are the next */
    const uint8_t *valid;        /* [faces] */
    const float *embedding;      /* [faces][dim] */
    const uint8_t *crop;         /* [faces][crop_bytes]; NULL when crops are not saved */
} fd_outcome;

typedef struct fd_record_shape { int64_t dim, crop_bytes; } fd_record_shape;   /* crop_bytes 0: no crops */

/* A buffer that grows. Zero-initialise; free(bytes). */
typedef struct fd_payload { uint8_t *bytes; size_t n, capacity; } fd_payload;

fd_error *fd_payload_add(fd_payload *p, const void *bytes, size_t n) FD_CHECK;
fd_error *fd_record_add(fd_payload *p, const fd_outcome *o, fd_record_shape shape) FD_CHECK;
/* Calls `each` for every outcome of a payload whose type byte is FD_RECORD_OUTCOMES (others are passed over); the outcome's pointers last for the
 * call. A payload that does not add up is FD_FORMAT. */
fd_error *fd_record_each(const uint8_t *payload, size_t n, fd_record_shape shape, fd_error *(*each)(void *self, const fd_outcome *o), void *self) FD_CHECK;

#endif
