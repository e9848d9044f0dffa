#include "tools/fenced.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

extern "C" void __asan_poison_memory_region(const volatile void *, size_t) __attribute__((weak));
extern "C" void __asan_unpoison_memory_region(const volatile void *, size_t) __attribute__((weak));

static const size_t PAGE = 4096, ALIGN = 256;
static const char FENCE = 0x5a;

static size_t aligned(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

static void build(char *p, size_t bytes)
{
    const size_t rest = aligned(bytes, ALIGN) - bytes;
    memset(p, 0xff, bytes);
    memset(p + bytes, FENCE, rest);
    if (__asan_poison_memory_region)
        __asan_poison_memory_region(p + bytes, rest);
}

static void look(const char *p, size_t bytes)
{
    const size_t rest = aligned(bytes, ALIGN) - bytes;
    if (__asan_unpoison_memory_region)
        __asan_unpoison_memory_region(p + bytes, rest);
    for (size_t k = 0; k < rest; k++)
        if (p[bytes + k] != FENCE) {
            fprintf(stderr, "something wrote behind an array of %zu bytes\n", bytes);
            abort();
        }
}

void *fd_fenced_take(fd_fenced &blocks, size_t bytes)
{
    const size_t size = aligned(bytes, ALIGN), room = aligned(size, PAGE);
    char *m = (char *)mmap(nullptr, room + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(m, room, PROT_READ | PROT_WRITE);
    char *p = m + room - size;
    blocks[p] = bytes;
    build(p, bytes);
    return p;
}

bool fd_fenced_give(fd_fenced &blocks, void *p)
{
    auto b = blocks.find((char *)p);
    if (b == blocks.end())
        return false;
    look(b->first, b->second);
    munmap(b->first - (uintptr_t)b->first % PAGE, aligned(aligned(b->second, ALIGN), PAGE) + PAGE);
    blocks.erase(b);
    return true;
}

bool fd_fenced_has(const fd_fenced &blocks, const void *p)
{
    auto b = blocks.upper_bound((char *)p);
    return b != blocks.begin() && (char *)p < std::prev(b)->first + std::prev(b)->second;
}
