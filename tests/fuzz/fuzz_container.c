/* Hostile containers of video: looked at from outside, in one piece and in every shorter one; whatever they say, nothing beyond their end is read. */
#include <assert.h>
#include <string.h>

#include "data/container.h"

typedef struct memory { const uint8_t *bytes; int64_t n; } memory;

static bool read_memory(void *self, int64_t offset, void *bytes, size_t n)
{
    const memory *m = self;
    assert(offset >= 0 && (int64_t)n <= m->n - offset);
    memcpy(bytes, m->bytes + offset, n);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    for (size_t shorter = n; shorter > 0 && shorter + 64 > n; shorter--) {
        memory m = {bytes, (int64_t)shorter};
        const fd_wholeness is = fd_container_check(&(fd_bytes_source){read_memory, &m, m.n});
        assert(is >= FD_CONTAINER_WHOLE && is <= FD_CONTAINER_SILENT);
        (void)fd_container_is_playlist(bytes, shorter);
    }
    return 0;
}
