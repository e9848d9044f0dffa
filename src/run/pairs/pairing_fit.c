/* How the rows get to the ranks, by what memory there is. */
#include "base/log.h"
#include "base/text.h"
#include "run/pairs/pairing.h"

/* Of a process before it has read a row: the libraries of MPI, HDF5 and the engine. */
static const int64_t PROCESS = 32 << 20;

void fd_pairing_memory(const fd_pairing *p, int64_t *fixed, int64_t *rows)
{
    const int64_t place = (int64_t)(sizeof(float) + sizeof(int64_t)), k = p->wanted.k, side = p->plan[0].side, tile = side * p->plan[1].side;
    const int64_t staged = (side > p->plan[1].side ? side : p->plan[1].side) * p->dim * (int64_t)sizeof(float);   /* one block as it is read */
    const fd_panel_desc desc[2] = {fd_pairing_describe(p, 0), fd_pairing_describe(p, 1)};
    const fd_block_desc block = {.metric = p->metric, .precision = p->precision, .n = side, .dim = p->dim};
    int64_t thread = k * side * place + (int64_t)p->engine->kind->distance->sweep_bytes(p->engine, &block, k);
    thread += p->wanted.matrix ? 3 * tile * (int64_t)sizeof(float) : 0;
    thread += p->wanted.radius_given ? 2 * tile * (int64_t)sizeof(fd_pair) : 0;
    *fixed = PROCESS + p->threads * thread + p->n[0] * k * place + fd_pairing_merge_bytes(p) + staged + (16 << 20);   /* slabs */
    *fixed += p->wanted.radius_given ? p->n[0] * (int64_t)sizeof(int64_t) : 0;
    *rows = fd_panel_bytes(p->engine, &desc[1], p->plan[1].blocks);
    if (!p->symmetric)
        *rows += fd_panel_bytes(p->engine, &desc[0], p->plan[0].blocks);
}

int64_t fd_pairing_ring_memory(const fd_pairing *p, int64_t ranks)
{
    int64_t bytes = 0, plain = 0;
    for (int i = 0; i < 2; i++) {
        const fd_panel_desc desc = fd_pairing_describe(p, i);
        const int64_t blocks = (p->plan[i].blocks + ranks - 1) / ranks, rows = blocks * p->plan[i].side * p->dim * (int64_t)sizeof(float);
        bytes += fd_panel_bytes(p->engine, &desc, blocks);
        plain = rows > plain ? rows : plain;
    }
    return bytes + 2 * plain;
}

int64_t fd_pairing_room(const fd_engine *e, int64_t memory)
{
    const size_t room = e->kind->room ? e->kind->room((fd_engine *)e) : SIZE_MAX;
    return room < (size_t)memory ? (int64_t)room : memory;
}

/* Bytes of the engine's own memory that are left for rows beside what its lanes take; of no matter where its memory is the host's, which `fixed` is about. */
static int64_t engine_room(const fd_pairing *p)
{
    if (!p->engine->kind->room)
        return INT64_MAX;
    const int64_t side[2] = {p->plan[0].side, p->plan[1].side}, most = side[0] > side[1] ? side[0] : side[1], lane = 2 << 20;
    const fd_block_desc block = {.metric = p->metric, .precision = p->precision, .n = most, .dim = p->dim};
    int64_t thread = lane + (int64_t)p->engine->kind->distance->sweep_bytes(p->engine, &block, p->wanted.k);
    thread += p->wanted.matrix ? side[0] * side[1] * (int64_t)sizeof(float) : 0;
    const int64_t room = fd_pairing_room(p->engine, INT64_MAX) / 20 * 19;   /* a twentieth: gaps between blocks */
    return room - (p->threads + 1) * thread - most * p->dim * (int64_t)sizeof(float);
}

/* What is short, and by how much: the GPU's memory where it has less room for rows than the host. */
typedef struct budget { const char *of, *option; int64_t fixed, rows; } budget;

static budget budget_of(const fd_pairing *p, int64_t fixed, int64_t memory)
{
    const int64_t engine = engine_room(p), host = memory - fixed;
    if (engine < host)
        return (budget){"GPU memory", "--gpu-memory", fd_pairing_room(p->engine, INT64_MAX) - engine, engine};
    return (budget){"memory", "--memory", fixed, host};
}

static fd_error *too_little(const budget *b, int64_t rows, const char *advice)
{
    char need_text[16], have_text[16];
    return FD_FAIL(FD_NOMEM, "this takes %s of %s on each rank at least, and %s is %s: %s", fd_bytes_text(need_text, (double)(b->fixed + rows)), b->of, b->option,
                   fd_bytes_text(have_text, (double)(b->fixed + b->rows)), advice);
}

fd_error *fd_pairing_fit(fd_pairing *p, int64_t memory)
{
    enum { ALL, RING, PANELS };
    fd_error *err = NULL;
    int64_t fixed = 0, rows = 0;
    char text[16];
    const fd_panel_desc desc = fd_pairing_describe(p, 1);
    const int64_t block = fd_panel_bytes(p->engine, &desc, 1);
    fd_pairing_memory(p, &fixed, &rows);
    const budget room = budget_of(p, fixed, memory);
    const bool all = rows <= room.rows && p->exchange != FD_EXCHANGE_RING;
    const bool ring = fd_pairing_ring_memory(p, fd_comm_ranks(p->comm)) <= room.rows && (fd_comm_ranks(p->comm) > 1 || p->exchange == FD_EXCHANGE_RING);
    int64_t choice[2] = {all ? ALL : ring ? RING : PANELS, block - room.rows / 2};   /* the one that every rank has room for */
    FD_TRY(fd_comm_reduce_i64(p->comm, choice, 2, FD_COMBINE_MAX));
    const int64_t blocks = (block - choice[1]) / block;
    if (choice[0] != ALL && p->exchange == FD_EXCHANGE_ALLGATHER)
        FD_TRY(too_little(&room, rows, "--exchange auto takes less"));
    if (choice[0] == PANELS && blocks < 1)
        FD_TRY(too_little(&room, 2 * block, "fewer nearest rows (--topk) or threads take less"));
    p->exchange = choice[0] == RING ? FD_EXCHANGE_RING : FD_EXCHANGE_ALLGATHER;
    p->panel = choice[0] == PANELS ? blocks : 0;
    fd_bytes_text(text, (double)(room.fixed + room.rows));
    if (choice[0] == PANELS)
        fd_say(FD_NORMAL, "rows do not fit into %s %s: they are read %lld at a time, each of them several times", room.option, text,
               (long long)(p->panel * p->plan[1].side));
    else
        fd_say(FD_VERBOSE, "rows get to the ranks by %s", choice[0] == RING ? "a ring" : "an all-gather");
done:
    return err;
}
