/* Model packs: a folder with pack.ini and ONNX files (design section 4). Everything the weights alone do not say. */
#ifndef FD_FACE_PACK_H
#define FD_FACE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/status.h"
#include "engine/distance.h"
#include "engine/image.h"

typedef struct fd_pack_file { char *name; uint8_t *bytes; size_t n; fd_sha256 hash; } fd_pack_file;

typedef enum fd_crop_kind { FD_CROP_ALIGN5, FD_CROP_BOX } fd_crop_kind;

typedef struct fd_pack {
    char *folder, *name, *version, *licence, *source;   /* never NULL once loaded; "" where pack.ini says nothing */
    fd_pack_file pnet, rnet, onet, embedder;
    fd_pack_file *other;                             /* further files with a hash: verified, not kept */
    int n_other;
    double min_face, thresholds[3], factor;          /* defaults that options may override */
    fd_crop_kind crop;
    double margin;                                   /* pixels of the input (box only) */
    fd_resample resample;                            /* of crop = box: pil-bilinear (its default; "bilinear" means it too) or area */
    fd_cut_format format;                            /* input size, channels, mean, std */
    int64_t dim;
    int l2;                                          /* normalize = l2 */
    fd_metric metric;
    double threshold;                                /* same person below it */
} fd_pack;

/* Reads pack.ini, then every file it names, verifies their hashes (before any parsing), fills out. Errors name folder, file, line or key.
 * A missing hash, an unknown key or section, a missing key or a value out of range is FD_FORMAT; no such folder FD_IO; a wrong hash
 * FD_MISMATCH that says when the file looks like an HTML page, is empty or cut short. */
fd_error *fd_pack_load(const char *folder, fd_pack *out) FD_CHECK;
void fd_pack_free(fd_pack *pack);

/* Parses pack.ini's text alone (no files are read; hashes are filled in from it): what the fuzzer calls. */
fd_error *fd_pack_parse(const char *text, size_t n, const char *name, fd_pack *out) FD_CHECK;

/* "key = value" lines of all that decides the numbers that a pack gives: name, version, hashes of its networks, crop, normalisation. What
 * options may override (min_face, thresholds, factor, metric) is not in it. free(*text). */
fd_error *fd_pack_identity(const fd_pack *pack, char **text) FD_CHECK;

#endif
