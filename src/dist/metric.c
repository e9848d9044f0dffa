#include <string.h>

#include "base/text.h"
#include "dist/dist.h"

static const fd_metric_row table[] = {
    {"euclidean", FD_EUCLIDEAN, "distance", "length of the difference of two embeddings"},
    {"sqeuclidean", FD_SQEUCLIDEAN, "squared distance", "its square"},
    {"cosine", FD_COSINE, "1 - cosine", "one minus the cosine of the angle between two embeddings"},
    {"inner", FD_INNER, "inner product", "inner product of two embeddings, a similarity: larger is nearer"},
};
enum { METRICS = sizeof table / sizeof *table };

const fd_metric_row *fd_metric_at(int i)
{
    return i >= 0 && i < METRICS ? &table[i] : NULL;
}

fd_error *fd_metric_find(const char *name, fd_metric *out)
{
    const char *names[METRICS];
    char text[FD_ESCAPED];
    for (int i = 0; i < METRICS; i++) {
        names[i] = table[i].name;
        if (strcmp(name, table[i].name) == 0) {
            *out = table[i].metric;
            return NULL;
        }
    }
    int nearest = fd_nearest(name, names, METRICS);
    fd_escape(text, sizeof text, name);
    return nearest < 0 ? FD_FAIL(FD_USAGE, "there is no metric called %s; there are euclidean, sqeuclidean, cosine and inner", text)
                       : FD_FAIL(FD_USAGE, "there is no metric called %s; did you mean %s?", text, names[nearest]);
}
