/* Rounds of an all-gather by NCCL: for every small set of parts each byte travels once, in its place, and no slab overflows. */
#include "check.h"
#include "comm/nccl_round.h"

enum { MOST_RANKS = 4 };

typedef struct tally { int64_t moved[MOST_RANKS]; int rounds, padded; } tally;

static void check_places(const fd_nccl_round *r, int64_t slab)
{
    int64_t end = 0;
    for (int k = 0; k < r->ranks; k++) {
        assert_true(r->bytes[k] >= 0 && r->bytes[k] <= r->part);
        assert_true(r->place[k] % FD_NCCL_ALIGN == 0 && r->place[k] >= end);   /* one behind the other */
        end = r->place[k] + r->bytes[k];
        if (r->padded)
            assert_true(r->place[k] == k * r->width && r->bytes[k] <= r->width);
    }
    assert_true(end <= r->end && r->end <= slab);
    if (r->padded)
        assert_true(r->end == r->ranks * r->width);
}

static tally all_rounds(const int64_t *counts, int ranks, int64_t slab)
{
    tally t = {{0}, 0, 0};
    int64_t bytes[MOST_RANKS], place[MOST_RANKS], longest = 0;
    for (int k = 0; k < ranks; k++)
        longest = counts[k] > longest ? counts[k] : longest;
    for (int64_t at = 0; at < longest; t.rounds++) {
        fd_nccl_round r = {.ranks = ranks, .bytes = bytes, .place = place};
        fd_nccl_round_plan(counts, at, slab, &r);
        assert_true(r.at == at && r.part > 0);
        check_places(&r, slab);
        for (int k = 0; k < ranks; k++) {
            assert_true(bytes[k] == 0 || t.moved[k] == at);   /* without a gap */
            t.moved[k] += bytes[k];
        }
        t.padded += r.padded;
        at += r.part;
    }
    return t;
}

static void every_byte_travels_once(void **state)
{
    static const int64_t sizes[] = {0, 1, 15, 16, 17, 100, 513};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    (void)state;
    for (int ranks = 1; ranks <= MOST_RANKS; ranks++)
        for (int64_t slab = ranks * FD_NCCL_ALIGN; slab <= 1024; slab = slab * 2 + 7) {
            int64_t sets = 1;
            for (int k = 0; k < ranks; k++)
                sets *= SIZES;
            for (int64_t set = 0; set < sets; set++) {
                int64_t counts[MOST_RANKS], rest = set;
                for (int k = 0; k < ranks; k++, rest /= SIZES)
                    counts[k] = sizes[rest % SIZES];
                const tally t = all_rounds(counts, ranks, slab);
                for (int k = 0; k < ranks; k++)
                    assert_true(t.moved[k] == counts[k]);
            }
        }
}

/* Equal parts are padded; where one rank has nearly all, the others would send air. */
static void padding_is_for_parts_alike(void **state)
{
    (void)state;
    const tally equal = all_rounds((int64_t[]){5000, 5000, 5000, 4900}, 4, 4096);
    assert_true(equal.rounds == 5 && equal.padded == 5);
    const tally uneven = all_rounds((int64_t[]){5000, 10, 10, 10}, 4, 4096);
    assert_true(uneven.padded == 0 && uneven.rounds == 2);   /* once alone, it has the whole slab */
}

/* Parts beyond 31 and 32 bits: nothing wraps. */
static void parts_may_be_huge(void **state)
{
    (void)state;
    const int64_t huge = ((int64_t)5 << 30) + 3;
    const tally t = all_rounds((int64_t[]){huge, 0, huge - 1}, 3, (int64_t)3 << 30);
    assert_true(t.moved[0] == huge && t.moved[1] == 0 && t.moved[2] == huge - 1);
    assert_int_equal(t.rounds, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_travels_once),
        cmocka_unit_test(padding_is_for_parts_alike),
        cmocka_unit_test(parts_may_be_huge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
