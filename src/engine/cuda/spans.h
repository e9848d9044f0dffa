/* The time that intervals cover together, however they overlap: how long a device was busy that works on several lanes at once. Inline: the
 * plugin and its test have no library in common that could hold it. */
#ifndef FD_ENGINE_CUDA_SPANS_H
#define FD_ENGINE_CUDA_SPANS_H

#include <string.h>

enum { FD_SPANS = 128 };   /* apart from each other that are kept: an interval may come so many late and still be counted rightly */

/* Zero-initialise. Times in seconds since any moment, never negative. */
typedef struct fd_spans {
    double settled, until;   /* covered by what is no longer kept; nothing before `until` is counted any more */
    int n;
    struct {
        double begin, end;
    } span[FD_SPANS];   /* [n] apart from each other, in order */
} fd_spans;

static inline void fd_spans_settle_first(fd_spans *s)
{
    s->settled += s->span[0].end - s->span[0].begin;
    s->until = s->span[0].end;
    s->n--;
    memmove(s->span, s->span + 1, (size_t)s->n * sizeof *s->span);
}

/* An empty or negative one adds nothing. */
static inline void fd_spans_add(fd_spans *s, double begin, double end)
{
    if (s->n == FD_SPANS)
        fd_spans_settle_first(s);
    begin = begin < s->until ? s->until : begin;
    if (!(begin < end))
        return;
    int first = s->n, behind;   /* spans first .. behind - 1 touch the new one; the last ones are the likely ones */
    while (first > 0 && s->span[first - 1].end >= begin)
        first--;
    for (behind = first; behind < s->n && s->span[behind].begin <= end; behind++)
        ;
    if (behind > first) {
        begin = s->span[first].begin < begin ? s->span[first].begin : begin;
        end = s->span[behind - 1].end > end ? s->span[behind - 1].end : end;
    }
    memmove(s->span + first + 1, s->span + behind, (size_t)(s->n - behind) * sizeof *s->span);
    s->span[first].begin = begin;
    s->span[first].end = end;
    s->n += 1 - (behind - first);
}

static inline double fd_spans_total(const fd_spans *s)
{
    double total = s->settled;
    for (int i = 0; i < s->n; i++)
        total += s->span[i].end - s->span[i].begin;
    return total;
}

#endif
