/* What a file holds that this program cannot run, told without loading it. */
#include <stdlib.h>

#include "base/text.h"
#include "net/lower.h"
#include "net/net.h"

fd_error *fd_net_unsupported(const void *bytes, size_t n, char **list)
{
    fd_error *err = NULL;
    fd_heap heap = {.limit = ((size_t)1 << 30) + 16 * n};
    fd_model model = {0};
    fd_string text = {0};
    *list = NULL;
    FD_TRY(fd_model_open(&model, &heap, bytes, n));
    FD_TRY(fd_string_add(&text, "%s", ""));
    for (size_t i = 0; i < model.proto->graph->n_node; i++) {
        const Onnx__NodeProto *node = model.proto->graph->node[i];
        char name[FD_LABEL], kind[FD_LABEL];
        if (!fd_operator_find(node))
            FD_TRY(fd_string_add(&text, "node '%s' (%s)\n", fd_node_label(node, name), fd_operator_label(node, kind)));
    }
    *list = text.text;
    text.text = NULL;
done:
    free(text.text);
    fd_model_close(&model);
    fd_heap_free(&heap);
    return err;
}
