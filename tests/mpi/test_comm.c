/* Collectives at any number of ranks: values known exactly, sizes with zeros, messages cut into pieces as those beyond 2 GiB are. */
#include <time.h>

#include "base/clock.h"
#include "check.h"
#include "comm/comm_private.h"

static fd_comm *comm;
static int rank, ranks;

static const int64_t pieces[] = {8, 1000, FD_PIECE};
enum { PIECES = 3 };

/* Byte i of what rank r sends. */
static uint8_t pattern(int r, int64_t i)
{
    return (uint8_t)(17 * r + 3 * i + i / 251 + 1);
}

static void the_ranks_know_themselves(void **state)
{
    (void)state;
    assert_int_equal(fd_comm_launched(), ranks > 1 || getenv("OMPI_COMM_WORLD_SIZE") != NULL);
    assert_int_equal(fd_comm_launch_rank(), rank);
    assert_true(rank >= 0 && rank < ranks);
    assert_true(fd_comm_local_rank(comm) == rank && fd_comm_local_ranks(comm) == ranks);   /* one host */
    assert_true(strlen(fd_comm_host(comm)) > 0);
    assert_non_null(strpbrk(fd_comm_library(comm), "0123456789"));
    assert_null(strpbrk(fd_comm_library(comm), ",\n"));
}

static void all_agree_that_all_is_well(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_ok(fd_comm_agree(comm, NULL));
}

static void one_ranks_error_is_everybodys(void **state)
{
    (void)state;
    char words[64];
    for (int failing = 0; failing < ranks; failing++) {
        snprintf(words, sizeof words, rank == failing ? "disk %d is full" : "rank %d (", failing);
        fd_error *err = fd_comm_agree(comm, rank == failing ? FD_FAIL(FD_NOSPACE, "disk %d is full", failing) : NULL);
        assert_non_null(err);
        assert_non_null(strstr(fd_error_message(err), "is full"));
        assert_fails(err, FD_NOSPACE, words);
    }
}

static void the_worst_error_is_told(void **state)
{
    (void)state;
    if (ranks < 3)
        skip();
    fd_error *own = rank == 0 ? FD_FAIL(FD_INTERRUPTED, "signal") : rank == 1 ? FD_FAIL(FD_IO, "cause") : NULL;
    if (rank == 0)
        assert_fails(fd_comm_agree(comm, own), FD_INTERRUPTED, "signal");
    else
        assert_fails(fd_comm_agree(comm, own), FD_IO, "cause");
    own = rank == 1 ? FD_FAIL(FD_FORMAT, "first") : rank == 2 ? FD_FAIL(FD_IO, "second") : NULL;
    assert_fails(fd_comm_agree(comm, own), rank == 2 ? FD_IO : FD_FORMAT, rank == 2 ? "second" : "first");
    char large[5000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    own = rank == 2 ? FD_FAIL(FD_IO, "%s", large) : NULL;
    assert_fails(fd_comm_agree(comm, own), FD_IO, "xxxxxxxxxx");
}

static void numbers_are_combined(void **state)
{
    (void)state;
    enum { N = 300 };
    int64_t whole[N];
    double real[N];
    for (int p = 0; p < PIECES; p++) {
        fd_comm_set_piece(comm, pieces[p]);
        for (int how = FD_COMBINE_SUM; how <= FD_COMBINE_MAX; how++) {
            for (int i = 0; i < N; i++)
                real[i] = (double)(whole[i] = ((int64_t)1 << 40) * (rank + 1) - i);
            assert_ok(fd_comm_reduce_i64(comm, whole, N, (fd_combine)how));
            assert_ok(fd_comm_reduce_f64(comm, real, N, (fd_combine)how));
            for (int64_t i = 0; i < N; i++) {
                int64_t sum = ((int64_t)1 << 40) * ranks * (ranks + 1) / 2 - ranks * i;
                int64_t wanted = how == FD_COMBINE_SUM ? sum : ((int64_t)1 << 40) * (how == FD_COMBINE_MIN ? 1 : ranks) - i;
                assert_true(whole[i] == wanted && real[i] == (double)wanted);
            }
        }
    }
    assert_ok(fd_comm_reduce_i64(comm, NULL, 0, FD_COMBINE_SUM));
}

static void a_buffer_reaches_all(void **state)
{
    (void)state;
    const int64_t sizes[] = {0, 1, 7, 8, 9, 4321, 300000};
    for (int p = 0; p < PIECES; p++)
        for (int s = 0; s < (p ? 7 : 6); s++)
            for (int root = 0; root < ranks; root++) {
                int64_t n = sizes[s];
                uint8_t *bytes = malloc((size_t)n + 1), *copy = rank == root ? bytes : NULL;
                assert_non_null(bytes);
                fd_comm_set_piece(comm, pieces[p]);
                for (int64_t i = 0; i <= n; i++)
                    bytes[i] = rank == root ? pattern(root, i) : 0;
                assert_ok(fd_comm_broadcast_buffer(comm, &copy, &n, root));
                assert_true(n == sizes[s] && copy);
                assert_ok(fd_comm_broadcast(comm, bytes, n, root));
                for (int64_t i = 0; i < n; i++)
                    assert_true(bytes[i] == pattern(root, i) && copy[i] == pattern(root, i));
                assert_int_equal(bytes[n], rank == root ? pattern(root, n) : 0);
                if (rank != root)
                    free(copy);
                free(bytes);
            }
}

/* Sizes per rank: 0 all zero, 1 only the last, 2 only the first, 3 growing, 4 large. */
static int64_t count_of(int how, int r)
{
    return how == 0 ? 0 : how == 1 ? (r == ranks - 1) * 100 : how == 2 ? (r == 0) * 100 : how == 3 ? r * 13 : 70000 + r;
}

static void expect_gathered(const uint8_t *all, const int64_t *counts, int64_t total)
{
    int64_t at = 0;
    for (int r = 0; r < ranks; r++)
        for (int64_t i = 0; i < counts[r]; i++)
            assert_int_equal(all[at++], pattern(r, i));
    assert_true(at == total);
    assert_int_equal(all[total], 0xEE);   /* nothing behind the end was touched */
}

static void parts_are_gathered(void **state)
{
    (void)state;
    for (int p = 0; p < PIECES; p++)
        for (int how = 0; how < (p ? 5 : 4); how++) {
            int64_t counts[64], total = 0, before = 0;
            for (int r = 0; r < ranks; r++) {
                counts[r] = count_of(how, r);
                before += r < rank ? counts[r] : 0;
                total += counts[r];
            }
            uint8_t *own = counts[rank] ? malloc((size_t)counts[rank]) : NULL, *all = malloc((size_t)total + 1);
            assert_non_null(all);
            for (int64_t i = 0; i < counts[rank]; i++)
                own[i] = pattern(rank, i);
            fd_comm_set_piece(comm, pieces[p]);
            memset(all, 0xEE, (size_t)total + 1);
            assert_ok(fd_comm_all_gather(comm, own, all, counts));
            expect_gathered(all, counts, total);
            memset(all, 0xEE, (size_t)total + 1);
            if (counts[rank])
                memcpy(all + before, own, (size_t)counts[rank]);
            assert_ok(fd_comm_all_gather(comm, all + before, all, counts));   /* in place */
            expect_gathered(all, counts, total);
            for (int root = 0; root < ranks; root++) {
                memset(all, 0xEE, (size_t)total + 1);
                assert_ok(fd_comm_gather(comm, own, rank == root ? all : NULL, counts, root));
                if (rank == root)
                    expect_gathered(all, counts, total);
            }
            free(all);
            free(own);
        }
}

static void equal_parts_are_gathered(void **state)
{
    (void)state;
    int64_t own[3] = {rank, -rank, 5}, all[3 * 64];
    assert_ok(fd_comm_all_gather_fixed(comm, own, all, sizeof own));
    for (int r = 0; r < ranks; r++)
        assert_true(all[3 * r] == r && all[3 * r + 1] == -r && all[3 * r + 2] == 5);
    assert_ok(fd_comm_all_gather_fixed(comm, NULL, NULL, 0));
}

static double used_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Every rank to the one before it, sizes that differ and zeros among them, cut into pieces. */
static void parcels_go_round(void **state)
{
    (void)state;
    const int before = (rank + ranks - 1) % ranks, after = (rank + 1) % ranks;
    for (int p = 0; p < PIECES; p++) {
        const int64_t n = rank == 0 ? 0 : 5000 + rank, m = after == 0 ? 0 : 5000 + after;
        uint8_t *out = malloc((size_t)n + 1), *in = calloc((size_t)m + 1, 1);
        fd_comm_shift *shift = NULL;
        bool done = false;
        fd_comm_set_piece(comm, pieces[p]);
        for (int64_t i = 0; i < n; i++)
            out[i] = pattern(rank, i);
        const fd_comm_parcel send = {out, n, before}, receive = {in, m, after};
        assert_ok(fd_comm_shift_begin(comm, &send, &receive, &shift));
        assert_ok(fd_comm_shift_poll(shift, &done));
        assert_ok(fd_comm_shift_end(shift));
        for (int64_t i = 0; i < m; i++)
            assert_int_equal(in[i], pattern(after, i));
        assert_int_equal(in[m], 0);
        free(out);
        free(in);
    }
}

static void a_waiting_rank_sleeps(void **state)
{
    (void)state;
    assert_ok(fd_comm_barrier(comm));
    double used = used_seconds();
    if (rank == 0)
        fd_sleep(1);
    assert_ok(fd_comm_barrier(comm));
    assert_true(used_seconds() - used < 0.5);   /* a spinning wait uses all of its second */
}

static void a_stuck_rank_is_noticed(void **state)
{
    (void)state;
    int64_t worst = rank;
    char missing[300];
    snprintf(missing, sizeof missing, "s in a barrier; missing: rank 0 (%s)", fd_comm_host(comm));
    if (ranks == 1)
        skip();
    assert_ok(fd_comm_barrier(comm));
    fd_comm_set_timeout(comm, 0.2);
    comm->lead = 0;
    if (rank > 0)
        assert_fails(fd_comm_barrier(comm), FD_COMM, missing);
    assert_true(comm->broken == (rank > 0));
    fd_comm_set_timeout(comm, 30);
    assert_ok(fd_comm_settle(comm, &worst, 1, 30));   /* rank 0 stays away until all others have given up */
    assert_true(worst == ranks - 1);
    if (rank == 0)
        assert_ok(fd_comm_barrier(comm));   /* the others' barrier is still under way */
    assert_ok(fd_comm_settle(comm, &worst, 1, 30));
    assert_true(worst == ranks - 1);
    comm->broken = false;   /* all are in step again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ranks_know_themselves),
        cmocka_unit_test(all_agree_that_all_is_well),
        cmocka_unit_test(one_ranks_error_is_everybodys),
        cmocka_unit_test(the_worst_error_is_told),
        cmocka_unit_test(numbers_are_combined),
        cmocka_unit_test(a_buffer_reaches_all),
        cmocka_unit_test(parts_are_gathered),
        cmocka_unit_test(equal_parts_are_gathered),
        cmocka_unit_test(parcels_go_round),
        cmocka_unit_test(a_waiting_rank_sleeps),
        cmocka_unit_test(a_stuck_rank_is_noticed),
    };
    fd_error *err = fd_comm_open(&comm);
    if (err) {
        fprintf(stderr, "%s\n", fd_error_message(err));
        return 1;
    }
    fd_comm_set_timeout(comm, 30);
    rank = fd_comm_rank(comm);
    ranks = fd_comm_ranks(comm);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        fd_comm_abort(comm, 1);
    fd_comm_close(comm);
    return 0;
}
