#include "net/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/scan.h"

/* protobuf-c's memory: each block remembers its size, so that what is freed comes off the heap's account. */
typedef struct header { size_t bytes; char pad[16 - sizeof(size_t)]; } header;

static void *take(void *data, size_t bytes)
{
    fd_heap *heap = data;
    if (bytes > SIZE_MAX - sizeof(header) || !fd_heap_charge(heap, bytes + sizeof(header)))
        return NULL;
    header *h = malloc(sizeof *h + bytes);
    if (!h) {
        heap->used -= bytes + sizeof *h;
        return NULL;
    }
    h->bytes = bytes;
    return h + 1;
}

static void give(void *data, void *p)
{
    if (!p)
        return;
    header *h = (header *)p - 1;
    ((fd_heap *)data)->used -= h->bytes + sizeof *h;
    free(h);
}

static fd_error *find_opset(fd_model *m)
{
    const Onnx__ModelProto *p = m->proto;
    for (size_t i = 0; i < p->n_opset_import; i++) {
        const char *domain = p->opset_import[i]->domain;
        if (!domain || !*domain || strcmp(domain, "ai.onnx") == 0)
            m->opset = p->opset_import[i]->version;
    }
    if (!m->opset)
        return FD_FAIL(FD_FORMAT, "the file names no operator set");
    if (m->opset < FD_OPSET_OLDEST || m->opset > FD_OPSET_NEWEST)
        return FD_FAIL(FD_UNSUPPORTED, "operator set %lld; this program knows %d to %d", (long long)m->opset, FD_OPSET_OLDEST, FD_OPSET_NEWEST);
    return NULL;
}

fd_error *fd_model_open(fd_model *m, fd_heap *heap, const void *bytes, size_t n)
{
    fd_error *err = NULL;
    *m = (fd_model){.heap = heap, .allocator = {.alloc = take, .free = give, .allocator_data = heap}};
    FD_TRY(fd_onnx_scan(bytes, n));
    m->proto = onnx__model_proto__unpack(&m->allocator, n, bytes);
    if (!m->proto)
        FD_THROW(FD_FORMAT, "not an ONNX network, or one that unpacks to more than %zu bytes", heap->limit);
    if (!m->proto->graph || m->proto->graph->n_output == 0)
        FD_THROW(FD_FORMAT, "not an ONNX network: it holds no graph");
    FD_TRY(find_opset(m));
done:
    return err;
}

void fd_model_close(fd_model *m)
{
    if (m->proto)
        onnx__model_proto__free_unpacked(m->proto, &m->allocator);
    m->proto = NULL;
}

char *fd_operator_label(const Onnx__NodeProto *node, char out[FD_LABEL])
{
    char whole[FD_LABEL];
    bool standard = !node->domain || !*node->domain || strcmp(node->domain, "ai.onnx") == 0;
    snprintf(whole, sizeof whole, "%.60s%s%.60s", standard ? "" : node->domain, standard ? "" : ".", node->op_type ? node->op_type : "?");
    return fd_escape(out, FD_LABEL, whole);
}

char *fd_node_label(const Onnx__NodeProto *node, char out[FD_LABEL])
{
    const char *name = node->name && *node->name ? node->name : node->n_output ? node->output[0] : "";
    return fd_escape(out, FD_LABEL, name);
}
