/* The all-gather by NCCL on a stand-in of it (tests/nccl), at any number of ranks: the bytes of the one by MPI, whatever the parts and
 * however many rounds. */
#include <stdlib.h>

#include "check.h"
#include "comm/comm_private.h"

static fd_comm *comm;
static int rank, ranks;

static uint8_t pattern(int r, int64_t i)
{
    return (uint8_t)(31 * r + 7 * i + i / 253 + 1);
}

static fd_error *open_own(int64_t slab, fd_nccl **out, fd_plugin_status *status)
{
    char uuid[64];
    snprintf(uuid, sizeof uuid, "GPU-656d756c-6174-6564-2064-6576696365%02x", rank);
    return fd_nccl_open(&(fd_nccl_config){.uuid = uuid, .slab = slab}, out, status);
}

static void join(int64_t slab)
{
    fd_plugin_status status;
    fd_nccl *n = NULL;
    assert_ok(open_own(slab, &n, &status));
    assert_int_equal(status, FD_PLUGIN_READY);
    assert_ok(fd_comm_join(comm, n));
}

/* So that a test can join again. */
static void part(fd_nccl_facts *facts)
{
    assert_ok(fd_comm_part(comm));
    assert_ok(fd_comm_part(comm));   /* once more is nothing */
    assert_true(fd_comm_nccl_facts(comm, facts));
    fd_nccl_close(comm->nccl);
    comm->nccl = NULL;
}

/* Parts per rank: 0 all empty, 1 only the last, 2 only the first, 3 growing, 4 alike, 5 one much longer. */
static int64_t count_of(int how, int r)
{
    const int64_t alike = 20000 + r, uneven = r == ranks / 2 ? 70001 : 11;
    return how == 0 ? 0 : how == 1 ? (r == ranks - 1) * 100 : how == 2 ? (r == 0) * 100 : how == 3 ? r * 13 : how == 4 ? alike : uneven;
}

static int64_t total_of(int how)
{
    int64_t total = 0;
    for (int r = 0; r < ranks; r++)
        total += count_of(how, r);
    return total;
}

/* From a buffer of its own, or in place. */
static void gather(int how, bool in_place)
{
    int64_t counts[64], before = 0;
    const int64_t total = total_of(how), n = count_of(how, rank);
    for (int r = 0; r < ranks; r++) {
        counts[r] = count_of(how, r);
        before += r < rank ? counts[r] : 0;
    }
    uint8_t *own = malloc((size_t)n + 1), *all = malloc((size_t)total + 1), *by_mpi = malloc((size_t)total + 1);
    assert_true(own && all && by_mpi);
    memset(all, 0xEE, (size_t)total + 1);
    for (int64_t i = 0; i < n; i++)
        own[i] = pattern(rank, i);
    if (in_place && n)
        memcpy(all + before, own, (size_t)n);
    assert_ok(fd_comm_all_gather_bulk(comm, in_place ? all + before : own, all, counts));
    assert_ok(fd_comm_all_gather(comm, own, by_mpi, counts));
    assert_memory_equal(all, by_mpi, (size_t)total);
    assert_int_equal(all[total], 0xEE);
    free(own);
    free(all);
    free(by_mpi);
}

static void the_bytes_are_those_of_mpi(void **state)
{
    static const int64_t slabs[] = {64, 4096, 0};
    (void)state;
    for (size_t s = 0; s < sizeof slabs / sizeof *slabs; s++) {
        fd_nccl_facts facts;
        int64_t expected = 0;
        join(slabs[s]);
        for (int how = slabs[s] == 64 ? 3 : 5; how >= 0; how--)
            for (int in_place = 0; in_place < 2; in_place++) {
                gather(how, in_place);
                expected += total_of(how);
            }
        part(&facts);
        assert_true(facts.bytes == expected && facts.built == facts.loaded);
        if (slabs[s] != 64)
            assert_true(facts.padded > 0 && (ranks < 2 || facts.broadcast > 0));
    }
}

static void broadcast(int64_t n, int root)
{
    uint8_t *bytes = malloc((size_t)n + 1);
    assert_non_null(bytes);
    for (int64_t i = 0; i <= n; i++)
        bytes[i] = rank == root ? pattern(root, i) : 0;
    assert_ok(fd_comm_broadcast_bulk(comm, bytes, n, root));
    for (int64_t i = 0; i < n; i++)
        assert_int_equal(bytes[i], pattern(root, i));
    assert_int_equal(bytes[n], rank == root ? pattern(root, n) : 0);
    free(bytes);
}

static void one_ranks_bytes_reach_all(void **state)
{
    static const int64_t sizes[] = {0, 1, 999, 70001};
    fd_nccl_facts facts;
    (void)state;
    for (int joined = 0; joined < 2; joined++) {
        if (joined)
            join(4096);
        for (int root = 0; root < ranks; root++)
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
                broadcast(sizes[s], root);
    }
    part(&facts);
    assert_true(facts.bytes == ranks * (1 + 999 + 70001) && facts.padded + facts.broadcast == ranks * (1 + 1 + (70001 + 4095) / 4096));
}

static void without_nccl_mpi_does_it(void **state)
{
    fd_nccl_facts facts;
    (void)state;
    gather(4, false);
    assert_false(fd_comm_nccl_facts(comm, &facts));
    assert_ok(fd_comm_part(comm));
}

/* Errors that all ranks agree on leave them in step: they go on without NCCL. */
static void what_cannot_be_had_is_told(void **state)
{
    (void)state;
    fd_plugin_status status;
    fd_nccl *n = NULL;
    assert_fails(fd_nccl_open(&(fd_nccl_config){.uuid = "GPU-00000000-0000-0000-0000-000000000000"}, &n, &status), FD_DEVICE, "sees no GPU GPU-0000");
    setenv("FACESDIST_EMU_NCCL", "memory", 1);
    assert_fails(open_own(0, &n, &status), FD_NOMEM, "memory of the GPU for NCCL");
    char old[64];
    snprintf(old, sizeof old, "version:21800:%d", rank);
    setenv("FACESDIST_EMU_NCCL", old, 1);
    assert_fails(open_own(0, &n, &status), FD_DEVICE, "NCCL 2.18.0 is loaded, and this program was built with 2.99.0");
    assert_int_equal(status, FD_PLUGIN_OTHER_LIBRARY);
    char library[256];
    fd_nccl_library(library, sizeof library);
    assert_non_null(strstr(library, "no NCCL: NCCL 2.18.0 is loaded, and this program was built with 2.99.0"));
    unsetenv("FACESDIST_EMULATOR");
    if (!fd_plugin_is_there("libfacesdist-nccl.so")) {
        assert_fails(open_own(0, &n, &status), FD_DEVICE, "libfacesdist-nccl.so is not there");
        assert_int_equal(status, FD_PLUGIN_NOT_BUILT);
    }
    setenv("FACESDIST_EMULATOR", "1", 1);
    unsetenv("FACESDIST_EMU_NCCL");
    fd_nccl_library(library, sizeof library);
    assert_string_equal(library, "NCCL 2.99.0");
    assert_null(n);
}

static void versions_must_be_the_same(void **state)
{
    (void)state;
    fd_plugin_status status;
    fd_nccl *n = NULL;
    if (ranks == 1)
        skip();
    setenv("FACESDIST_EMU_NCCL", "version:29907:1", 1);
    assert_ok(open_own(4096, &n, &status));
    unsetenv("FACESDIST_EMU_NCCL");
    assert_fails(fd_comm_join(comm, n), FD_DEVICE, "has NCCL 2.99.0, rank 1 (");
    gather(4, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_nccl_mpi_does_it),
        cmocka_unit_test(the_bytes_are_those_of_mpi),
        cmocka_unit_test(one_ranks_bytes_reach_all),
        cmocka_unit_test(what_cannot_be_had_is_told),
        cmocka_unit_test(versions_must_be_the_same),
        cmocka_unit_test(one_ranks_bytes_reach_all),   /* nothing was left behind */
    };
    fd_error *err = fd_comm_open(&comm);
    char unit[16];
    if (err) {
        fprintf(stderr, "%s\n", fd_error_message(err));
        return 1;
    }
    fd_comm_set_timeout(comm, 60);
    rank = fd_comm_rank(comm);
    ranks = fd_comm_ranks(comm);
    snprintf(unit, sizeof unit, "%d", rank);
    setenv("FACESDIST_EMULATOR", "1", 1);
    setenv("FACESDIST_EMU_UNIT", "FD_TEST_UNIT", 1);
    setenv("FD_TEST_UNIT", unit, 1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        fd_comm_abort(comm, 1);
    fd_comm_close(comm);
    return 0;
}
