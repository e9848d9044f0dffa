/* Blocks of memory whose ends are watched: behind each lies a fence, which ASan guards and which must be whole when the block is given back, and then a closed
 * page. Their contents begin as 0xff: NaN. */
#ifndef TESTS_TOOLS_FENCED_H
#define TESTS_TOOLS_FENCED_H

#include <cstddef>
#include <map>

typedef std::map<char *, size_t> fd_fenced;   /* address, bytes */

void *fd_fenced_take(fd_fenced &blocks, size_t bytes);        /* 256-aligned */
bool fd_fenced_give(fd_fenced &blocks, void *p);              /* false: it is none of them. A fence that was written to ends the process */
bool fd_fenced_has(const fd_fenced &blocks, const void *p);   /* p lies in one of them */

#endif
