/* What became of the photographs: the tiles at the top, the ledger, the bad files, the duplicates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/ledger.h"
#include "run/page/page.h"

enum { SHOWN = 20, LISTED_FILES = 500, LISTED_GROUPS = 200, LISTED_OF_GROUP = 20 };   /* SHOWN rows are open, the rest folds out */

/* 12345678 as "12 345 678", with spaces that do not break. */
static char *grouped(char out[48], int64_t n)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)n), at = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            at += snprintf(out + at, (size_t)(48 - at), "\u202f");
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

static fd_error *tile(fd_page *p, const char *what, int64_t n)
{
    char number[48];
    return fd_string_add(&p->html, "<div class=\"tile\"><b>%s</b><span>%s</span></div>\n", grouped(number, n), what);
}

static int64_t with_status(const fd_page *p, int status)
{
    int64_t n = 0;
    for (int64_t i = 0; i < p->images; i++)
        n += p->status[i] == status;
    return n;
}

static bool is_bad(const fd_page *p, int64_t i)
{
    return p->status[i] != FD_IMAGE_OK && p->status[i] != FD_IMAGE_NO_FACE;
}

static int64_t duplicates(const fd_page *p)
{
    int64_t n = 0;
    for (int64_t i = 0; p->duplicate_of && i < p->images; i++)
        n += p->duplicate_of[i] >= 0;
    return n;
}

fd_error *fd_page_summary(fd_page *p)
{
    fd_error *err = NULL;
    int64_t bad = 0;
    for (int64_t i = 0; p->status && i < p->images; i++)
        bad += is_bad(p, i);
    FD_TRY(fd_string_add(&p->html, "<div class=\"tiles\">\n"));
    if (p->key)
        FD_TRY(tile(p, "photographs", p->images));
    FD_TRY(tile(p, p->key ? "faces" : "rows", p->faces));
    if (p->status) {
        FD_TRY(tile(p, "without a face", with_status(p, FD_IMAGE_NO_FACE)));
        FD_TRY(tile(p, "bad files", bad));
    }
    if (p->duplicate_of)
        FD_TRY(tile(p, "duplicates", duplicates(p)));
    if (p->size)
        FD_TRY(tile(p, "clusters", p->groups));
    FD_TRY(fd_string_add(&p->html, "</div>\n"));
done:
    return err;
}

/* --- ledger -------------------------------------------------------------------------------------------------------------------------- */

static fd_error *ledger_row(fd_page *p, const char *what, int64_t n)
{
    char number[48];
    const double percent = p->images ? 100.0 * (double)n / (double)p->images : 0;
    return fd_string_add(&p->html,
                         "<tr><td>%s</td><td>%s</td><td>%.1f %%</td><td><svg class=\"bar\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\">"
                         "<rect width=\"%.3f\" height=\"1\"/></svg></td></tr>\n",
                         what, grouped(number, n), percent, percent);
}

fd_error *fd_page_ledger(fd_page *p)
{
    fd_error *err = NULL;
    int64_t invalid = 0, remarks = 0;
    if (!p->status || !p->key)
        return NULL;
    FD_TRY(fd_page_section(p, "ledger", "Ledger"));
    FD_TRY(fd_string_add(
        &p->html, "<div class=\"scroll\"><table class=\"numbers\">\n<tr><th>photographs</th><th>number</th><th>share</th><th></th></tr>\n"));
    for (int s = 0; s < FD_IMAGE_STATUSES; s++)
        if (s <= FD_IMAGE_NO_FACE || with_status(p, s) > 0)
            FD_TRY(ledger_row(p, fd_image_status_name((fd_image_status)s), with_status(p, s)));
    FD_TRY(fd_string_add(&p->html, "</table></div>\n"));
    for (int64_t i = 0; p->valid && i < p->faces; i++)
        invalid += !p->valid[i];
    for (int64_t i = 0; p->flags && i < p->images; i++)
        remarks += p->flags[i] != 0;
    if (invalid)
        FD_TRY(fd_page_say(p, "note", "%lld of %lld faces have no valid embedding and are absent from all distances.", (long long)invalid,
                           (long long)p->faces));
    if (remarks)
        FD_TRY(fd_page_say(p, "note",
                           "%lld photographs were taken with a remark of the decoder or in part; /images/flags and /images/detail say which.",
                           (long long)remarks));
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    return err;
}

/* --- bad files ----------------------------------------------------------------------------------------------------------------------- */

static fd_error *bad_row(fd_page *p, int64_t i)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&p->html, "<tr><td>"));
    FD_TRY(fd_page_name(p, p->key[i]));
    FD_TRY(fd_string_add(&p->html, "</td><td>%s</td><td>", fd_image_status_name((fd_image_status)p->status[i])));
    FD_TRY(fd_page_text(p, p->detail ? p->detail[i] : ""));
    FD_TRY(fd_string_add(&p->html, "</td></tr>\n"));
done:
    return err;
}

/* Row i of n of a long table: begins the table, and folds away what comes after the first. */
static fd_error *begin_row(fd_page *p, int64_t i, int64_t n, const char *heading)
{
    fd_error *err = NULL;
    if (i == SHOWN)
        FD_TRY(fd_string_add(&p->html, "</table>\n<details><summary>the other %lld</summary>\n", (long long)(n - SHOWN)));
    if (i == 0 || i == SHOWN)
        FD_TRY(fd_string_add(&p->html, "<table class=\"wide\">\n<tr>%s</tr>\n", heading));
done:
    return err;
}

/* Ends it after n rows, of which `most` are listed; the rest is in `where`. */
static fd_error *end_rows(fd_page *p, int64_t n, int64_t most, const char *where)
{
    fd_error *err = NULL;
    if (n > 0)
        FD_TRY(fd_string_add(&p->html, "</table>\n"));
    if (n > most)
        FD_TRY(fd_page_say(p, "note", "%lld more are in %s.", (long long)(n - most), where));
    if (n > SHOWN)
        FD_TRY(fd_string_add(&p->html, "</details>\n"));
done:
    return err;
}

fd_error *fd_page_bad_files(fd_page *p)
{
    fd_error *err = NULL;
    int64_t n = 0, at = 0;
    if (!p->status || !p->key)
        return NULL;
    FD_TRY(fd_page_section(p, "bad", "Bad files"));
    for (int64_t i = 0; i < p->images; i++)
        n += is_bad(p, i);
    if (n == 0)
        FD_TRY(fd_page_say(p, "", "Every photograph could be read."));
    for (int64_t i = 0; i < p->images && at < LISTED_FILES; i++) {
        if (!is_bad(p, i))
            continue;
        FD_TRY(begin_row(p, at++, n, "<th>file</th><th>status</th><th>reason</th>"));
        FD_TRY(bad_row(p, i));
    }
    FD_TRY(end_rows(p, n, LISTED_FILES, "/images/status and /images/detail"));
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    return err;
}

/* --- duplicates ---------------------------------------------------------------------------------------------------------------------- */

static int by_first(const void *a, const void *b, void *duplicate_of)
{
    int64_t i = *(const int64_t *)a, j = *(const int64_t *)b, x = ((const int64_t *)duplicate_of)[i], y = ((const int64_t *)duplicate_of)[j];
    return x != y ? (x > y) - (x < y) : (i > j) - (i < j);
}

/* Duplicates order[0..n-1] are of one file. */
static fd_error *group_row(fd_page *p, const int64_t *order, int64_t n)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&p->html, "<tr><td>"));
    FD_TRY(fd_page_name(p, p->key[p->duplicate_of[order[0]]]));
    FD_TRY(fd_string_add(&p->html, "</td><td>"));
    for (int64_t i = 0; i < n && i < LISTED_OF_GROUP; i++) {
        FD_TRY(fd_string_add(&p->html, "%s", i ? "<br>" : ""));
        FD_TRY(fd_page_name(p, p->key[order[i]]));
    }
    if (n > LISTED_OF_GROUP)
        FD_TRY(fd_string_add(&p->html, "<br>and %lld more", (long long)(n - LISTED_OF_GROUP)));
    FD_TRY(fd_string_add(&p->html, "</td></tr>\n"));
done:
    return err;
}

/* Where the group that begins at order[i] ends. */
static int64_t end_of_group(const fd_page *p, const int64_t *order, int64_t n, int64_t i)
{
    int64_t end = i + 1;
    while (end < n && p->duplicate_of[order[end]] == p->duplicate_of[order[i]])
        end++;
    return end;
}

static fd_error *groups(fd_page *p, const int64_t *order, int64_t n)
{
    fd_error *err = NULL;
    int64_t count = 0, at = 0;
    for (int64_t i = 0; i < n; i = end_of_group(p, order, n, i))
        count++;
    for (int64_t i = 0, end; i < n && at < LISTED_GROUPS; i = end) {
        end = end_of_group(p, order, n, i);
        FD_TRY(begin_row(p, at++, count, "<th>first</th><th>the same bytes</th>"));
        FD_TRY(group_row(p, order + i, end - i));
    }
    FD_TRY(end_rows(p, count, LISTED_GROUPS, "/images/duplicate_of"));
done:
    return err;
}

fd_error *fd_page_duplicates(fd_page *p)
{
    fd_error *err = NULL;
    int64_t *order = NULL, n = 0;
    if (!p->duplicate_of || !p->key)
        return NULL;
    FD_TRY(fd_page_section(p, "duplicates", "Duplicates"));
    FD_TRY(fd_alloc(&order, (size_t)p->images, sizeof *order));
    for (int64_t i = 0; i < p->images; i++)
        if (p->duplicate_of[i] >= 0)
            order[n++] = i;
    qsort_r(order, (size_t)n, sizeof *order, by_first, p->duplicate_of);
    FD_TRY(n > 0 ? groups(p, order, n) : fd_page_say(p, "", "No two photographs have the same bytes."));
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    free(order);
    return err;
}
