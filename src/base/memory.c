#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static fd_error *no_memory(size_t count, size_t size)
{
    return FD_FAIL(FD_NOMEM, "out of memory: %zu items of %zu bytes were asked for", count, size);
}

fd_error *fd_alloc(void *out, size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    memcpy(out, &p, sizeof p);
    return p ? NULL : no_memory(count, size);
}

/* Large arrays lie in large pages where there are any: a page fault for each 4 KiB costs more than what is computed with them. */
enum { LARGE = 4 << 20, LARGE_PAGE = 2 << 20 };

fd_error *fd_alloc_aligned(void *out, size_t count, size_t size)
{
    void *p = NULL;
    size_t bytes;
    if (!__builtin_mul_overflow(count, size, &bytes) && bytes <= SIZE_MAX - FD_ALIGN) {
        const size_t align = bytes >= LARGE ? LARGE_PAGE : FD_ALIGN;
        bytes = (bytes + FD_ALIGN - 1) / FD_ALIGN * FD_ALIGN;
        if (posix_memalign(&p, align, bytes ? bytes : FD_ALIGN) != 0)   /* aligned_alloc would want whole large pages */
            p = NULL;
        if (p && align == LARGE_PAGE)
            madvise(p, bytes, MADV_HUGEPAGE);   /* advice: where the kernel has none, it may fail */
    }
    memcpy(out, &p, sizeof p);
    return p ? NULL : no_memory(count, size);
}

fd_error *fd_grow(void *array, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return NULL;
    size_t wanted = *capacity > SIZE_MAX / 2 ? need : *capacity * 2, bytes;
    if (wanted < need)
        wanted = need;
    if (wanted < 16)
        wanted = 16;
    void *p;
    memcpy(&p, array, sizeof p);
    p = __builtin_mul_overflow(wanted, size, &bytes) ? NULL : realloc(p, bytes);
    if (!p)
        return no_memory(wanted, size);
    memcpy(array, &p, sizeof p);
    *capacity = wanted;
    return NULL;
}

fd_error *fd_strdup(char **out, const char *text)
{
    *out = strdup(text);
    return *out ? NULL : no_memory(strlen(text) + 1, 1);
}
