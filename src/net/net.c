#include "net/net.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "net/model.h"
#include "net/plan.h"
#include "net/pnet.h"

static const size_t default_memory = (size_t)1 << 30, default_arena = (size_t)16 << 30;

/* Where an operand lies when a lane runs: an offset into its arena, a number of an argument, or a constant of the engine. */
typedef struct place { fd_where where; size_t offset; int output; void *constant; } place;

typedef struct stage {
    fd_op *op;
    int inputs;
    place input[FD_MAX_INPUTS], output;
} stage;

struct fd_net {
    fd_engine *engine;
    char *name, *input_name;
    fd_tensor input;
    int outputs;
    char *output_name[FD_MAX_OUTPUTS];
    fd_tensor output[FD_MAX_OUTPUTS];
    stage *stage;
    int stages;
    fd_net_layer *layer;       /* of stage i; its texts: layer[i].name is ours, .kind static */
    int layers;
    void **constant;           /* engine memory */
    size_t constants;
    size_t arena, scratch;     /* bytes; scratch follows the arena */
    size_t weight_bytes;
    double flop;
    fd_op *pnet;               /* taken whole by the engine's fused P-Net */
};

void fd_net_close(fd_net *net)
{
    if (!net)
        return;
    const fd_op_table *table = net->engine->kind->op;
    for (int i = 0; i < net->stages; i++)
        if (net->stage[i].op)
            table->release(net->stage[i].op);
    if (net->pnet)
        table->release(net->pnet);
    for (size_t i = 0; i < net->constants; i++)
        net->engine->kind->release(net->engine, net->constant[i]);
    for (int i = 0; i < net->layers; i++)
        free((char *)net->layer[i].name);
    for (int i = 0; i < net->outputs; i++)
        free(net->output_name[i]);
    free(net->constant);
    free(net->stage);
    free(net->layer);
    free(net->input_name);
    free(net->name);
    free(net);
}

static fd_error *add_layer(fd_net *net, const fd_op_desc *op)
{
    fd_error *err = NULL;
    char *name = NULL;
    FD_TRY(fd_strdup(&name, op->name));
    net->layer[net->layers++] = (fd_net_layer){.name = name, .kind = fd_op_kind_name(op->kind), .output = op->output, .flop = fd_op_flop(op),
                                               .weight_bytes = fd_op_weight_bytes(op)};
    net->flop += fd_op_flop(op);
    net->weight_bytes += fd_op_weight_bytes(op);
done:
    return err;
}

static fd_error *upload(fd_net *net, const fd_array *a, void **out)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = net->engine->kind;
    fd_lane *lane = NULL;
    int64_t count;
    FD_TRY(kind->alloc(net->engine, a->shape.bytes, out));
    net->constant[net->constants++] = *out;
    FD_TRY(fd_lane_open(net->engine, &lane));
    fd_shape_count(&a->shape, &count);
    FD_TRY(kind->upload(lane, *out, a->host, (size_t)count * sizeof(float)));
    FD_TRY(kind->lane_sync(lane));
    net->weight_bytes += a->shape.bytes;
done:
    fd_lane_close(lane);
    return err;
}

static place place_of(const fd_plan *plan, void *const *constant, int array)
{
    int root = fd_plan_root(plan, array);
    const fd_array *a = &plan->array[root];
    return (place){.where = a->where, .offset = a->offset, .output = a->output, .constant = constant[root]};
}

static fd_error *upload_all(fd_net *net, const fd_plan *plan, void **constant)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&net->constant, plan->arrays, sizeof *net->constant));
    for (size_t i = 0; i < plan->arrays; i++)
        if (plan->array[i].where == FD_IN_CONSTANT)
            FD_TRY(upload(net, &plan->array[i], &constant[i]));
done:
    return err;
}

/* Every step of the plan becomes a prepared operator with the places of its operands. */
static fd_error *prepare(fd_net *net, const fd_plan *plan)
{
    fd_error *err = NULL;
    void **constant = NULL;
    const fd_op_table *table = net->engine->kind->op;
    FD_TRY(fd_alloc(&constant, plan->arrays, sizeof *constant));
    FD_TRY(upload_all(net, plan, constant));
    FD_TRY(fd_alloc(&net->stage, plan->steps, sizeof *net->stage));
    FD_TRY(fd_alloc(&net->layer, plan->steps, sizeof *net->layer));
    for (size_t i = 0; i < plan->steps; i++) {
        const fd_step *step = &plan->step[i];
        stage *s = &net->stage[net->stages++];
        FD_TRY(table->prepare(net->engine, &step->op, &s->op));
        FD_TRY(add_layer(net, &step->op));
        s->inputs = step->op.inputs;
        for (int k = 0; k < s->inputs; k++)
            s->input[k] = place_of(plan, constant, step->input[k]);
        s->output = place_of(plan, constant, step->output);
        size_t scratch = table->scratch(s->op);
        net->scratch = scratch > net->scratch ? scratch : net->scratch;
    }
    net->arena = plan->arena;
done:
    free(constant);
    return err;
}

static fd_error *describe(fd_net *net, const fd_graph *g)
{
    fd_error *err = NULL;
    const fd_op_table *table = net->engine->kind->op;
    FD_TRY(fd_strdup(&net->input_name, g->input_name));
    net->input = g->value[g->input].shape;
    table->measure(net->engine, &net->input);
    for (int i = 0; i < g->outputs; i++) {
        net->output[i] = g->value[g->output[i]].shape;
        table->measure(net->engine, &net->output[i]);
        FD_TRY(fd_strdup(&net->output_name[net->outputs++], g->output_name[i]));
    }
done:
    return err;
}

/* Takes the network whole when it is a P-Net and the engine has it fused; else *found is false and nothing has changed. */
static fd_error *try_pnet(fd_net *net, fd_model *m, bool *found)
{
    fd_error *err = NULL;
    fd_graph g = {0};
    fd_pnet_match match;
    const fd_op_table *table = net->engine->kind->op;
    fd_error *unfit = fd_graph_build(&g, m, &(fd_build){.batch = 1, .channels = 3, .height = FD_PNET_PROBE, .width = FD_PNET_PROBE});
    *found = !unfit && g.value[g.input].shape.rank == 4 && g.value[g.input].shape.dim[2] == FD_PNET_PROBE &&
             g.value[g.input].shape.dim[3] == FD_PNET_PROBE;
    fd_error_free(unfit);   /* not at the probe's size: then it is no P-Net, and loading it says what is wrong with it, if anything */
    if (*found) {
        FD_TRY(fd_graph_fuse(&g));
        FD_TRY(fd_pnet_find(&g, &match, found));
    }
    *found = *found && strcmp(g.output_name[match.box], "box") == 0 && strcmp(g.output_name[match.prob], "prob") == 0;
    if (!*found)
        goto done;
    FD_TRY(table->pnet_prepare(net->engine, &match.desc, &net->pnet));
    FD_TRY(describe(net, &g));
    FD_TRY(fd_alloc(&net->layer, g.nodes, sizeof *net->layer));
    for (size_t i = 0; i < g.nodes; i++)
        FD_TRY(add_layer(net, &g.node[i].op));
done:
    fd_graph_free(&g);
    return err;
}

/* Shapes that do not fit in a file that is made for another batch are no damage. Takes e over. */
static fd_error *other_batch(fd_error *e, const fd_graph *g)
{
    fd_error *err = FD_FAIL(FD_UNSUPPORTED, "the file fixes its batch to %lld and does not run with %lld: %s", (long long)g->file_batch,
                            (long long)g->batch, fd_error_message(e));
    fd_error_free(e);
    return err;
}

/* A file may share one weight among all its layers; an engine copies it for each. */
static fd_error *check_weights(const fd_plan *plan, size_t limit)
{
    size_t sum = 0;
    for (size_t i = 0; i < plan->steps; i++) {
        size_t bytes = fd_op_weight_bytes(&plan->step[i].op);
        if (bytes > limit - sum)
            return FD_FAIL(FD_NOMEM, "its weights take more than the %zu bytes that are allowed", limit);
        sum += bytes;
    }
    return NULL;
}

static fd_error *load(fd_net *net, fd_model *m, const fd_net_config *config)
{
    fd_error *err = NULL;
    fd_graph g = {0};
    fd_plan plan = {0};
    fd_build how = {config->batch, config->channels, config->height, config->width, config->shape};
    size_t limit = config->memory ? config->memory : default_arena;
    FD_TRY(fd_graph_build(&g, m, &how));
    FD_TRY(fd_graph_fuse(&g));
    FD_TRY(describe(net, &g));
    FD_TRY(fd_plan_make(&plan, net->engine, &g));
    if (plan.arena > limit)
        FD_THROW(FD_NOMEM, "its activations take %zu bytes, more than the %zu that are allowed; a smaller batch may fit", plan.arena, limit);
    FD_TRY(check_weights(&plan, m->heap->limit));
    FD_TRY(prepare(net, &plan));
done:
    if (fd_error_code(err) == FD_FORMAT && g.batch != g.file_batch)
        err = other_batch(err, &g);
    fd_plan_free(&plan);
    fd_graph_free(&g);
    return err;
}

fd_error *fd_net_open(fd_engine *e, const void *bytes, size_t n, const fd_net_config *config, fd_net **out)
{
    fd_error *err = NULL;
    fd_heap heap = {.limit = config->memory ? config->memory : default_memory + 64 * n};
    fd_model model = {0};
    fd_net *net = NULL;
    bool whole = false;
    char shown[FD_ESCAPED];
    *out = NULL;
    FD_TRY(fd_alloc(&net, 1, sizeof *net));
    net->engine = e;
    FD_TRY(fd_strdup(&net->name, config->name));
    FD_TRY(fd_model_open(&model, &heap, bytes, n));
    if (config->any_size && e->kind->op->pnet_prepare)
        FD_TRY(try_pnet(net, &model, &whole));
    if (!whole)
        FD_TRY(load(net, &model, config));
    *out = net;
    net = NULL;
done:
    fd_net_close(net);
    fd_model_close(&model);
    fd_heap_free(&heap);
    return err ? fd_error_prefix(err, "%s", fd_escape(shown, sizeof shown, config->name)) : NULL;
}

static void *locate(const place *p, char *arena, const float *input, float *const *output)
{
    switch (p->where) {
    case FD_IN_ARENA:
        return arena + p->offset;
    case FD_IN_INPUT:
        return (void *)input;
    case FD_IN_OUTPUT:
        return output[p->output];
    default:
        return p->constant;
    }
}

typedef struct run_of { const fd_net *net; const float *input; float *const *output; char *arena; } run_of;

static fd_error *run_stages(void *self, fd_lane *lane)
{
    fd_error *err = NULL;
    const run_of *r = self;
    const fd_net *net = r->net;
    for (int i = 0; i < net->stages; i++) {
        const stage *s = &net->stage[i];
        const void *inputs[FD_MAX_INPUTS];
        for (int k = 0; k < s->inputs; k++)
            inputs[k] = locate(&s->input[k], r->arena, r->input, r->output);
        FD_TRY(net->engine->kind->op->run(s->op, lane, inputs, locate(&s->output, r->arena, r->input, r->output), r->arena + net->arena));
    }
done:
    return err;
}

_Static_assert((int)FD_SEQUENCE_PLACES >= 3 + (int)FD_MAX_OUTPUTS, "a network's outputs are places of its sequence");

fd_error *fd_net_run(const fd_net *net, fd_lane *lane, const float *input, float *const *output)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = net->engine->kind;
    void *arena;
    if (net->pnet)
        return FD_FAIL(FD_UNSUPPORTED, "%s was opened for images of any size; it runs on one image at a time", net->name);
    FD_TRY(kind->lane_scratch(lane, net->arena + net->scratch, &arena));
    run_of r = {net, input, output, arena};
    fd_sequence s = {.queue = run_stages, .self = &r, .place = {net, input, arena}, .places = 3};
    for (int i = 0; i < net->outputs; i++)
        s.place[s.places++] = output[i];
    FD_TRY(kind->lane_repeat ? kind->lane_repeat(lane, &s) : run_stages(&r, lane));
done:
    return err;
}

bool fd_net_any_size(const fd_net *net)
{
    return net->pnet != NULL;
}

fd_error *fd_net_run_at(const fd_net *net, fd_lane *lane, const float *image, int64_t height, int64_t width, float *box, float *prob)
{
    if (!net->pnet)
        return FD_FAIL(FD_UNSUPPORTED, "%s runs on one image size only", net->name);
    return net->engine->kind->op->pnet_run(net->pnet, lane, image, height, width, box, prob);
}

const fd_tensor *fd_net_input(const fd_net *net)
{
    return &net->input;
}

int fd_net_outputs(const fd_net *net)
{
    return net->outputs;
}

const fd_tensor *fd_net_output(const fd_net *net, int i)
{
    return &net->output[i];
}

const char *fd_net_input_name(const fd_net *net)
{
    return net->input_name;
}

const char *fd_net_output_name(const fd_net *net, int i)
{
    return net->output_name[i];
}

int fd_net_find_output(const fd_net *net, const char *name)
{
    for (int i = 0; i < net->outputs; i++)
        if (strcmp(net->output_name[i], name) == 0)
            return i;
    return -1;
}

int fd_net_layers(const fd_net *net)
{
    return net->layers;
}

fd_net_layer fd_net_layer_at(const fd_net *net, int i)
{
    return net->layer[i];
}

size_t fd_net_arena_bytes(const fd_net *net)
{
    return net->arena + net->scratch;
}

size_t fd_net_weight_bytes(const fd_net *net)
{
    return net->weight_bytes;
}

double fd_net_flop(const fd_net *net)
{
    return net->flop;
}
