/* Table, curve and masks of one video. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "run/video/video_private.h"

/* --- where -------------------------------------------------------------------------------------------------------------------------------- */

/* folder/NAME.extension of the video's own output, or what was named where there is one. */
static fd_error *place(const fd_video_job *job, int64_t id, const char *where, const char *extension, char **out)
{
    fd_error *err = NULL;
    const char *name = job->pictures.name[id];
    fd_string text = {0};
    *out = NULL;
    if (!where)
        return NULL;
    if (job->pictures.one)
        return fd_strdup(out, where);
    FD_TRY(fd_string_add(&text, "%.*s%s", (int)fd_picture_stem(name), name, extension));
    FD_TRY(fd_path_join(out, where, text.text));
done:
    free(text.text);
    return err;
}

fd_error *fd_video_outputs_make_folders(const fd_video_job *job)
{
    fd_error *err = NULL;
    const char *folders[] = {job->table, job->plot, job->masks};
    for (int i = 0; i < 3; i++)
        if (folders[i] && !job->pictures.one)
            FD_TRY(fd_pictures_make_folders(&job->pictures, folders[i]));
done:
    return err;
}

/* --- masks -------------------------------------------------------------------------------------------------------------------------------- */

/* "000012.png", as a mask of an earlier run is called. */
static bool is_mask(const char *name)
{
    const size_t digits = strspn(name, "0123456789");
    return digits >= 6 && strcmp(name + digits, ".png") == 0;
}

/* Removes the masks in a folder; *others: something else is in it. A folder that is not there is empty. */
static fd_error *clear(const char *folder, bool remove_them, bool *others)
{
    fd_error *err = NULL;
    *others = false;
    DIR *names = opendir(folder);
    if (!names)
        return errno == ENOENT ? NULL : fd_file_error(folder, "use the folder", errno);
    for (const struct dirent *d; !err && (d = readdir(names));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (!is_mask(d->d_name))
            *others = true;
        else if (remove_them && unlinkat(dirfd(names), d->d_name, 0))
            err = fd_file_error(folder, "clear", errno);
    }
    closedir(names);
    return err;
}

static fd_error *open_masks(fd_video_outputs *o)
{
    fd_error *err = NULL;
    char *folder = NULL, name[80];
    bool others;
    FD_TRY(place(o->job, o->id, o->job->masks, "", &o->masks));
    for (size_t n = o->masks ? strlen(o->masks) : 0; n > 1 && o->masks[n - 1] == '/'; n--)
        o->masks[n - 1] = 0;
    if (!o->masks)
        return NULL;
    FD_TRY(clear(o->masks, false, &others));
    if (others) {
        char shown[FD_ESCAPED];
        FD_THROW(FD_IO, "the folder %s holds other files than masks: name another", fd_escape(shown, sizeof shown, o->masks));
    }
    FD_TRY(fd_path_folder(&folder, o->masks));
    snprintf(name, sizeof name, ".facesdist-%ld-%lld.masks", (long)getpid(), (long long)o->id);
    FD_TRY(fd_path_join(&o->masks_now, folder, name));
    if (mkdir(o->masks_now, 0777) != 0) {
        err = fd_file_error(o->masks, "make a folder beside", errno);
        free(o->masks_now);
        o->masks_now = NULL;
    }
done:
    free(folder);
    return err;
}

static fd_error *add_mask(const fd_video_outputs *o, int64_t number, const fd_motion_step *step)
{
    fd_error *err = NULL;
    char name[32], *path = NULL;
    const fd_image mask = {.rgb = step->host_mask, .width = step->width, .height = step->height, .channels = 1, .depth = 8};
    snprintf(name, sizeof name, "%06lld.png", (long long)number);
    FD_TRY(fd_path_join(&path, o->masks_now, name));
    FD_TRY(fd_png_write_image(path, &mask, o->job->pictures.compression));
done:
    free(path);
    return err;
}

static fd_error *commit_masks(fd_video_outputs *o)
{
    fd_error *err = NULL;
    bool others;
    FD_TRY(clear(o->masks, true, &others));
    if (rmdir(o->masks) != 0 && errno != ENOENT)
        FD_TRY(fd_file_error(o->masks, "replace the folder", errno));
    if (rename(o->masks_now, o->masks) != 0)
        FD_TRY(fd_file_error(o->masks, "make the folder", errno));
    free(o->masks_now);
    o->masks_now = NULL;
done:
    return err;
}

/* --- the curve ---------------------------------------------------------------------------------------------------------------------------- */

static fd_error *draw(const fd_video_outputs *o)
{
    fd_error *err = NULL;
    fd_string title = {0};
    double most = 0, first = o->points ? o->curve[0].x : 0, last = o->points ? o->curve[o->points - 1].x : 1;
    for (int64_t i = 0; i < o->points; i++)
        most = o->curve[i].y > most ? o->curve[i].y : most;
    fd_svg s = {.width = 900, .height = 420, .left = 72, .top = 64, .wide = 800, .high = 290};
    s.x = (fd_axis){.low = first, .high = last > first ? last : first + 1, .label = "time, s"};
    s.y = fd_axis_to(0, most > 0 ? most : 1, "moving area, % of the frame");
    FD_TRY(fd_string_add(&title, "Motion in %s", o->job->pictures.job.manifest.entry[o->id].key));
    FD_TRY(fd_svg_open(&s, title.text, true));
    FD_TRY(fd_svg_words(&s, s.left, 26, "start", "title", title.text));
    FD_TRY(fd_svg_axes(&s));
    FD_TRY(fd_svg_curve(&s, 0, o->curve, o->points, false));
    FD_TRY(fd_svg_close(&s));
    FD_TRY(fd_file_replace(o->plot, s.text.text, s.text.length));
done:
    free(title.text);
    free(s.text.text);
    return err;
}

/* --- all of them -------------------------------------------------------------------------------------------------------------------------- */

fd_error *fd_video_outputs_open(const fd_video_job *job, int64_t id, fd_video_outputs *o)
{
    fd_error *err = NULL;
    static const char head[] = "frame\tseconds\t" FD_MOTION_FIELDS;
    *o = (fd_video_outputs){.job = job, .id = id};
    FD_TRY(place(job, id, job->table, ".tsv", &o->table));
    FD_TRY(place(job, id, job->plot, ".svg", &o->plot));
    FD_TRY(open_masks(o));
    if (o->table) {
        FD_TRY(fd_file_writer_open(o->table, &o->lines));
        FD_TRY(fd_file_writer_add(o->lines, head, sizeof head - 1));
    }
done:
    return err;
}

fd_error *fd_video_outputs_add(fd_video_outputs *o, const fd_video_frame *frame, const fd_motion_step *step, const fd_moved *moved)
{
    fd_error *err = NULL;
    fd_string line = {0};
    if (o->masks)
        FD_TRY(add_mask(o, frame->number, step));
    if (o->table) {
        FD_TRY(fd_string_add(&line, "%lld\t%.6f\t", (long long)frame->number, frame->seconds));
        FD_TRY(fd_motion_add_fields(&line, moved, &step->regions));
        FD_TRY(fd_file_writer_add(o->lines, line.text, line.length));
    }
    if (o->plot) {
        FD_TRY(fd_grow(&o->curve, &o->capacity, (size_t)o->points + 1, sizeof *o->curve));
        o->curve[o->points++] = (fd_point){frame->seconds, 100.0 * (double)moved->area / (double)moved->pixels};
    }
done:
    free(line.text);
    return err;
}

fd_error *fd_video_outputs_commit(fd_video_outputs *o)
{
    fd_error *err = NULL;
    if (o->plot)
        FD_TRY(draw(o));
    if (o->masks)
        FD_TRY(commit_masks(o));
    if (o->table)
        FD_TRY(fd_file_writer_commit(o->lines));
done:
    return err;
}

/* What was not committed goes; a fault on the way leaves a folder with a name of its own, and the video's error counts. */
void fd_video_outputs_close(fd_video_outputs *o)
{
    bool others;
    if (o->masks_now) {
        fd_error_free(clear(o->masks_now, true, &others));
        rmdir(o->masks_now);
    }
    fd_file_writer_close(o->lines);
    free(o->masks_now);
    free(o->masks);
    free(o->table);
    free(o->plot);
    free(o->curve);
}
