/* Work of a fixed shape as CUDA graphs: one launch for all kernels of a network instead of one for each. A sequence runs as it is the first time (the
 * libraries load what they need then), is captured the second time, and is replayed from then on. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/cuda/cuda.h"

static void forget(fd_cuda_lane *lane, fd_cuda_graph *g)
{
    if (g->ready) {
        (void)cudaStreamSynchronize(lane->stream);   /* its last replay may be under way */
        (void)cudaGraphExecDestroy(g->ready);
    }
    *g = (fd_cuda_graph){.seen = 0};
}

void fd_cuda_graphs_close(fd_cuda_lane *lane)
{
    for (int i = 0; i < FD_CUDA_GRAPHS; i++)
        forget(lane, &lane->graph[i]);
}

static bool is_same(const fd_sequence *a, const fd_sequence *b)
{
    return a->places == b->places && memcmp(a->place, b->place, (size_t)a->places * sizeof *a->place) == 0;
}

/* The sequence's entry; a new one takes the place of the oldest. */
static fd_cuda_graph *entry_of(fd_cuda_lane *lane, const fd_sequence *s)
{
    for (int i = 0; i < FD_CUDA_GRAPHS; i++)
        if (lane->graph[i].seen && is_same(&lane->graph[i].of, s))
            return &lane->graph[i];
    fd_cuda_graph *g = &lane->graph[lane->graph_next];
    lane->graph_next = (lane->graph_next + 1) % FD_CUDA_GRAPHS;
    forget(lane, g);
    g->of = *s;
    return g;
}

/* What `queue` queues, as a graph. The stream leaves the capture whatever happens; *error: of CUDA, where it cannot be captured. */
static fd_error *capture(fd_cuda_lane *lane, const fd_sequence *s, cudaGraphExec_t *out, int *error)
{
    fd_error *err = NULL;
    cudaGraph_t graph = NULL;
    *error = (int)cudaStreamBeginCapture(fd_cuda_stream(lane), cudaStreamCaptureModeThreadLocal);
    if (*error)
        return NULL;
    err = s->queue(s->self, &lane->base);
    *error = (int)cudaStreamEndCapture(lane->stream, &graph);
    if (!*error && !err)
        *error = (int)cudaGraphInstantiate(out, graph, 0);
    if (graph)
        (void)cudaGraphDestroy(graph);
    if (*error && !atomic_load(&fd_cuda_of(lane)->lost)) {   /* what cannot be captured can still be queued */
        fd_error_free(err);
        err = NULL;
    }
    return err;
}

static fd_error *make(fd_cuda_lane *lane, fd_cuda_graph *g, const fd_sequence *s)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = fd_cuda_of(lane);
    int error = 0;
    FD_TRY(capture(lane, s, &g->ready, &error));
    if (fd_cuda_is_sticky(error))
        FD_TRY(fd_cuda_error(e, error, "capturing a graph"));
    if (error) {
        (void)cudaGetLastError();
        g->ready = NULL;
        if (!atomic_exchange(&e->graphless, true))
            fd_warn("%s: no CUDA graph could be made (%s): its networks run kernel by kernel, which gives the same bytes and takes longer", e->name,
                    cudaGetErrorString((cudaError_t)error));
    } else if (!atomic_exchange(&e->graphs, true)) {
        fd_say(FD_VERBOSE, "%s: batches of fixed shape run as CUDA graphs", e->name);
    }
done:
    return err;
}

fd_error *fd_cuda_repeat(fd_lane *base, const fd_sequence *s)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    fd_cuda_engine *e = fd_cuda_of(lane);
    const unsigned released = atomic_load(&e->released);
    if (lane->released != released)   /* an operator is gone, and another may have its address */
        fd_cuda_graphs_close(lane);
    lane->released = released;
    fd_cuda_graph *g = entry_of(lane, s);
    if (g->seen < 2)
        g->seen++;
    if (g->seen == 2 && !g->ready && !atomic_load(&e->graphless))
        FD_TRY(make(lane, g, s));
    if (g->ready)
        FD_CUDA(e, cudaGraphLaunch(g->ready, fd_cuda_stream(lane)));
    else
        FD_TRY(s->queue(s->self, base));
done:
    return err;
}
