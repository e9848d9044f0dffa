/* What became of the pictures: the end table, and the ledger as a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "run/pictures/pictures_private.h"

static fd_error *write_ledger(const fd_pictures *p, const char *path)
{
    fd_error *err = NULL;
    fd_string text = {0};
    char key[FD_ESCAPED * 8], out[FD_ESCAPED * 8], *place = NULL;
    FD_TRY(fd_string_add(&text, "%.*s\tstatus\tdetail\toutput\n", (int)strlen(p->work->what) - 1, p->work->what));
    for (int64_t i = 0; i < p->job.manifest.n; i++) {
        const fd_verdict *v = &p->verdict[i];
        FD_TRY(fd_pictures_path(p, i, &place));
        FD_TRY(fd_string_add(&text, "%s\t%s\t%s\t%s\n", fd_escape(key, sizeof key, p->job.manifest.entry[i].key), fd_image_status_name(v->status), v->detail,
                             v->status == FD_IMAGE_OK ? fd_escape(out, sizeof out, place) : ""));
        free(place);
        place = NULL;
    }
    FD_TRY(fd_file_replace(path, text.text, text.length));
done:
    free(place);
    free(text.text);
    return err;
}

static void print_table(const fd_pictures *p, const int64_t *count)
{
    char seconds[24], shown[FD_ESCAPED];
    printf("%-22s %9lld\n", p->work->what, (long long)p->job.manifest.n);
    printf("  %-20s %9lld\n", p->work->done, (long long)count[FD_IMAGE_OK]);
    for (int s = 1; s < FD_IMAGE_STATUSES; s++)
        if (count[s])
            printf("  %-20s %9lld\n", fd_image_status_name((fd_image_status)s), (long long)count[s]);
    printf("\n%s in %s\n", fd_escape(shown, sizeof shown, p->output), fd_seconds_text(seconds, fd_now() - p->job.start));
}

fd_error *fd_pictures_report(const fd_pictures *p, int64_t *failed)
{
    fd_error *err = NULL;
    int64_t count[FD_IMAGE_STATUSES] = {0}, told = 0;
    const int64_t most = fd_log_level() >= FD_VERBOSE ? INT64_MAX : 10;
    const char *ledger = fd_opt_text(p->job.options, "ledger");
    char key[FD_ESCAPED];
    for (int64_t i = 0; i < p->job.manifest.n; i++) {
        const fd_verdict *v = &p->verdict[i];
        count[v->status]++;
        if (v->status != FD_IMAGE_OK && told++ < most)
            fd_say(FD_NORMAL, "%s: %s%s%s", fd_escape(key, sizeof key, p->job.manifest.entry[i].key), fd_image_status_name(v->status), v->detail[0] ? ": " : "",
                   v->detail);
    }
    if (told > most)
        fd_say(FD_NORMAL, "and %lld more (-v names all of them, --ledger writes them to a file)", (long long)(told - most));
    *failed = told;
    if (ledger)
        FD_TRY(write_ledger(p, ledger));
    if (fd_log_level() > FD_QUIET)
        print_table(p, count);
    if (fflush(stdout) != 0 || ferror(stdout))
        FD_THROW(FD_IO, "cannot write to stdout");
done:
    return err;
}
