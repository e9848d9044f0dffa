#include <stdlib.h>

#include "face/analyzer.h"

void fd_faces_free(fd_faces *f)
{
    free(f->face);
    *f = (fd_faces){0};
}

/* Squared distance of the box's middle from the picture's. */
static double off_centre(const fd_face *f, int32_t width, int32_t height)
{
    const double x = ((double)f->box[0] + (double)f->box[2] - width) / 2, y = ((double)f->box[1] + (double)f->box[3] - height) / 2;
    return x * x + y * y;
}

/* Comparisons are strict and faces stand largest first: of equal ones the larger is taken, then the earlier. */
void fd_choose(fd_faces *faces, fd_choice choice, int32_t width, int32_t height)
{
    if (choice == FD_FACES_ALL || faces->n < 2)
        return;
    int best = 0;
    for (int i = 1; i < faces->n; i++) {
        const fd_face *f = &faces->face[i], *b = &faces->face[best];
        if ((choice == FD_FACES_BEST && f->score > b->score) ||
            (choice == FD_FACES_CENTER && off_centre(f, width, height) < off_centre(b, width, height)))
            best = i;
    }
    faces->face[0] = faces->face[best];
    faces->n = 1;
}
