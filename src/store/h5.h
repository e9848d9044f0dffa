/* What the files of this room share about the HDF5 library: quiet errors, access, types. */
#ifndef FD_STORE_H5_H
#define FD_STORE_H5_H

#include <hdf5.h>

#include "store/result.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written little-endian as they lie in memory");

/* Errors are ours to report: HDF5 prints none, and does nothing at exit. Every public function that can be the first calls it first. */
void fd_h5_quiet(void);

/* Closes an identifier of any kind; negative ones (never opened) are allowed. */
void fd_h5_drop(hid_t id);
/* Closes a file whose writing failed, or that was only read: what hinders that is nobody's concern. Negative ones are allowed. */
void fd_h5_abandon(hid_t file);

/* "file: what: reason", the reason being the innermost one that HDF5 recorded. A full disk is FD_NOSPACE, any other errno FD_IO, the rest `code`. */
fd_error *fd_h5_error(fd_code code, const char *file, const char *what, const char *name, const char *source, int line);

/* For functions with `err` and `done:`: stores the call's result in `into` and leaves when it is negative. `name` is the object concerned. */
#define FD_H5_TRY(into, call, code, file, what, name)                                    \
    do {                                                                                 \
        if (((into) = (call)) < 0) {                                                     \
            err = fd_h5_error((code), (file), (what), (name), __FILE__, __LINE__);       \
            goto done;                                                                   \
        }                                                                                \
    } while (0)

/* How every file is opened: formats that HDF5 1.8 reads, no locks, large objects on page boundaries, closing closes all. `metadata` bytes (0: the
 * library's 2 KiB) are set aside at a time for headers and trees. Negative: out of memory. */
hid_t fd_h5_access(hsize_t metadata);

/* Opens a regular file; what is not there, not HDF5 or damaged is told apart. */
fd_error *fd_h5_open(const char *path, unsigned flags, hid_t *file) FD_CHECK;

/* Variable-length UTF-8 text, as h5py writes it. */
hid_t fd_h5_text_type(void);
/* IEEE binary16, as h5py and NumPy know it. */
hid_t fd_h5_half_type(void);

enum { FD_DEFLATE_LEVEL = 4 };   /* distances are noise but for their exponents: more takes twice the time for 1 % */

/* Adds text attributes to a group or dataset; `path` and `name` are for messages. */
fd_error *fd_h5_attributes(hid_t object, const fd_attribute *attributes, int n, const char *path, const char *name) FD_CHECK;

/* Makes a dataset with its groups, attributes and, when there is some, its data. */
fd_error *fd_h5_dataset(hid_t file, const fd_column *column, const char *path) FD_CHECK;

size_t fd_h5_bytes(fd_column_type type);   /* of one element in memory */
hid_t fd_h5_memory_type(fd_column_type type);   /* a library constant, not to be closed; not for TEXT and F16 */

#endif
