/* Recognising the published P-Net, which an engine may run fused on any image size. */
#ifndef FD_NET_PNET_H
#define FD_NET_PNET_H

#include "net/graph.h"

/* The image that the graph must have been built for: one whose second-layer size is odd, so that the pool's ceil mode shows. */
enum { FD_PNET_PROBE = 15 };

typedef struct fd_pnet_match { fd_pnet_desc desc; int box, prob; /* outputs */ } fd_pnet_match;

/* Whether the fused graph has that shape and no other parts. Pointers of the match belong to the graph's heap and model. */
fd_error *fd_pnet_find(fd_graph *g, fd_pnet_match *out, bool *found) FD_CHECK;

#endif
