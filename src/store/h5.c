#include "store/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

void fd_h5_quiet(void)
{
    /* A file that could not be closed (disk full) stays on HDF5's list, half freed: its clean-up at exit would crash. */
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* What HDF5 recorded and nobody asks for: a thread that ends would leave it behind. */
static void forget(herr_t status)
{
    if (status < 0)
        H5Eclear2(H5E_DEFAULT);
}

void fd_h5_drop(hid_t id)
{
    if (id >= 0)
        forget((herr_t)H5Idec_ref(id));
}

void fd_h5_abandon(hid_t file)
{
    if (file >= 0)
        forget(H5Fclose(file));
}

typedef struct reason {
    char text[256];
    int number;     /* errno, 0: none */
    bool locking;   /* it was a lock that could not be had */
} reason;

/* Keeps the innermost description: HDF5 numbers the entries from the place that failed outwards. The file driver's carries errno as text, behind
 * the name of the file: "file write failed: ..., errno = 28, ...". */
static herr_t innermost(unsigned i, const H5E_error2_t *entry, void *self)
{
    static const char label[] = "errno = ";
    reason *r = self;
    if (i > 0 || !entry->desc)
        return 0;
    const char *at = strstr(entry->desc, label);
    r->locking = strstr(entry->desc, "lock file") != NULL;
    r->number = at ? (int)strtol(at + sizeof label - 1, NULL, 10) : 0;
    snprintf(r->text, sizeof r->text, "%s", r->number > 0 ? strerror(r->number) : entry->desc);
    return 0;
}

/* This library asks for no locks; one variable of the environment makes HDF5 ask all the same. */
static fd_error *lock_error(const char *file, const reason *r, const char *source, int line)
{
    const char *value = getenv("HDF5_USE_FILE_LOCKING");
    const bool held = r->number == EWOULDBLOCK;
    return fd_error_new(FD_IO, source, line, "%s: %s (%s); facesdist needs no locks on HDF5 files, but HDF5_USE_FILE_LOCKING=%s asks for them: "
                                             "%sset it to FALSE", file, held ? "another program has locked it" : "its file system gives no lock", r->text,
                        value ? value : "", held ? "let that program end, or " : "");
}

fd_error *fd_h5_error(fd_code code, const char *file, const char *what, const char *name, const char *source, int line)
{
    reason r = {"HDF5 says no more", 0, false};
    char escaped[FD_ESCAPED], object[FD_ESCAPED], why[FD_ESCAPED];
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &r);
    H5Eclear2(H5E_DEFAULT);
    fd_escape(escaped, sizeof escaped, file);
    if (r.locking)
        return lock_error(escaped, &r, source, line);
    if (r.number > 0)
        code = r.number == ENOSPC || r.number == EDQUOT || r.number == EFBIG ? FD_NOSPACE : FD_IO;
    return fd_error_new(code, source, line, "%s: %s%s%s: %s", escaped, what, *name ? " " : "",
                        fd_escape(object, sizeof object, name), fd_escape(why, sizeof why, r.text));
}

hid_t fd_h5_access(hsize_t metadata)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0)
        return access;
    /* 4096: no two hosts write one page of a large dataset. */
    if (H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V110) < 0 || H5Pset_alignment(access, 64 << 10, 4096) < 0 ||
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0 || H5Pset_file_locking(access, 0, 1) < 0 ||
        (metadata > 0 && H5Pset_meta_block_size(access, metadata) < 0)) {
        H5Pclose(access);
        return -1;
    }
    return access;
}

/* A path that HDF5 would hang on or name badly: not there, not to be read, a FIFO, a folder. */
static fd_error *check_regular(const char *path)
{
    char name[FD_ESCAPED];
    struct stat st;
    fd_escape(name, sizeof name, path);
    if (stat(path, &st) != 0)
        return FD_FAIL(FD_IO, "%s: %s", name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return FD_FAIL(FD_FORMAT, "%s: not a file", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return FD_FAIL(FD_IO, "%s: %s", name, strerror(errno));
    close(fd);
    return NULL;
}

fd_error *fd_h5_open(const char *path, unsigned flags, hid_t *file)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    hid_t access = -1;
    fd_h5_quiet();
    FD_TRY(check_regular(path));
    const htri_t is_hdf5 = H5Fis_hdf5(path);
    forget((herr_t)is_hdf5);
    if (is_hdf5 <= 0)
        FD_THROW(FD_FORMAT, "%s: not an HDF5 file", fd_escape(name, sizeof name, path));
    FD_H5_TRY(access, fd_h5_access(0), FD_NOMEM, path, "cannot open", "");
    FD_H5_TRY(*file, H5Fopen(path, flags, access), FD_FORMAT, path, "damaged HDF5 file", "");
done:
    fd_h5_drop(access);
    return err;
}

hid_t fd_h5_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

hid_t fd_h5_half_type(void)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    if (type >= 0 && (H5Tset_fields(type, 15, 10, 5, 0, 10) < 0 || H5Tset_size(type, 2) < 0 || H5Tset_ebias(type, 15) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

fd_error *fd_h5_attributes(hid_t object, const fd_attribute *attributes, int n, const char *path, const char *name)
{
    fd_error *err = NULL;
    hid_t type = -1, space = -1, attribute = -1;
    herr_t status = 0;
    FD_H5_TRY(type, fd_h5_text_type(), FD_NOMEM, path, "cannot make a text type for", name);
    FD_H5_TRY(space, H5Screate(H5S_SCALAR), FD_NOMEM, path, "cannot make a space for", name);
    for (int i = 0; i < n; i++) {
        FD_H5_TRY(attribute, H5Acreate2(object, attributes[i].name, type, space, H5P_DEFAULT, H5P_DEFAULT), FD_IO, path,
                  "cannot make attribute", attributes[i].name);
        FD_H5_TRY(status, H5Awrite(attribute, type, &attributes[i].text), FD_IO, path, "cannot write attribute", attributes[i].name);
        fd_h5_drop(attribute);
        attribute = -1;
    }
done:
    fd_h5_drop(attribute);
    fd_h5_drop(space);
    fd_h5_drop(type);
    return err;
}

size_t fd_h5_bytes(fd_column_type type)
{
    static const size_t bytes[] = {1, 4, 8, 2, 4, 8, sizeof(char *)};
    return bytes[type];
}

hid_t fd_h5_memory_type(fd_column_type type)
{
    switch (type) {
    case FD_COL_U8:
        return H5T_NATIVE_UINT8;
    case FD_COL_I32:
        return H5T_NATIVE_INT32;
    case FD_COL_I64:
        return H5T_NATIVE_INT64;
    case FD_COL_F32:
        return H5T_NATIVE_FLOAT;
    case FD_COL_F64:
        return H5T_NATIVE_DOUBLE;
    case FD_COL_F16:
    case FD_COL_TEXT:
        break;
    }
    return -1;
}
