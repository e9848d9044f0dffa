/* What moved, frame by frame: as a table and as a curve. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "run/pictures/motion_private.h"
#include "run/svg.h"

fd_error *fd_motion_line(const fd_motion *m, int64_t frame, const fd_regions *regions, char **out)
{
    fd_error *err = NULL;
    fd_string text = {0};
    char key[FD_ESCAPED * 8];
    fd_escape(key, sizeof key, m->pictures.job.manifest.entry[frame].key);
    FD_TRY(fd_string_add(&text, "%s\t", key));
    FD_TRY(fd_motion_add_fields(&text, &m->moved[frame], regions));
    *out = text.text;
    text.text = NULL;
done:
    free(text.text);
    return err;
}

/* This rank's lines, one after the other. */
static fd_error *join(const fd_motion *m, fd_string *out)
{
    fd_error *err = NULL;
    const fd_pictures *p = &m->pictures;
    if (p->job.rank == 0)
        FD_TRY(fd_string_add(out, "frame\t" FD_MOTION_FIELDS));
    for (int64_t i = p->first[p->job.rank]; i < p->first[p->job.rank + 1]; i++)
        if (m->line[i])   /* NULL: a frame that could not be read */
            FD_TRY(fd_string_add(out, "%s", m->line[i]));
done:
    return err;
}

fd_error *fd_motion_write_table(fd_motion *m)
{
    fd_error *err = NULL;
    fd_comm *comm = m->pictures.job.comm;
    const int ranks = m->pictures.job.ranks, rank = m->pictures.job.rank;
    fd_string own = {0};
    int64_t *counts = NULL, sum = 0;
    char *all = NULL;
    err = join(m, &own);
    if (!err)
        err = fd_alloc(&counts, (size_t)ranks, sizeof *counts);
    FD_TRY(fd_comm_agree(comm, err));
    const int64_t length = (int64_t)own.length;
    FD_TRY(fd_comm_all_gather_fixed(comm, &length, counts, sizeof length));
    for (int r = 0; r < ranks; r++)
        sum += counts[r];
    FD_TRY(fd_comm_agree(comm, fd_alloc(&all, rank == 0 ? (size_t)sum : 0, 1)));
    FD_TRY(fd_comm_gather(comm, own.text ? own.text : "", all, counts, 0));
    FD_TRY(fd_comm_agree(comm, rank == 0 ? fd_file_replace(m->table, all, (size_t)sum) : NULL));
done:
    free(own.text);
    free(counts);
    free(all);
    return err;
}

/* The share of frames from .. to - 1, in percent; frames that could not be read are gaps. */
static fd_error *draw(const fd_motion *m, fd_svg *s, int series, int64_t from, int64_t to)
{
    fd_error *err = NULL;
    fd_point *point = NULL;
    FD_TRY(fd_alloc(&point, (size_t)(to - from), sizeof *point));
    for (int64_t i = from; i < to; i++) {
        const fd_moved *v = &m->moved[i];
        point[i - from] = (fd_point){(double)(i - from), v->pixels ? 100.0 * (double)v->area / (double)v->pixels : strtod("nan", NULL)};
    }
    FD_TRY(fd_svg_curve(s, series, point, to - from, false));
done:
    free(point);
    return err;
}

static void measure(const fd_motion *m, int64_t *longest, double *most)
{
    *longest = 2;
    *most = 0;
    for (int64_t i = 0; i < m->pictures.job.manifest.n; i++) {
        const double share = m->moved[i].pixels ? 100.0 * (double)m->moved[i].area / (double)m->moved[i].pixels : 0;
        *most = share > *most ? share : *most;
        *longest = i - m->sequence[i] + 1 > *longest ? i - m->sequence[i] + 1 : *longest;
    }
}

/* The names of the first sequences: their folders. */
static fd_error *name_sequences(const fd_motion *m, fd_svg *s)
{
    fd_error *err = NULL;
    char folder[FD_SVG_SERIES][64];
    const char *name[FD_SVG_SERIES];
    int n = 0;
    for (int64_t i = 0; i < m->pictures.job.manifest.n && n < FD_SVG_SERIES; i++) {
        const char *key = m->pictures.job.manifest.entry[i].key, *slash = strrchr(key, '/');
        if (m->sequence[i] != i)
            continue;
        snprintf(folder[n], sizeof folder[n], "%.*s", slash ? (int)(slash - key) : 1, slash ? key : ".");
        name[n] = folder[n];
        n++;
    }
    if (n > 1)
        FD_TRY(fd_svg_legend(s, s->left, 46, name, n));
done:
    return err;
}

fd_error *fd_motion_write_plot(const fd_motion *m)
{
    fd_error *err = NULL;
    const int64_t n = m->pictures.job.manifest.n;
    int64_t longest;
    double most;
    int series = 0;
    measure(m, &longest, &most);
    fd_svg s = {.width = 900, .height = 420, .left = 72, .top = 64, .wide = 800, .high = 290};
    s.x = (fd_axis){.low = 0, .high = (double)(longest - 1), .label = "frame"};
    s.y = fd_axis_to(0, most > 0 ? most : 1, "moving area, % of the frame");
    FD_TRY(fd_svg_open(&s, "Motion from frame to frame", true));
    FD_TRY(fd_svg_words(&s, s.left, 26, "start", "title", "Motion from frame to frame"));
    FD_TRY(name_sequences(m, &s));
    FD_TRY(fd_svg_axes(&s));
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && m->sequence[end] == i; end++)
            ;
        FD_TRY(draw(m, &s, series++, i, end));
    }
    FD_TRY(fd_svg_close(&s));
    FD_TRY(fd_file_replace(m->plot, s.text.text, s.text.length));
done:
    free(s.text.text);
    return err;
}
