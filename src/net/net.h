/* Networks: an ONNX file becomes a list of prepared operators and one plan of memory, for one engine. */
#ifndef FD_NET_NET_H
#define FD_NET_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/op.h"

typedef struct fd_net fd_net;

typedef struct fd_net_config {
    int64_t batch;               /* fixed batch of every run; 0: the file's, 1 where it is left open */
    int64_t height, width;       /* of the input where the file leaves them open; 0: they must be in the file */
    int64_t channels;            /* likewise, of an input with height and width */
    const fd_tensor *shape;      /* the whole input, as it will come; must agree with the file and with batch. NULL: by the members above */
    bool any_size;               /* use the engine's fused P-Net when the network has that shape: see fd_net_any_size */
    const char *name;            /* for messages: the file's name; never NULL */
    size_t memory;               /* most bytes that loading may take, and a lane's arena; 0: 1 GiB and 64 times the file; 16 GiB */
} fd_net_config;

/* Loads from memory (bytes are not needed afterwards). The file is hostile: FD_FORMAT says what is wrong, FD_UNSUPPORTED names node and
 * operator. fd_net_close it before its engine. */
fd_error *fd_net_open(fd_engine *e, const void *bytes, size_t n, const fd_net_config *config, fd_net **out) FD_CHECK;
void fd_net_close(fd_net *net);   /* NULL is allowed */

/* One input, one or more outputs. Shapes include the batch; layout PLAIN. Of a network of any size, height and width mean nothing. */
const fd_tensor *fd_net_input(const fd_net *net);
int fd_net_outputs(const fd_net *net);
const fd_tensor *fd_net_output(const fd_net *net, int i);
const char *fd_net_input_name(const fd_net *net);
const char *fd_net_output_name(const fd_net *net, int i);
int fd_net_find_output(const fd_net *net, const char *name);   /* -1: none of that name */

/* Runs one full batch; input and output[i] are engine memory, FD_ALIGN-aligned, PLAIN float32. Uses the lane's scratch. Thread-safe on
 * different lanes. One sample gives the same bytes at every position of the batch, whatever the others hold. */
fd_error *fd_net_run(const fd_net *net, fd_lane *lane, const float *input, float *const *output) FD_CHECK;

/* True when the network was taken whole by the engine's fused P-Net: fd_net_run_at is then the way to run it, and fd_net_run is refused. */
bool fd_net_any_size(const fd_net *net);
/* image [3][height][width] -> box [4][oh][ow], prob [2][oh][ow]; see fd_op_table.pnet_run. */
fd_error *fd_net_run_at(const fd_net *net, fd_lane *lane, const float *image, int64_t height, int64_t width, float *box, float *prob) FD_CHECK;

/* What facesdist-net shows. */
typedef struct fd_net_layer { const char *name, *kind; fd_tensor output; double flop; size_t weight_bytes; } fd_net_layer;
int fd_net_layers(const fd_net *net);
fd_net_layer fd_net_layer_at(const fd_net *net, int i);
size_t fd_net_arena_bytes(const fd_net *net);    /* per lane */
size_t fd_net_weight_bytes(const fd_net *net);
double fd_net_flop(const fd_net *net);           /* of one batch; one multiply-add counts 2 */

/* Every operator of the file that is not supported, a line each, or "" (facesdist-net info on a file that does not load). free(*list). */
fd_error *fd_net_unsupported(const void *bytes, size_t n, char **list) FD_CHECK;

#endif
