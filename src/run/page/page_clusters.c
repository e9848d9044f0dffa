/* Clusters: how large they are, and the faces of the largest. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "run/page/page.h"

enum { SHOWN = 8, FACES_OF_EACH = 8, BANDS = 10 };

/* How many clusters have so many faces. */
static fd_error *sizes(fd_page *p)
{
    fd_error *err = NULL;
    static const int64_t from[BANDS + 1] = {1, 2, 3, 5, 10, 20, 50, 100, 1000, 10000, INT64_MAX};
    int64_t clusters[BANDS] = {0}, faces[BANDS] = {0};
    for (int64_t i = 0; i < p->groups; i++)
        for (int b = 0; b < BANDS; b++)
            if (p->size[i] >= from[b] && p->size[i] < from[b + 1]) {
                clusters[b]++;
                faces[b] += p->size[i];
            }
    FD_TRY(fd_string_add(&p->html, "<table class=\"numbers\">\n<tr><th>faces in a cluster</th><th>clusters</th><th>faces</th></tr>\n"));
    for (int b = 0; b < BANDS; b++) {
        char band[64], number[2][32];
        if (clusters[b] == 0)
            continue;
        if (from[b + 1] == from[b] + 1)
            snprintf(band, sizeof band, "%lld", (long long)from[b]);
        else if (b == BANDS - 1)
            snprintf(band, sizeof band, "%lld or more", (long long)from[b]);
        else
            snprintf(band, sizeof band, "%lld to %lld", (long long)from[b], (long long)from[b + 1] - 1);
        snprintf(number[0], sizeof number[0], "%lld", (long long)clusters[b]);
        snprintf(number[1], sizeof number[1], "%lld", (long long)faces[b]);
        FD_TRY(fd_page_row(p, "td", (const char *[]){band, number[0], number[1]}, 3));
    }
    FD_TRY(fd_string_add(&p->html, "</table>\n"));
done:
    return err;
}

/* The first faces of clusters 0.., which are the largest. Results that are no photographs' have numbers of rows alone. */
static fd_error *largest(fd_page *p)
{
    fd_error *err = NULL;
    for (int64_t g = 0; g < p->groups && g < SHOWN && p->size[g] > 1; g++) {
        int shown = 0;
        FD_TRY(fd_string_add(&p->html, "<h3>Cluster %lld: %lld faces</h3>\n<div class=\"row pile\">\n", (long long)g, (long long)p->size[g]));
        for (int64_t i = 0; i < p->faces && shown < FACES_OF_EACH; i++)
            if (p->label[i] == g) {
                FD_TRY(fd_page_face(p, i, NULL, false));
                shown++;
            }
        FD_TRY(fd_string_add(&p->html, "</div>\n"));
    }
done:
    return err;
}

fd_error *fd_page_clusters(fd_page *p)
{
    fd_error *err = NULL;
    char *method = NULL, *radius = NULL;
    FD_TRY(fd_page_section(p, "clusters", "Clusters"));
    if (!p->label || !p->size) {
        FD_TRY(fd_page_say(p, "", "None were asked for (--radius R --clusters chinese-whispers)."));
    } else {
        FD_TRY(fd_result_attribute(p->file, "/clusters/label", "method", &method));
        FD_TRY(fd_result_attribute(p->file, "/clusters/label", "radius", &radius));
        FD_TRY(
            fd_page_say(p, "note", "By %s, of the pairs within %g.", method ? method : "unknown method", radius ? strtod(radius, NULL) : 0.0));
        FD_TRY(sizes(p));
        if (p->image)
            FD_TRY(largest(p));
    }
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    free(method);
    free(radius);
    return err;
}
