/* The page of facesdist-report: what it is made of. Each part is a file, page_*.c, and adds a section to the text; a part whose data the result
 * has not says so or adds nothing. Whatever comes from the result or from a file name goes through fd_page_text. */
#ifndef FD_RUN_PAGE_H
#define FD_RUN_PAGE_H

#include "base/option.h"
#include "base/text.h"
#include "engine/metric.h"
#include "run/rerun/rerun_recipe.h"
#include "run/svg.h"
#include "store/result.h"

typedef struct fd_thumbs fd_thumbs;   /* page_thumbs.c */

/* Zero-initialise; fd_page_free. Columns that the result has not are NULL. */
typedef struct fd_page {
    const fd_options *options;
    fd_result *file;
    fd_string html;
    int64_t images;
    char **key, **detail;            /* [images] */
    uint8_t *status, *flags;         /* [images] */
    int64_t *duplicate_of;           /* [images] */
    int64_t faces, dim;              /* dim 0: no embeddings */
    int64_t *image;                  /* [faces] */
    float *box;                      /* [faces][4] */
    uint8_t *valid;                  /* [faces] */
    int64_t groups, *label, *size;   /* label [faces], size [groups]: clusters */
    fd_metric metric;
    char measure[32];   /* "euclidean distance", "inner product" */
    double threshold;   /* the model's, where it is one of that metric; else NaN */
    fd_recipe recipe;   /* where the photographs are */
    bool has_recipe;   /* it is a result of the main job */
    fd_thumbs *thumbs;
} fd_page;

/* page_read.c */
fd_error *fd_page_read(fd_page *p) FD_CHECK;
void fd_page_free(fd_page *p);
/* An attribute of /run, "" where it has none. free(*out). */
fd_error *fd_page_ask(fd_page *p, const char *name, char **out) FD_CHECK;
/* A whole column of *n rows (-1: any; then set) that may be absent: *out stays NULL. */
fd_error *fd_page_column(fd_page *p, const char *path, fd_column_type type, int64_t *n, void *out) FD_CHECK;

/* page_html.c: head and foot, sections, cells. */
fd_error *fd_page_open(fd_page *p, const char *title) FD_CHECK;
fd_error *fd_page_close(fd_page *p) FD_CHECK;
fd_error *fd_page_section(fd_page *p, const char *id, const char *title) FD_CHECK;   /* ended by "</section>\n" */
fd_error *fd_page_text(fd_page *p, const char *bytes) FD_CHECK;
/* A paragraph of kind "" or "note". */
fd_error *fd_page_say(fd_page *p, const char *kind, const char *format, ...) __attribute__((format(printf, 3, 4))) FD_CHECK;
/* A row of n cells; tag "th" or "td". */
fd_error *fd_page_row(fd_page *p, const char *tag, const char *const *text, int n) FD_CHECK;
/* The name of a photograph, kept from changing the direction of what is around it. */
fd_error *fd_page_name(fd_page *p, const char *key) FD_CHECK;
/* Adds the finished picture and frees its text. */
fd_error *fd_page_picture(fd_page *p, fd_svg *s) FD_CHECK;

/* The sections. */
fd_error *fd_page_summary(fd_page *p) FD_CHECK;   /* page_ledger.c */
fd_error *fd_page_ledger(fd_page *p) FD_CHECK;
fd_error *fd_page_bad_files(fd_page *p) FD_CHECK;
fd_error *fd_page_duplicates(fd_page *p) FD_CHECK;
fd_error *fd_page_faces(fd_page *p) FD_CHECK;   /* page_faces.c */
fd_error *fd_page_clusters(fd_page *p) FD_CHECK;   /* page_clusters.c */
fd_error *fd_page_distances(fd_page *p) FD_CHECK;   /* page_distances.c */
fd_error *fd_page_stages(fd_page *p) FD_CHECK;   /* page_stages.c */
fd_error *fd_page_usage(fd_page *p) FD_CHECK;   /* page_usage.c */
fd_error *fd_page_run(fd_page *p) FD_CHECK;   /* page_run.c */

/* page_thumbs.c: faces as small pictures, from /faces/crop, else from the photographs. At most so many of them in a page. */
enum { FD_PAGE_THUMBS = 600 };
fd_error *fd_thumbs_open(fd_page *p) FD_CHECK;
void fd_thumbs_close(fd_thumbs *t);
/* Adds the picture of a face with its photograph's name, `caption` (NULL: none) below it, green where it is `marked`. */
fd_error *fd_page_face(fd_page *p, int64_t face, const char *caption, bool marked) FD_CHECK;
/* Says where the pictures came from, or why there are none. */
fd_error *fd_page_say_thumbs(fd_page *p) FD_CHECK;

#endif
