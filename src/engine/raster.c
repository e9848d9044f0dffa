#include "engine/raster.h"

int64_t fd_raster_bytes(const fd_raster *r)
{
    static const int64_t size[] = {[FD_SAMPLE_U8] = 1, [FD_SAMPLE_U16] = 2, [FD_SAMPLE_F32] = 4};
    return (int64_t)r->width * r->height * r->channels * size[r->type];
}
