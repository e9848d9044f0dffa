/* Groups of the rows, from the pairs within the radius as they stand in the result in work. */
#include <stdlib.h>

#include "base/memory.h"
#include "dist/cluster.h"
#include "run/pairs/pairing.h"
#include "run/together.h"

static const uint64_t SEED = 1;   /* of the whispers; recorded beside the labels */

typedef struct grouping {
    fd_pairing *pairing;
    fd_result *file;
    const int64_t *start;   /* [n + 1] where each row's pairs begin */
    int64_t n, *label;      /* label [n] */
} grouping;

/* A slab of pairs at a time: memory for the rows alone. */
static fd_error *connect_rows(grouping *g)
{
    enum { SLAB = 1 << 20 };
    fd_error *err = NULL;
    int64_t *index = NULL, row = 0;
    fd_union_init(g->label, g->n);
    for (int64_t first = 0; first < g->start[g->n]; first += SLAB) {
        int64_t count = g->start[g->n] - first < SLAB ? g->start[g->n] - first : SLAB;
        FD_TRY(fd_result_read(g->file, "/distances/radius/index", FD_COL_I64, first, count, (void **)&index, &count));
        for (int64_t e = 0; e < count; e++) {
            while (first + e >= g->start[row + 1])
                row++;
            fd_union_join(g->label, row, index[e]);
        }
        free(index);
        index = NULL;
    }
    for (int64_t i = 0; i < g->n; i++)
        g->label[i] = fd_union_root(g->label, i);
done:
    free(index);
    return err;
}

/* The weights of all pairs; free(*weight). */
static fd_error *weigh(const grouping *g, int32_t **weight)
{
    fd_error *err = NULL;
    float *value = NULL;
    int64_t count = 0;
    FD_TRY(fd_result_read(g->file, "/distances/radius/distance", FD_COL_F32, 0, -1, (void **)&value, &count));
    FD_TRY(fd_alloc(weight, (size_t)count, sizeof **weight));
    fd_cluster_weights(g->pairing->metric, g->pairing->wanted.radius, value, count, *weight);
done:
    free(value);
    return err;
}

/* Whispers go to and fro: all pairs are in memory, 12 bytes for each direction. */
static fd_error *whisper(grouping *g)
{
    fd_error *err = NULL;
    int64_t *index = NULL, count = 0;
    int32_t *weight = NULL;
    FD_TRY(weigh(g, &weight));
    FD_TRY(fd_result_read(g->file, "/distances/radius/index", FD_COL_I64, 0, -1, (void **)&index, &count));
    const fd_graph graph = {g->n, g->start, index, weight};
    FD_TRY(fd_cluster_whispers(&graph, SEED, g->label));
done:
    free(index);
    free(weight);
    return err;
}

/* Rows that cannot be compared are in no group. */
static fd_error *leave_out_invalid(grouping *g)
{
    fd_error *err = NULL;
    uint8_t *valid = NULL;
    int64_t count = 0;
    FD_TRY(fd_result_read(g->file, g->pairing->valid, FD_COL_U8, 0, -1, (void **)&valid, &count));
    for (int64_t i = 0; i < g->n; i++)
        if (!valid[i])
            g->label[i] = -1;
    FD_TRY(fd_cluster_number(g->label, g->n));
done:
    free(valid);
    return err;
}

static fd_error *add_datasets(const grouping *g)
{
    fd_error *err = NULL;
    int64_t *size = NULL, groups = 0;
    const fd_pairing *p = g->pairing;
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)SEED);
    const bool whispers = p->wanted.clusters == FD_CLUSTERS_WHISPERS;
    const fd_attribute label[] = {{"meaning", "group of each row, the largest group first; -1: the row cannot be compared"},
                                  {"method", whispers ? "chinese-whispers" : "connected"},
                                  {"radius", p->limit},
                                  {"seed", seed}};
    const fd_attribute meaning[] = {{"meaning", "rows in each group"}};
    FD_TRY(fd_cluster_sizes(g->label, g->n, &size, &groups));
    const fd_column columns[] = {
        {.path = "/clusters/label", .type = FD_COL_I64, .rank = 1, .dim = {g->n}, .data = g->label, .attributes = label, .n_attributes = whispers ? 4 : 3},
        {.path = "/clusters/size", .type = FD_COL_I64, .rank = 1, .dim = {groups}, .data = size, .attributes = meaning, .n_attributes = 1},
    };
    FD_TRY(fd_result_add(p->temporary, columns, 2));
done:
    free(size);
    return err;
}

static fd_error *group_rows(void *self)
{
    fd_error *err = NULL;
    fd_pairing *p = self;
    grouping g = {.pairing = p, .start = p->row_count, .n = p->n[0]};
    FD_TRY(fd_alloc(&g.label, (size_t)g.n, sizeof *g.label));
    FD_TRY(fd_result_open(p->temporary, &g.file));
    FD_TRY(p->wanted.clusters == FD_CLUSTERS_WHISPERS ? whisper(&g) : connect_rows(&g));
    FD_TRY(leave_out_invalid(&g));
    fd_result_close(g.file);
    g.file = NULL;
    FD_TRY(add_datasets(&g));
done:
    fd_result_close(g.file);
    free(g.label);
    return err;
}

fd_error *fd_pairing_write_clusters(fd_pairing *p)
{
    return fd_together(p->comm, p->timeout, fd_comm_rank(p->comm) == 0 ? group_rows : NULL, p);
}
