/* A network of the pack on batches of one fixed shape, and the memory that a call works in. */
#ifndef FD_FACE_STAGE_H
#define FD_FACE_STAGE_H

#include "face/pack.h"
#include "net/net.h"

enum { FD_STAGE_OUTPUTS = 3, FD_NET_OUTPUTS = 16 };   /* that a stage reads; that its network may have */

/* What a stage wants of its network. */
typedef struct fd_stage_wish {
    const char *role;                         /* "rnet", for messages */
    const fd_pack_file *file;
    int64_t batch, height, width;             /* of the input, 3 channels */
    bool any_size;
    int outputs;
    const char *output[FD_STAGE_OUTPUTS];     /* names; NULL: the first that holds `values` numbers */
    int64_t values[FD_STAGE_OUTPUTS];         /* numbers per sample */
} fd_stage_wish;

typedef struct fd_stage {
    fd_net *net;
    int64_t batch, sample;                    /* of the network; sample: floats of one input */
    int outputs;
    int output[FD_STAGE_OUTPUTS];             /* index among the network's */
    int64_t values[FD_STAGE_OUTPUTS];
} fd_stage;

/* Opens the network, on the wished batch or on one that the file insists on, and finds its outputs; errors name pack, file and what is there.
 * fd_stage_close. */
fd_error *fd_stage_open(fd_engine *e, const fd_pack *pack, const fd_stage_wish *wish, fd_stage *out) FD_CHECK;
void fd_stage_close(fd_stage *stage);

/* Memory of the engine that grows. Zero-initialise; fd_buffer_free. */
typedef struct fd_buffer { fd_engine *engine; void *p; size_t bytes; } fd_buffer;
fd_error *fd_buffer_room(fd_buffer *b, fd_engine *engine, size_t bytes) FD_CHECK;   /* contents are lost when it grows */
void fd_buffer_free(fd_buffer *b);

/* Input and outputs of a stage's batch. Zero-initialise; fd_batch_free. */
typedef struct fd_batch { fd_buffer input, output[FD_NET_OUTPUTS]; float *at[FD_NET_OUTPUTS]; } fd_batch;
fd_error *fd_batch_room(fd_batch *b, const fd_stage *stage, fd_engine *engine) FD_CHECK;
void fd_batch_free(fd_batch *b);

/* Runs the batch, whose first n samples are real; the others are set to zero first. host[i] receives the n rows of the stage's output i,
 * complete after a sync of the lane; host NULL: they stay in b->at. */
fd_error *fd_stage_run(const fd_stage *stage, fd_lane *lane, fd_batch *b, int64_t n, float *const *host) FD_CHECK;

#endif
