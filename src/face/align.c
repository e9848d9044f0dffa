#include <math.h>

#include "face/face.h"

/* In the plane, Umeyama's rotation and scale without reflection are one complex number: sum(conj(s) d) / sum(|s|^2) over the centred points. */
bool fd_similarity(const double from[5][2], const double to[5][2], double map[6])
{
    double mean_from[2] = {0, 0}, mean_to[2] = {0, 0}, square = 0, along = 0, across = 0;
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 2; k++) {
            mean_from[k] += from[i][k] / 5;
            mean_to[k] += to[i][k] / 5;
        }
    for (int i = 0; i < 5; i++) {
        const double sx = from[i][0] - mean_from[0], sy = from[i][1] - mean_from[1], dx = to[i][0] - mean_to[0], dy = to[i][1] - mean_to[1];
        square += sx * sx + sy * sy;
        along += sx * dx + sy * dy;
        across += sx * dy - sy * dx;
    }
    const double a = along / square, b = across / square;
    if (!(square > 0) || !isfinite(a) || !isfinite(b) || (a == 0 && b == 0))
        return false;
    const double m[6] = {a, -b, mean_to[0] - a * mean_from[0] + b * mean_from[1], b, a, mean_to[1] - b * mean_from[0] - a * mean_from[1]};
    for (int k = 0; k < 6; k++)
        map[k] = m[k];
    return true;
}
