/* Writing an ONNX file: nodes and constants are added in order, then the whole is packed. For networks that the project makes itself. */
#ifndef FD_NET_AUTHOR_H
#define FD_NET_AUTHOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct fd_author fd_author;

typedef struct fd_attribute_text {
    const char *name;
    int n;                  /* 0: the number `real`; 1: the integer ints[0]; more: a list of integers */
    int64_t ints[4];
    float real;
} fd_attribute_text;

typedef struct fd_node_text {
    const char *op, *output;
    const char *input[5];   /* up to the first NULL */
    fd_attribute_text attribute[4];   /* up to the first without a name */
} fd_node_text;

enum { FD_AUTHOR_OPSET = 13 };

/* A graph of one name; fd_author_close it. All texts and numbers handed over are copied. */
fd_error *fd_author_open(const char *name, fd_author **out) FD_CHECK;
void fd_author_close(fd_author *a);   /* NULL is allowed */
/* A node of the standard domain; it gets its output's name. */
fd_error *fd_author_node(fd_author *a, const fd_node_text *node) FD_CHECK;
/* A float32 constant of 0 to 4 dimensions. */
fd_error *fd_author_constant(fd_author *a, const char *name, int rank, const int64_t *dim, const float *data) FD_CHECK;
/* The graph's input (or output, when `output`): float32, rank 1 to 4; dim < 0: left open, with a name of its own. */
fd_error *fd_author_value(fd_author *a, int output, const char *name, int rank, const int64_t *dim) FD_CHECK;
/* The file; free(*bytes). */
fd_error *fd_author_pack(const fd_author *a, uint8_t **bytes, size_t *n) FD_CHECK;

#endif
