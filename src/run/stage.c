#include "run/stage.h"

#include "base/clock.h"

static const struct {
    const char *name, *items;
    int threaded;
} table[FD_STAGES] = {
    [FD_STAGE_NAMES] = {"names", "files", 0},     [FD_STAGE_SCAN] = {"scan", "files", 0},         [FD_STAGE_START] = {"start", "models", 0},
    [FD_STAGE_PARTITION] = {"partition", "images", 0}, [FD_STAGE_COPY] = {"copy", "files", 0},    [FD_STAGE_IMAGES] = {"images", "images", 0},
    [FD_STAGE_READ] = {"read", "images", 1},      [FD_STAGE_DECODE] = {"decode", "images", 1},    [FD_STAGE_DETECT] = {"detect", "images", 1},
    [FD_STAGE_EMBED] = {"embed", "faces", 1},     [FD_STAGE_JOURNAL] = {"journal", "images", 1},  [FD_STAGE_ASSEMBLE] = {"assemble", "images", 0},
    [FD_STAGE_EXCHANGE] = {"exchange", "faces", 0}, [FD_STAGE_WRITE] = {"write", "faces", 0},     [FD_STAGE_DISTANCES] = {"distances", "tiles", 0},
    [FD_STAGE_COMMIT] = {"commit", "files", 0},
};

const char *fd_stage_name(fd_stage s)
{
    return table[s].name;
}

int fd_stage_is_threaded(fd_stage s)
{
    return table[s].threaded;
}

const char *fd_stage_items_name(fd_stage s)
{
    return table[s].items;
}

void fd_stage_add(fd_stage_row *rows, fd_stage s, double *mark, double items, double bytes)
{
    double now = fd_now();
    rows[s].seconds += now - *mark;
    rows[s].items += items;
    rows[s].bytes += bytes;
    *mark = now;
}

void fd_stage_merge(fd_stage_row *into, const fd_stage_row *from)
{
    for (int s = 0; s < FD_STAGES; s++) {
        into[s].items += from[s].items;
        into[s].seconds += from[s].seconds;
        into[s].bytes += from[s].bytes;
    }
}
