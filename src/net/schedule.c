/* From graph to steps: layouts are chosen, REORDERs inserted, reshapes and in-place operators made to share memory. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "net/plan.h"

typedef struct maker {
    fd_plan *plan;
    fd_engine *engine;
    const fd_op_table *table;
    const fd_graph *graph;
    int (*version)[2];         /* per value: its array in PLAIN and in the chosen layout; -1: none */
} maker;

static fd_error *new_array(maker *m, const fd_tensor *shape, fd_layout layout, int *out)
{
    fd_error *err = NULL;
    fd_plan *p = m->plan;
    FD_TRY(fd_grow(&p->array, &p->array_capacity, p->arrays + 1, sizeof *p->array));
    *out = (int)p->arrays++;
    p->array[*out] = (fd_array){.shape = *shape, .first = -1, .last = -1, .same = *out};
    p->array[*out].shape.layout = layout;
    m->table->measure(m->engine, &p->array[*out].shape);
done:
    return err;
}

static fd_error *new_step(maker *m, const fd_op_desc *op, const int *inputs, int output)
{
    fd_error *err = NULL;
    fd_plan *p = m->plan;
    FD_TRY(fd_grow(&p->step, &p->step_capacity, p->steps + 1, sizeof *p->step));
    fd_step *s = &p->step[p->steps++];
    *s = (fd_step){.op = *op, .output = output};
    for (int i = 0; i < op->inputs; i++) {
        s->input[i] = inputs[i];
        s->op.input[i] = p->array[inputs[i]].shape;
    }
    s->op.output = p->array[output].shape;
    m->table->measure(m->engine, &s->op.constant_shape);
done:
    return err;
}

/* The array that holds a value in this layout; reordered once, however many read it. */
static fd_error *version(maker *m, int value, fd_layout layout, int *out)
{
    fd_error *err = NULL;
    int *mine = m->version[value], want = layout != FD_PLAIN;
    const fd_value *v = &m->graph->value[value];
    if (mine[want] < 0 && v->data && mine[0] < 0) {
        FD_TRY(new_array(m, &v->shape, FD_PLAIN, &mine[0]));
        m->plan->array[mine[0]].where = FD_IN_CONSTANT;
        m->plan->array[mine[0]].host = v->data;
    }
    if (mine[want] < 0) {
        fd_op_desc reorder = {.kind = FD_OP_REORDER, .name = v->name, .inputs = 1};
        FD_TRY(new_array(m, &v->shape, layout, &mine[want]));
        FD_TRY(new_step(m, &reorder, &mine[!want], mine[want]));
    }
    *out = mine[want];
done:
    return err;
}

/* A reshape of plain numbers is the same array under another shape. */
static fd_error *share(maker *m, const fd_node *n)
{
    fd_error *err = NULL;
    int from, *to = &m->version[n->output][0];
    FD_TRY(version(m, n->input[0], FD_PLAIN, &from));
    FD_TRY(new_array(m, &n->op.output, FD_PLAIN, to));
    m->plan->array[*to].same = from;
done:
    return err;
}

static fd_error *schedule_node(maker *m, const fd_node *n)
{
    fd_error *err = NULL;
    int inputs[FD_MAX_INPUTS];
    fd_layout layout = m->plan->layout;
    if (layout != FD_PLAIN && !m->table->accepts(m->engine, &n->op, layout))
        layout = FD_PLAIN;
    if (n->op.kind == FD_OP_RESHAPE && layout == FD_PLAIN)
        return share(m, n);
    for (int i = 0; i < n->op.inputs; i++) {
        bool plain = i == 0 && m->table->takes_plain(m->engine, &n->op, layout);
        FD_TRY(version(m, n->input[i], plain ? FD_PLAIN : layout, &inputs[i]));
    }
    int *output = &m->version[n->output][layout != FD_PLAIN];
    FD_TRY(new_array(m, &n->op.output, layout, output));
    FD_TRY(new_step(m, &n->op, inputs, *output));
done:
    return err;
}

/* Outputs are written where the caller wants them; what is an input, a constant or another output already is copied there. */
static fd_error *schedule_output(maker *m, int i)
{
    fd_error *err = NULL;
    int from, to;
    FD_TRY(version(m, m->graph->output[i], FD_PLAIN, &from));
    fd_array *root = &m->plan->array[fd_plan_root(m->plan, from)];
    if (root->where != FD_IN_ARENA) {
        fd_op_desc copy = {.kind = FD_OP_RESHAPE, .name = m->graph->output_name[i], .inputs = 1};
        FD_TRY(new_array(m, &m->graph->value[m->graph->output[i]].shape, FD_PLAIN, &to));
        FD_TRY(new_step(m, &copy, &from, to));
        root = &m->plan->array[to];
    }
    root->where = FD_IN_OUTPUT;
    root->output = i;
done:
    return err;
}

static void find_lives(fd_plan *p)
{
    for (size_t s = 0; s < p->steps; s++)
        for (int i = -1; i < p->step[s].op.inputs; i++) {
            fd_array *a = &p->array[fd_plan_root(p, i < 0 ? p->step[s].output : p->step[s].input[i])];
            a->first = a->first < 0 ? (int)s : a->first;
            a->last = (int)s;
        }
}

/* An activation or scale may write over its input when nobody reads that later. */
static void run_in_place(fd_plan *p)
{
    for (size_t s = 0; s < p->steps; s++) {
        const fd_step *step = &p->step[s];
        if (step->op.kind != FD_OP_ACTIVATE && step->op.kind != FD_OP_SCALE)
            continue;
        int from = fd_plan_root(p, step->input[0]), to = fd_plan_root(p, step->output);
        fd_array *a = &p->array[from], *b = &p->array[to];
        if (a->where != FD_IN_ARENA || b->where != FD_IN_ARENA || a->last != (int)s || a->shape.bytes != b->shape.bytes)
            continue;
        a->last = b->last;
        b->same = from;
    }
}

static fd_error *choose_layout(maker *m)
{
    fd_error *err = NULL;
    fd_op_desc *ops = NULL;
    FD_TRY(fd_alloc(&ops, m->graph->nodes, sizeof *ops));
    for (size_t i = 0; i < m->graph->nodes; i++)
        ops[i] = m->graph->node[i].op;
    m->plan->layout = m->table->layout(m->engine, ops, (int)m->graph->nodes);
done:
    free(ops);
    return err;
}

fd_error *fd_plan_make(fd_plan *plan, fd_engine *e, fd_graph *g)
{
    fd_error *err = NULL;
    maker m = {.plan = plan, .engine = e, .table = e->kind->op, .graph = g};
    *plan = (fd_plan){.heap = g->heap};
    FD_TRY(choose_layout(&m));
    FD_TRY(fd_alloc(&m.version, g->values, sizeof *m.version));
    memset(m.version, 0xff, g->values * sizeof *m.version);
    FD_TRY(new_array(&m, &g->value[g->input].shape, FD_PLAIN, &m.version[g->input][0]));
    plan->array[m.version[g->input][0]].where = FD_IN_INPUT;
    for (size_t i = 0; i < g->nodes; i++)
        FD_TRY(schedule_node(&m, &g->node[i]));
    for (int i = 0; i < g->outputs; i++)
        FD_TRY(schedule_output(&m, i));
    find_lives(plan);
    run_in_place(plan);
    FD_TRY(fd_plan_place(plan));
done:
    free(m.version);
    return err;
}

void fd_plan_free(fd_plan *plan)
{
    free(plan->step);
    free(plan->array);
    *plan = (fd_plan){0};
}
