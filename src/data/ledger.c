#include "data/ledger.h"

const char *fd_image_status_name(fd_image_status s)
{
    static const char *const names[FD_IMAGE_STATUSES] = {
        [FD_IMAGE_OK] = "ok",
        [FD_IMAGE_NO_FACE] = "no_face",
        [FD_IMAGE_CORRUPT] = "corrupt",
        [FD_IMAGE_TRUNCATED] = "truncated",
        [FD_IMAGE_UNSUPPORTED] = "unsupported",
        [FD_IMAGE_TOO_LARGE] = "too_large",
        [FD_IMAGE_UNREADABLE] = "unreadable",
        [FD_IMAGE_EMPTY] = "empty",
        [FD_IMAGE_CHANGED] = "changed",
        [FD_IMAGE_SPECIAL_FILE] = "special_file",
        [FD_IMAGE_OUT_OF_MEMORY] = "out_of_memory",
    };
    return (unsigned)s < FD_IMAGE_STATUSES ? names[s] : "unknown";
}
