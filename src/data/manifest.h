/* The manifest: which photographs there are, in which order. Keys are sorted by memcmp; an image's id is its position.
 *
 * Keys. One input: a file's path under its input folder; an input that is a file keys by its base name. Several inputs (a list counts as
 * one): that path prefixed by the input as typed, which for a file is the input itself. "As typed" is normalised: no "./", no "//", no "/"
 * at the end; "." prefixes nothing. Entries of a list key as written; a folder in a list is walked and prefixes as written. The same file
 * named twice (equal absolute paths, links not resolved) enters once, as it was named first. */
#ifndef FD_DATA_MANIFEST_H
#define FD_DATA_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/status.h"
#include "data/ledger.h"

typedef enum fd_image_kind { FD_KIND_UNKNOWN, FD_KIND_JPEG, FD_KIND_PNG, FD_KIND_OTHER /* an image of a kind we do not read */ } fd_image_kind;

/* What reading the first bytes of a file tells. Fixed size and small: ranks exchange arrays of it, and each has all of them. */
typedef struct fd_probe {
    int32_t width, height;   /* of the header, before EXIF; 0: unknown */
    uint8_t kind;            /* fd_image_kind, by magic bytes, never by name */
    uint8_t status;          /* FD_IMAGE_OK: go on and decode; else the verdict already (empty, unreadable, special_file, ...) */
    uint8_t is_image;        /* 0: neither image magic nor an image extension: counted as not_an_image, no row */
    int64_t bytes;           /* size of the file */
    int64_t changed;         /* when its content, name or rights last changed (ctime), ns since 1970: a hint, never pinned; 0: unknown */
} fd_probe;

typedef struct fd_entry {
    char *key;               /* bytes, no NUL inside: path under its input folder, prefixed as said above */
    char *path;              /* to open it, with fd_open_entry or fd_read_entry (data/entry.h): it may be longer than PATH_MAX */
    char *detail;            /* reason for people, when the probe's status is not OK; NULL: nothing to say */
    fd_probe probe;
} fd_entry;

typedef struct fd_manifest {
    fd_entry *entry;         /* [n] sorted by key */
    int64_t n;
    int64_t not_an_image;    /* files that were passed over: hidden ones (a hidden folder counts once), and such as is_image tells */
} fd_manifest;

typedef struct fd_scan_config {
    const char *const *inputs;   /* files and folders as typed */
    int n_inputs;
    const char *list;            /* a file of paths, one a line, or ended by NUL bytes where it holds any ("-": stdin); NULL: none */
    const char *glob;            /* fnmatch pattern on the key's last part, for files (faults too); others are as if not there; NULL: all */
    fd_error *(*visit)(void *self, const char *path);   /* before each folder, and each input and list, is read; its error ends the scan; NULL: none */
    void *self;
} fd_scan_config;

/* Walks folders and lists (one rank does this): names only, sorted, doubles removed, nothing opened but folders. Hidden files, and folders
 * that start with a dot, are passed over and counted, unless named by the user. Symbolic links are followed; loops (a folder inside itself),
 * dangling links, FIFOs, sockets and devices get a row with their verdict; a folder that cannot be read gets one too, and so does a list's
 * entry that is not there. Two folders with the same prefix: FD_USAGE. An input that does not exist: FD_USAGE naming it; an input folder that
 * cannot be read: FD_IO. */
fd_error *fd_scan(const fd_scan_config *config, fd_manifest *out) FD_CHECK;
/* Reads headers of entries first..last-1 (each rank a share) into their probes, passing over those that have a verdict already; never fails
 * for a file's sake. */
fd_error *fd_probe_entries(fd_manifest *m, int64_t first, int64_t last) FD_CHECK;
/* What the entry owns; it is empty then. */
void fd_entry_free(fd_entry *e);
/* The entry's verdict, with its reason. */
fd_verdict fd_entry_verdict(const fd_entry *e);
fd_error *fd_entry_judge(fd_entry *e, const fd_verdict *v) FD_CHECK;   /* takes the place of an earlier one */
/* The reasons of entries first..last-1 as one buffer, for other ranks; and those of others put where there are none. free(*bytes). */
fd_error *fd_manifest_pack_details(const fd_manifest *m, int64_t first, int64_t last, uint8_t **bytes, int64_t *n) FD_CHECK;
fd_error *fd_manifest_add_details(fd_manifest *m, const uint8_t *bytes, int64_t n) FD_CHECK;
/* After all probes are known: drops what is not an image. */
void fd_manifest_settle(fd_manifest *m);
void fd_manifest_free(fd_manifest *m);

/* Packs names, verdicts and sizes (no more of the probes) into one buffer, for other ranks and for later runs, and unpacks. free(*bytes). */
fd_error *fd_manifest_pack(const fd_manifest *m, uint8_t **bytes, int64_t *n) FD_CHECK;
fd_error *fd_manifest_unpack(const uint8_t *bytes, int64_t n, fd_manifest *out) FD_CHECK;

/* SHA-256 over keys, file sizes and verdicts: what the journal pins. Neither places nor times enter, so staged copies resume. */
fd_error *fd_manifest_hash(const fd_manifest *m, fd_sha256 *out) FD_CHECK;
/* Predicted cost of an image in seconds on one core: a function of its pixels (fitted), never zero. */
double fd_entry_cost(const fd_probe *probe);

#endif
