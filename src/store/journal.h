/* The journal: an append-only log per writer, so that a kill loses at most the batch in hand. Payloads are opaque here.
 *
 * A log is a header record, whose payload is the pin, then records. A record is 20 bytes, little-endian: magic (4), length of the payload (8),
 * CRC-32C of the payload (4), CRC-32C of these 16 bytes (4); then the payload. A torn tail is what an interrupted write leaves: a record cut
 * short, a last record whose bytes never reached the disk, or zeros to the end. It is cut off at the next start; any other damage is an error. */
#ifndef FD_STORE_JOURNAL_H
#define FD_STORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define FD_JOURNAL_OWNER "owner"        /* a file beside the logs: which run holds the journal (run/lock.h) */
enum { FD_RECORD_HEAD = 20 };           /* bytes of a record before its payload */

typedef struct fd_journal fd_journal;   /* one rank's log, open for appending; appends are thread-safe */

/* Opens folder/rank-NNNNN.log (making folder), cutting off a torn tail; a new log starts with `pin` (text, "key = value" lines: manifest, model,
 * options); an old log whose pin differs is FD_MISMATCH naming the first key that differs and both values. A log that another process writes is
 * FD_LOCKED. */
fd_error *fd_journal_open(const char *folder, int rank, const char *pin, fd_journal **out) FD_CHECK;
/* Appends a record whole (one writev) and, when `sync`, makes it durable (fdatasync). After a failure the log ends where it did before. */
fd_error *fd_journal_append(fd_journal *j, const void *payload, size_t n, int sync) FD_CHECK;
fd_error *fd_journal_close(fd_journal *j) FD_CHECK;   /* syncs; NULL is allowed */

/* The names of the logs in folder, sorted; *n = 0 when there is no folder. free each and the list. */
fd_error *fd_journal_list(const char *folder, char ***names, int *n) FD_CHECK;
/* The pin of the folder's first log that has a whole header (NULL: none). free(*pin). */
fd_error *fd_journal_pin(const char *folder, char **pin) FD_CHECK;
/* Calls `each` for every whole record of one log, in order, stopping at a torn tail. `offset` is the payload's place in the file. The file is not
 * changed. `pin` (NULL: any) is compared as in fd_journal_open. Damage that no torn write leaves is FD_FORMAT, after the records before it. */
fd_error *fd_journal_read(const char *path, const char *pin, fd_error *(*each)(void *self, const uint8_t *payload, size_t n, int64_t offset), void *self) FD_CHECK;
/* Files beside the logs that records speak of: NAME.part. Their names, sorted, as above. */
fd_error *fd_journal_parts(const char *folder, char ***names, int *n) FD_CHECK;
/* Removes the folder, its logs, parts and owner (and nothing else in it: anything else is an error that names it). */
fd_error *fd_journal_remove(const char *folder) FD_CHECK;
/* Compares two pins: NULL when equal, else an FD_MISMATCH naming key and both values; `what` is "the journal of faces.h5". */
fd_error *fd_pin_compare(const char *was, const char *now, const char *what) FD_CHECK;

#endif
