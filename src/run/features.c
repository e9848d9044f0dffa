#include "run/features.h"

#include <errno.h>
#include <string.h>

#include "comm/comm.h"
#include "comm/nccl.h"
#include "data/decode.h"
#include "engine/engine.h"
#include "store/result.h"

static void print_engine(const fd_engine_kind *kind, FILE *out)
{
    const fd_engine_config config = {.isa = "auto"};
    fd_engine *engine = NULL;
    fd_error *err = fd_engine_open(kind->name, &config, &engine);
    char prefix[64];
    snprintf(prefix, sizeof prefix, "engine %s: ", kind->name);
    const char *reason = fd_error_message(err);
    if (err)
        fprintf(out, "%snot here: %s\n", prefix, strncmp(reason, prefix, strlen(prefix)) == 0 ? reason + strlen(prefix) : reason);
    else
        fprintf(out, "%s%s\n", prefix, engine->kind->description(engine));
    fd_error_free(err);
    fd_engine_close(engine);
}

fd_error *fd_features_print(FILE *out)
{
    char text[256];
    const fd_engine_kind *kind;
    for (int i = 0; (kind = fd_engine_kind_at(i)); i++)
        print_engine(kind, out);
    fd_comm_library_name(text, sizeof text);
    fprintf(out, "ranks: %s\n", text);
    fd_nccl_library(text, sizeof text);
    fprintf(out, "exchange: %s\n", text);
    fd_decode_libraries(text, sizeof text);
    fprintf(out, "photographs: %s\n", text);
    fprintf(out, "results: %s\n", fd_store_library());
    fprintf(out, "export: csv, jsonl, npy (no parquet)\n");
#ifdef __clang__
    fprintf(out, "compiler: %s\n", __VERSION__);
#else
    fprintf(out, "compiler: gcc %s\n", __VERSION__);
#endif
    return fflush(out) || ferror(out) ? FD_FAIL(FD_IO, "cannot write what was asked for: %s", strerror(errno)) : NULL;
}
