/* What became of a photograph: the data's own errors, counted and recorded, never fatal. */
#ifndef FD_DATA_LEDGER_H
#define FD_DATA_LEDGER_H

typedef enum fd_image_status {   /* values are stored in /images/status */
    FD_IMAGE_OK = 0, FD_IMAGE_NO_FACE, FD_IMAGE_CORRUPT, FD_IMAGE_TRUNCATED, FD_IMAGE_UNSUPPORTED, FD_IMAGE_TOO_LARGE, FD_IMAGE_UNREADABLE,
    FD_IMAGE_EMPTY, FD_IMAGE_CHANGED, FD_IMAGE_SPECIAL_FILE, FD_IMAGE_OUT_OF_MEMORY, FD_IMAGE_STATUSES
} fd_image_status;

enum { FD_FLAG_TRUNCATED_ACCEPTED = 1, FD_FLAG_DECODER_WARNING = 2, FD_FLAG_BAD_EXIF = 4 };   /* /images/flags */

/* "ok", "no_face", ... as in the file's enum; "unknown" for any other number. */
const char *fd_image_status_name(fd_image_status s);

/* A judgement on a file with its reason, for people: printable, "" when there is nothing to say. */
typedef struct fd_verdict {
    fd_image_status status;
    char detail[80];
} fd_verdict;

#endif
