/* Linked in front of a program (-Wl,--wrap=fd_comm_open): it runs with messages of at most SMALL bytes instead of 1 GiB, so that what is cut above 1 GiB is cut in small
 * data, too. A message that is larger ends the job; at the end each rank says how many were as large as they may be: pieces of something larger. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "comm/comm_private.h"

enum { SMALL = 1000 };   /* bytes; whole numbers of 8, as reductions need */

static int64_t pieces;

fd_error *__real_fd_comm_open(fd_comm **out);
fd_error *__wrap_fd_comm_open(fd_comm **out);

fd_error *__wrap_fd_comm_open(fd_comm **out)
{
    fd_error *e = __real_fd_comm_open(out);
    if (!e)
        fd_comm_set_piece(*out, SMALL);
    return e;
}

static void check(int64_t count, MPI_Datatype type, const char *call)
{
    int size = 0;
    PMPI_Type_size(type, &size);
    if (count * size > SMALL) {
        fprintf(stderr, "%s: a message of %lld bytes\n", call, (long long)count * size);
        PMPI_Abort(MPI_COMM_WORLD, 1);
    }
    pieces += count * size == SMALL;
}

static int64_t sum_of(const int *counts, MPI_Comm among)
{
    int ranks = 0;
    int64_t sum = 0;
    PMPI_Comm_size(among, &ranks);
    for (int r = 0; r < ranks; r++)
        sum += counts[r];
    return sum;
}

int MPI_Isend(const void *bytes, int n, MPI_Datatype type, int to, int tag, MPI_Comm among, MPI_Request *request)
{
    check(n, type, "MPI_Isend");
    return PMPI_Isend(bytes, n, type, to, tag, among, request);
}

int MPI_Ibcast(void *bytes, int n, MPI_Datatype type, int root, MPI_Comm among, MPI_Request *request)
{
    check(n, type, "MPI_Ibcast");
    return PMPI_Ibcast(bytes, n, type, root, among, request);
}

int MPI_Iallreduce(const void *from, void *to, int n, MPI_Datatype type, MPI_Op op, MPI_Comm among, MPI_Request *request)
{
    check(n, type, "MPI_Iallreduce");
    return PMPI_Iallreduce(from, to, n, type, op, among, request);
}

int MPI_Iallgatherv(const void *from, int n, MPI_Datatype type, void *to, const int *counts, const int *places, MPI_Datatype own, MPI_Comm among, MPI_Request *request)
{
    check(sum_of(counts, among), own, "MPI_Iallgatherv");
    return PMPI_Iallgatherv(from, n, type, to, counts, places, own, among, request);
}

int MPI_Igatherv(const void *from, int n, MPI_Datatype type, void *to, const int *counts, const int *places, MPI_Datatype own, int root, MPI_Comm among, MPI_Request *request)
{
    int rank = 0;
    PMPI_Comm_rank(among, &rank);
    check(rank == root ? sum_of(counts, among) : n, rank == root ? own : type, "MPI_Igatherv");
    return PMPI_Igatherv(from, n, type, to, counts, places, own, root, among, request);
}

int MPI_Finalize(void)
{
    fprintf(stderr, "%lld messages were pieces of larger ones\n", (long long)pieces);
    return PMPI_Finalize();
}
