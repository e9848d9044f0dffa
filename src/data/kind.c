#include "data/kind.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct magic {
    const char *name;
    fd_image_kind kind;
    uint8_t offset, length;
    const char *bytes;
} magic;

#define MAGIC(name, kind, offset, bytes) \
    { \
        name, FD_KIND_##kind, offset, sizeof(bytes) - 1, bytes \
    }

static const magic magics[] = {
    MAGIC("PNG", PNG, 0, "\x89PNG\r\n\x1a\n"),
    MAGIC("GIF", OTHER, 0, "GIF87a"),
    MAGIC("GIF", OTHER, 0, "GIF89a"),
    MAGIC("WebP", OTHER, 8, "WEBPVP8"),
    MAGIC("TIFF", OTHER, 0, "II*\0"),
    MAGIC("TIFF", OTHER, 0, "MM\0*"),
    MAGIC("BigTIFF", OTHER, 0, "II+\0"),
    MAGIC("BigTIFF", OTHER, 0, "MM\0+"),
    MAGIC("AVIF", OTHER, 4, "ftypavif"),
    MAGIC("AVIF", OTHER, 4, "ftypavis"),
    MAGIC("HEIC", OTHER, 4, "ftyphei"),
    MAGIC("HEIC", OTHER, 4, "ftyphev"),
    MAGIC("HEIF", OTHER, 4, "ftypmif1"),
    MAGIC("HEIF", OTHER, 4, "ftypmsf1"),
    MAGIC("CR3", OTHER, 4, "ftypcrx "),
    MAGIC("JPEG 2000", OTHER, 0, "\0\0\0\x0cjP  \r\n\x87\n"),
    MAGIC("JPEG 2000", OTHER, 0, "\xff\x4f\xff\x51"),
    MAGIC("JPEG XL", OTHER, 0, "\0\0\0\x0cJXL \r\n\x87\n"),
    MAGIC("JPEG XL", OTHER, 0, "\xff\x0a"),
    MAGIC("Photoshop", OTHER, 0, "8BPS"),
    MAGIC("MNG", OTHER, 0, "\x8aMNG\r\n\x1a\n"),
    MAGIC("JNG", OTHER, 0, "\x8bJNG\r\n\x1a\n"),
    MAGIC("OpenEXR", OTHER, 0, "\x76\x2f\x31\x01"),
    MAGIC("DirectDraw", OTHER, 0, "DDS \x7c\0\0\0"),
    MAGIC("QOI", OTHER, 0, "qoif"),
    MAGIC("Fujifilm raw", OTHER, 0, "FUJIFILMCCD-RAW"),
    MAGIC("GIMP", OTHER, 0, "gimp xcf"),
    MAGIC("Radiance", OTHER, 0, "#?RADIANCE\n"),
};

/* "BM", four bytes of size, four of zero, offset, then the size of the one of few known headers: two letters alone would take many a text. */
static bool is_bmp(const uint8_t *b, size_t n)
{
    static const uint8_t headers[] = {12, 40, 52, 56, 64, 108, 124};
    return n >= 18 && !memcmp(b, "BM", 2) && !memcmp(b + 6, "\0\0\0\0", 4) && memchr(headers, b[14], sizeof headers) &&
           !memcmp(b + 15, "\0\0", 3);
}

/* Netpbm: P1 .. P7, white space, a number or a comment. */
static bool is_netpbm(const uint8_t *b, size_t n)
{
    return n >= 4 && b[0] == 'P' && b[1] >= '1' && b[1] <= '7' && (b[2] == '\n' || b[2] == ' ' || b[2] == '\r') &&
           (b[3] == '#' || (b[3] >= '0' && b[3] <= '9') || (b[1] == '7' && b[3] == 'W'));
}

fd_image_kind fd_kind_of(const uint8_t *b, size_t n, const char **name)
{
    /* A file cut short after two or four bytes is still told for what it was. */
    if (n >= 2 && b[0] == 0xFF && b[1] == 0xD8 && (n == 2 || b[2] == 0xFF)) {
        *name = "JPEG";
        return FD_KIND_JPEG;
    }
    if (n >= 4 && n < 8 && !memcmp(b, magics[0].bytes, n)) {
        *name = "PNG";
        return FD_KIND_PNG;
    }
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        const magic *m = &magics[i];
        if (n >= (size_t)m->offset + m->length && !memcmp(b + m->offset, m->bytes, m->length)) {
            *name = m->name;
            return m->kind;
        }
    }
    *name = is_bmp(b, n) ? "BMP" : is_netpbm(b, n) ? "Netpbm" : NULL;
    return *name ? FD_KIND_OTHER : FD_KIND_UNKNOWN;
}

bool fd_has_image_extension(const char *name)
{
    static const char *const extensions[] = {"jpg",  "jpeg", "jpe",  "jfif", "png", "apng", "gif", "webp", "bmp", "dib", "tif", "tiff",
                                             "heic", "heif", "avif", "jp2",  "j2k", "jpx",  "jxl", "psd",  "pbm", "pgm", "ppm", "pnm",
                                             "tga",  "dng",  "cr2",  "cr3",  "nef", "arw",  "orf", "rw2",  "raf", "exr", "qoi"};
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name, *dot = strrchr(base, '.');
    for (size_t i = 0; dot && dot > base && i < sizeof extensions / sizeof *extensions; i++)
        if (!strcasecmp(dot + 1, extensions[i]))
            return true;
    return false;
}

fd_verdict fd_verdict_of_kind(fd_image_kind kind, const char *name)
{
    fd_verdict v = {FD_IMAGE_OK, ""};
    if (kind == FD_KIND_OTHER) {
        v.status = FD_IMAGE_UNSUPPORTED;
        snprintf(v.detail, sizeof v.detail, "a %s image; JPEG and PNG are read", name);
    } else if (kind == FD_KIND_UNKNOWN) {
        v = (fd_verdict){FD_IMAGE_CORRUPT, "its first bytes are not those of an image"};
    }
    return v;
}
