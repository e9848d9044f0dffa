/* The ONNX loader: scan, unpack, shapes, folding, fusion, plan and preparation, with little memory. Nothing is run. */
#include <stdlib.h>

#include "net/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static fd_engine *engine;   /* opened once for all inputs */
    fd_net *net = NULL;
    char *list = NULL;
    if (!engine && fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &engine))
        abort();
    fd_net_config config = {.batch = (int64_t)(n % 3), .height = 15, .width = 15, .name = "fuzz", .memory = (size_t)64 << 20};
    fd_error *err = fd_net_open(engine, bytes, n, &config, &net);
    if (!err)
        for (int i = 0; i < fd_net_layers(net); i++)
            (void)fd_net_layer_at(net, i);
    fd_net_close(net);
    fd_error_free(err);
    fd_error_free(fd_net_unsupported(bytes, n, &list));
    free(list);
    return 0;
}
