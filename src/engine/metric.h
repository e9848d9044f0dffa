/* How two embeddings are compared. */
#ifndef FD_ENGINE_METRIC_H
#define FD_ENGINE_METRIC_H

/* The first three are distances: 0 at best. The inner product is a similarity: larger is nearer. */
typedef enum fd_metric { FD_EUCLIDEAN, FD_SQEUCLIDEAN, FD_COSINE, FD_INNER, FD_METRIC_COUNT } fd_metric;

#endif
