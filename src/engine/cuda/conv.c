#include "engine/cuda/conv.h"

#include <stdlib.h>

#include "base/memory.h"
#include "engine/cuda/dnn.h"
#include "engine/cuda/everywhere.h"
#include "kernels/convert.h"

enum { UID_X = 1, UID_W, UID_Y };
enum { MOST_PLANS = 64 };   /* of one heuristic list that are looked at */

struct fd_cuda_conv {
    fd_cuda_engine *engine;
    fd_dnn plan;
    const void *weight;      /* what the plan reads: the caller's, or `half` */
    uint16_t *half;          /* the weights in 16 bits; NULL in f32 and tf32 */
    int64_t inputs;          /* numbers of a batch */
    size_t input_bytes;      /* of the batch in 16 bits, aligned; 0 in f32 and tf32 */
    size_t workspace;
};

void fd_cuda_conv_close(fd_cuda_conv *c)
{
    if (!c)
        return;
    fd_dnn_free(c->plan);
    fd_cuda_give(c->engine, NULL, c->half);
    free(c);
}

size_t fd_cuda_conv_scratch(const fd_cuda_conv *c)
{
    return c->input_bytes + c->workspace;
}

fd_error *fd_cuda_conv_run(const fd_cuda_conv *c, fd_cuda_lane *lane, const float *x, float *y, void *scratch)
{
    fd_error *err = NULL;
    fd_dnn pack = NULL;
    const int64_t uids[3] = {UID_X, UID_W, UID_Y};
    void *workspace = (char *)scratch + c->input_bytes;
    const void *arrays[3] = {x, c->weight, y};
    if (c->half) {
        FD_CUDA(c->engine, fd_to_half(x, scratch, c->inputs, c->engine->arithmetic == FD_ARITHMETIC_BF16, fd_cuda_stream(lane)));
        arrays[0] = scratch;
    }
    const fd_dnn_attribute attributes[] = {{CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 3, uids},
                                           {CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 3, arrays},
                                           {CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace}};
    FD_DNN(c->engine, fd_dnn_make(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, attributes, 3, &pack));
    (void)fd_cuda_stream(lane);
    FD_DNN(c->engine, cudnnBackendExecute(lane->handles->dnn, c->plan, pack));
done:
    fd_dnn_free(pack);
    return err;
}

/* --- which plans may be used -------------------------------------------------------------------------------------------------------------- */

static bool is_allowed(cudnnBackendNumericalNote_t note, fd_arithmetic arithmetic)
{
    switch (note) {
    case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC:
    case CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION:
    case CUDNN_NUMERICAL_NOTE_FFT:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13:
        return false;
    case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:
        return arithmetic != FD_ARITHMETIC_F32;
    case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS:
        return false;   /* in f32 and tf32 a loss nobody asked for; in f16 and bf16 the inputs are narrow already */
    default:
        return true;
    }
}

/* By the notes of the configuration's engine; one that does not tell is not trusted. */
static bool keeps_promises(fd_dnn configuration, fd_arithmetic arithmetic)
{
    cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
    fd_dnn engine = NULL;
    int64_t n = 0;
    bool good = cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine) == CUDNN_STATUS_SUCCESS &&
                cudnnBackendGetAttribute(configuration, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &n, &engine) == CUDNN_STATUS_SUCCESS &&
                cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &n, notes) ==
                    CUDNN_STATUS_SUCCESS;
    for (int64_t i = 0; good && i < n && i < CUDNN_NUMERICAL_NOTE_TYPE_COUNT; i++)
        good = is_allowed(notes[i], arithmetic);
    fd_dnn_free(engine);
    return good;
}

/* --- the graph: one convolution ----------------------------------------------------------------------------------------------------------- */

typedef struct graph {
    fd_dnn x, w, y, shape, operation, whole;
} graph;

static void free_graph(graph *g)
{
    fd_dnn_free(g->whole);
    fd_dnn_free(g->operation);
    fd_dnn_free(g->shape);
    fd_dnn_free(g->y);
    fd_dnn_free(g->w);
    fd_dnn_free(g->x);
}

static void dims_of(const fd_tensor *t, int64_t dim[4])
{
    const bool plane = t->rank > 3;   /* rank 3 is [n][c][w] with one row */
    dim[0] = t->dim[0];
    dim[1] = t->dim[1];
    dim[2] = plane ? t->dim[2] : 1;
    dim[3] = t->dim[t->rank - 1];
}

static cudnnStatus_t make_shape(const fd_op_desc *d, fd_dnn *out)
{
    const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
    const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    const int64_t axes = 2;
    const fd_dnn_attribute attributes[] = {{CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &sums},
                                           {CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode},
                                           {CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &axes},
                                           {CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, d->dilation},
                                           {CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, d->stride},
                                           {CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, d->pad_begin},
                                           {CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, d->pad_end}};
    return fd_dnn_make(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, attributes, 7, out);
}

static fd_error *make_graph(fd_cuda_engine *e, const fd_op_desc *d, graph *g)
{
    static const cudnnDataType_t types[] = {[FD_ARITHMETIC_F32] = CUDNN_DATA_FLOAT, [FD_ARITHMETIC_TF32] = CUDNN_DATA_FLOAT,
                                            [FD_ARITHMETIC_F16] = CUDNN_DATA_HALF,  [FD_ARITHMETIC_BF16] = CUDNN_DATA_BFLOAT16};
    fd_error *err = NULL;
    const cudnnDataType_t type = types[e->arithmetic];
    const float one = 1, none = 0;
    fd_dnn_tensor x = {.uid = UID_X, .type = type}, y = {.uid = UID_Y, .type = CUDNN_DATA_FLOAT};
    const fd_dnn_tensor w = {UID_W, type, {d->output.dim[1], d->input[0].dim[1] / d->groups, d->kernel[0], d->kernel[1]}};
    dims_of(&d->input[0], x.dim);
    dims_of(&d->output, y.dim);
    FD_DNN(e, fd_dnn_make_tensor(&x, &g->x));
    FD_DNN(e, fd_dnn_make_tensor(&w, &g->w));
    FD_DNN(e, fd_dnn_make_tensor(&y, &g->y));
    FD_DNN(e, make_shape(d, &g->shape));
    const fd_dnn_attribute operation[] = {{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->x},
                                          {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->w},
                                          {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->y},
                                          {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->shape},
                                          {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &one},
                                          {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &none}};
    FD_DNN(e, fd_dnn_make(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, operation, 6, &g->operation));
    const fd_dnn_attribute whole[] = {{CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->operation},
                                      {CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &e->library->dnn}};
    FD_DNN(e, fd_dnn_make(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, whole, 2, &g->whole));
done:
    return err;
}

/* --- choosing ------------------------------------------------------------------------------------------------------------------------------ */

/* The convolution under trial and the scratch memory that it has. */
typedef struct trial_of {
    const fd_cuda_conv *conv;
    void *scratch;
} trial_of;

static fd_error *trial(void *self, fd_cuda_lane *lane, const float *x, float *y)
{
    const trial_of *t = self;
    return fd_cuda_conv_run(t->conv, lane, x, y, t->scratch);
}

/* *taken: the configuration makes a plan that is small enough and treats all samples alike; it is c's plan then. A plan that does not run is
 * not taken; only an error that ends the GPU's context stops the search. */
static fd_error *try_plan(fd_cuda_conv *c, fd_cuda_lane *lane, const fd_cuda_batch *batch, fd_dnn configuration, bool *taken)
{
    fd_error *err = NULL;
    trial_of t = {c, NULL};
    int64_t workspace = 0, n = 0;
    const fd_dnn_attribute plan[] = {{CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &c->engine->library->dnn},
                                     {CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &configuration}};
    *taken = false;
    if (fd_dnn_make(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, plan, 2, &c->plan) != CUDNN_STATUS_SUCCESS ||
        cudnnBackendGetAttribute(c->plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &n, &workspace) != CUDNN_STATUS_SUCCESS ||
        workspace > FD_CUDA_WORKSPACE)
        goto done;
    c->workspace = (size_t)workspace;
    FD_TRY(fd_cuda_take(c->engine, fd_cuda_conv_scratch(c), &t.scratch));
    fd_error *unfit = fd_cuda_same_everywhere(lane, batch, trial, &t, taken);
    if (unfit && (atomic_load(&c->engine->lost) || fd_error_code(unfit) == FD_NOMEM))
        err = unfit;
    else
        fd_error_free(unfit);
    *taken = *taken && !unfit;
done:
    fd_cuda_give(c->engine, lane, t.scratch);
    if (!*taken) {
        fd_dnn_free(c->plan);
        c->plan = NULL;
    }
    return err;
}

static void free_all(fd_dnn *list)
{
    for (int i = 0; i < MOST_PLANS; i++)
        fd_dnn_free(list[i]);
}

/* Goes through one list of the library's heuristics. No list is no error: the next mode has one. */
static fd_error *search(fd_cuda_conv *c, fd_cuda_lane *lane, const fd_cuda_batch *batch, const graph *g, cudnnBackendHeurMode_t mode)
{
    fd_error *err = NULL;
    fd_dnn heuristic = NULL, list[MOST_PLANS] = {NULL};
    int64_t n = 0;
    bool taken = false;
    const fd_dnn_attribute question[] = {{CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->whole},
                                         {CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode}};
    if (fd_dnn_make(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, question, 2, &heuristic) != CUDNN_STATUS_SUCCESS)
        return NULL;
    for (int i = 0; i < MOST_PLANS; i++)
        FD_DNN(c->engine, cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &list[i]));
    if (cudnnBackendGetAttribute(heuristic, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, MOST_PLANS, &n, list) != CUDNN_STATUS_SUCCESS)
        n = 0;
    for (int64_t i = 0; i < n && i < MOST_PLANS && !taken; i++)
        if (keeps_promises(list[i], c->engine->arithmetic))
            FD_TRY(try_plan(c, lane, batch, list[i], &taken));
done:
    free_all(list);
    fd_dnn_free(heuristic);
    return err;
}

static fd_error *choose(fd_cuda_conv *c, const fd_op_desc *d)
{
    static const cudnnBackendHeurMode_t modes[] = {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK};
    fd_error *err = NULL;
    fd_cuda_lane *lane = NULL;
    graph g = {NULL, NULL, NULL, NULL, NULL, NULL};
    const int64_t samples = d->input[0].dim[0];
    const fd_cuda_batch batch = {samples, fd_tensor_count(&d->input[0]) / samples, fd_tensor_count(&d->output) / samples};
    FD_TRY(fd_cuda_setup_begin(c->engine, &lane));
    FD_TRY(make_graph(c->engine, d, &g));
    for (int i = 0; i < 2 && !c->plan; i++)
        FD_TRY(search(c, lane, &batch, &g, modes[i]));
    if (!c->plan)
        FD_THROW(FD_UNSUPPORTED, "%s: cuDNN has no plan for this convolution that is deterministic and the same for every place in the batch", d->name);
done:
    free_graph(&g);
    if (lane)
        fd_cuda_setup_end(c->engine);
    return err;
}

/* The weights once in 16 bits. */
static fd_error *narrow(fd_cuda_conv *c, const float *weight, int64_t n)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = NULL;
    FD_TRY(fd_cuda_take(c->engine, (size_t)n * sizeof *c->half, &c->half));
    FD_TRY(fd_cuda_setup_begin(c->engine, &lane));
    FD_CUDA(c->engine, fd_to_half(weight, c->half, n, c->engine->arithmetic == FD_ARITHMETIC_BF16, fd_cuda_stream(lane)));
    FD_TRY(fd_cuda_lane_sync(&lane->base));
    c->weight = c->half;
done:
    if (lane)
        fd_cuda_setup_end(c->engine);
    return err;
}

fd_error *fd_cuda_conv_open(fd_cuda_engine *e, const fd_op_desc *d, const float *weight, fd_cuda_conv **out)
{
    fd_error *err = NULL;
    fd_cuda_conv *c = NULL;
    FD_TRY(fd_alloc(&c, 1, sizeof *c));
    c->engine = e;
    c->weight = weight;
    c->inputs = fd_tensor_count(&d->input[0]);
    if (e->arithmetic == FD_ARITHMETIC_F16 || e->arithmetic == FD_ARITHMETIC_BF16) {
        c->input_bytes = ((size_t)c->inputs * sizeof(uint16_t) + FD_CUDA_POOL_ALIGN - 1) / FD_CUDA_POOL_ALIGN * FD_CUDA_POOL_ALIGN;
        FD_TRY(narrow(c, weight, d->output.dim[1] * (d->input[0].dim[1] / d->groups) * d->kernel[0] * d->kernel[1]));
    }
    FD_TRY(choose(c, d));
    *out = c;
    c = NULL;
done:
    fd_cuda_conv_close(c);
    return err;
}
