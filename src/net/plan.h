/* The order of work: prepared operators in sequence, and where each array lies while they run. */
#ifndef FD_NET_PLAN_H
#define FD_NET_PLAN_H

#include "net/graph.h"

typedef enum fd_where { FD_IN_ARENA, FD_IN_INPUT, FD_IN_OUTPUT, FD_IN_CONSTANT } fd_where;

/* One array. In the arena it lives from step `first` to step `last`, both included. */
typedef struct fd_array {
    fd_where where;
    fd_tensor shape;
    int first, last;
    size_t offset;             /* in the arena, bytes */
    int output;                /* FD_IN_OUTPUT: which */
    const void *host;          /* FD_IN_CONSTANT: its numbers */
    int same;                  /* an array whose place it shares (itself: its own); see fd_plan_root */
} fd_array;

typedef struct fd_step {
    fd_op_desc op;             /* layouts and bytes filled in */
    int input[FD_MAX_INPUTS], output;   /* arrays */
} fd_step;

typedef struct fd_plan {
    fd_heap *heap;
    fd_layout layout;          /* what the engine chose */
    fd_step *step;
    size_t steps, step_capacity;
    fd_array *array;
    size_t arrays, array_capacity;
    size_t arena;              /* bytes */
} fd_plan;

/* Chooses layouts, puts REORDERs where they change, lays out the arena. The graph must outlive the plan. fd_plan_free it. */
fd_error *fd_plan_make(fd_plan *plan, fd_engine *e, fd_graph *g) FD_CHECK;
void fd_plan_free(fd_plan *plan);
/* The array whose place array i has. */
int fd_plan_root(const fd_plan *plan, int i);

/* Places arrays with first..last and shape.bytes so that no two that live at once overlap, and sets `arena`. Large ones first, each
 * at the lowest offset that is free. Arrays outside the arena, or that share another's place, are left alone. */
fd_error *fd_plan_place(fd_plan *plan) FD_CHECK;

#endif
