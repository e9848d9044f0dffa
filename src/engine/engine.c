#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/op.h"

static fd_error *unknown_engine(const char *device)
{
    const char *names[16] = {"auto"};
    int n = 1;
    for (const fd_engine_kind *kind; n < 16 && (kind = fd_engine_kind_at(n - 1)); n++)
        names[n] = kind->name;
    char text[FD_ESCAPED];
    fd_escape(text, sizeof text, device);
    if (strcmp(device, "cpu") == 0)
        return FD_FAIL(FD_UNSUPPORTED, "engine cpu was not built: it needs oneDNN (libdnnl-dev) when facesdist is compiled; --device ref is always there");
    int nearest = fd_nearest(device, names, n);
    return FD_FAIL(FD_UNSUPPORTED, "there is no engine called %s; %s %s?", text, nearest < 0 ? "try" : "did you mean", names[nearest < 0 ? 0 : nearest]);
}

/* Only GPUs have another arithmetic than float32. */
static fd_error *open_row(const fd_engine_kind *kind, const fd_engine_config *config, fd_engine **out)
{
    if (config->arithmetic != FD_ARITHMETIC_F32 && !kind->numbered)
        return FD_FAIL(FD_UNSUPPORTED, "engine %s computes in f32 only: --precision with another value needs a GPU", kind->name);
    return kind->open(config, out);
}

/* The first automatic row that opens. Only a device that is not there lets the next row try: any other failure (an instruction set that the
 * processor lacks, memory) is the user's to know, not to be papered over by a slower engine. */
static fd_error *open_automatic(fd_engine_config config, fd_engine **out)
{
    fd_error *err = FD_FAIL(FD_DEVICE, "no engine was built");
    const fd_engine_kind *kind;
    config.automatic = true;
    for (int i = 0; fd_error_code(err) == FD_DEVICE && (kind = fd_engine_kind_at(i)); i++) {
        if (!kind->automatic)
            continue;
        fd_error_free(err);
        err = open_row(kind, &config, out);
    }
    return err;
}

/* Whether `device` is the kind's name, or its name with a number. */
static bool is_of(const fd_engine_kind *kind, const char *device, int *number)
{
    const size_t n = strlen(kind->name);
    if (strncmp(device, kind->name, n) != 0)
        return false;
    if (!device[n])
        return true;
    const char *digits = device + n + 1;
    if (!kind->numbered || device[n] != ':' || !*digits || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 4)
        return false;
    *number = atoi(digits);
    return true;
}

fd_error *fd_engine_open(const char *device, const fd_engine_config *config, fd_engine **out)
{
    fd_engine_config own = *config;
    *out = NULL;
    if (strcmp(device, "auto") == 0)
        return open_automatic(own, out);
    const fd_engine_kind *kind;
    own.automatic = false;
    for (int i = 0; (kind = fd_engine_kind_at(i)); i++)
        if (is_of(kind, device, &own.device))
            return open_row(kind, &own, out);
    return unknown_engine(device);
}

void fd_engine_close(fd_engine *e)
{
    if (e)
        e->kind->close(e);
}

fd_error *fd_lane_open(fd_engine *e, fd_lane **out)
{
    return e->kind->lane_open(e, out);
}

void fd_lane_close(fd_lane *lane)
{
    if (lane)
        lane->engine->kind->lane_close(lane);
}

void fd_lane_begin(fd_lane *lane, fd_purpose purpose, const char *label)
{
    if (lane->engine->kind->lane_begin)
        lane->engine->kind->lane_begin(lane, purpose, label);
}

void fd_lane_end(fd_lane *lane)
{
    if (lane->engine->kind->lane_end)
        lane->engine->kind->lane_end(lane);
}

const char *fd_purpose_name(fd_purpose p)
{
    static const char *const names[FD_PURPOSES] = {
        [FD_PURPOSE_OTHER] = "other", [FD_PURPOSE_UPLOAD] = "upload",       [FD_PURPOSE_DETECT] = "detect",
        [FD_PURPOSE_EMBED] = "embed", [FD_PURPOSE_DISTANCES] = "distances", [FD_PURPOSE_DOWNLOAD] = "download"};
    return names[p];
}

const char *fd_op_kind_name(fd_op_kind kind)
{
    static const char *const names[FD_OP_KINDS] = {
        [FD_OP_CONV] = "Conv",       [FD_OP_GEMM] = "Gemm",     [FD_OP_MATMUL] = "MatMul",   [FD_OP_POOL] = "Pool",
        [FD_OP_ACTIVATE] = "Activation", [FD_OP_SCALE] = "Scale", [FD_OP_BINARY] = "Binary", [FD_OP_CONCAT] = "Concat",
        [FD_OP_TRANSPOSE] = "Transpose", [FD_OP_SLICE] = "Slice", [FD_OP_PAD] = "Pad",       [FD_OP_GATHER] = "Gather",
        [FD_OP_RESHAPE] = "Reshape", [FD_OP_EXPAND] = "Expand", [FD_OP_REDUCE] = "Reduce",   [FD_OP_SOFTMAX] = "Softmax",
        [FD_OP_LPNORM] = "LpNormalization", [FD_OP_REORDER] = "Reorder"};
    return (unsigned)kind < FD_OP_KINDS ? names[kind] : "unknown";
}

int64_t fd_tensor_count(const fd_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= t->dim[i];
    return n;
}
