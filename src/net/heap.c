#include "net/heap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

int fd_heap_charge(fd_heap *heap, size_t bytes)
{
    if (bytes > heap->limit - heap->used)
        return 0;
    heap->used += bytes;
    return 1;
}

fd_error *fd_heap_alloc(fd_heap *heap, void *out, size_t count, size_t size)
{
    fd_error *err = NULL;
    void *block = NULL;
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || !fd_heap_charge(heap, bytes))
        return FD_FAIL(FD_NOMEM, "the network needs more than the %zu bytes that loading it may take", heap->limit);
    FD_TRY(fd_grow(&heap->blocks, &heap->capacity, heap->n + 1, sizeof *heap->blocks));
    FD_TRY(fd_alloc_aligned(&block, bytes ? bytes : 1, 1));
    memset(block, 0, bytes);
    heap->blocks[heap->n++] = block;
    memcpy(out, &block, sizeof block);
done:
    return err;
}

fd_error *fd_heap_text(fd_heap *heap, const char **out, const char *format, ...)
{
    char buffer[1024], *copy = NULL;
    va_list args;
    va_start(args, format);
    vsnprintf(buffer, sizeof buffer, format, args);
    va_end(args);
    fd_error *err = fd_heap_alloc(heap, &copy, strlen(buffer) + 1, 1);
    if (!err)
        *out = strcpy(copy, buffer);
    return err;
}

void fd_heap_free(fd_heap *heap)
{
    for (size_t i = 0; i < heap->n; i++)
        free(heap->blocks[i]);
    free(heap->blocks);
    *heap = (fd_heap){.limit = heap->limit};
}
