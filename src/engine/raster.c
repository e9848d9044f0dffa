#include "engine/raster.h"

#include <math.h>

int64_t fd_raster_bytes(const fd_raster *r)
{
    static const int64_t size[] = {[FD_SAMPLE_U8] = 1, [FD_SAMPLE_U16] = 2, [FD_SAMPLE_F32] = 4};
    return (int64_t)r->width * r->height * r->channels * size[r->type];
}

float fd_raster_get(const fd_raster *r, int64_t i)
{
    return r->type == FD_SAMPLE_U8    ? ((const uint8_t *)r->data)[i]
           : r->type == FD_SAMPLE_U16 ? ((const uint16_t *)r->data)[i]
                                      : ((const float *)r->data)[i];
}

void fd_raster_put(const fd_raster *r, int64_t i, float value)
{
    const float most = r->type == FD_SAMPLE_U8 ? 255 : 65535;
    const float kept = value > 0 ? (value < most ? value : most) : 0;   /* NaN: 0 */
    if (r->type == FD_SAMPLE_F32)
        ((float *)r->data)[i] = value;
    else if (r->type == FD_SAMPLE_U8)
        ((uint8_t *)r->data)[i] = (uint8_t)rintf(kept);
    else
        ((uint16_t *)r->data)[i] = (uint16_t)rintf(kept);
}
