/* Which GPU a rank takes, for every small number of ranks and GPUs. */
#include "check.h"

#include "run/device.h"

static void each_rank_has_its_own(void **state)
{
    (void)state;
    for (int devices = 2; devices <= 8; devices++)
        for (int ranks = 1; ranks <= 10; ranks++)
            for (int rank = 0; rank < ranks; rank++) {
                const fd_device_place p = {rank, ranks, devices, false};
                int device = -1, sharers = -1;
                if (rank >= devices) {
                    assert_fails(fd_device_pick(&p, &device, &sharers), FD_DEVICE, "--share-gpu");
                    continue;
                }
                assert_ok(fd_device_pick(&p, &device, &sharers));
                assert_int_equal(device, rank);
                assert_int_equal(sharers, 1);
            }
}

/* A launcher shows each task one GPU; whose it is besides, its UUID tells. */
static void the_only_one_is_taken(void **state)
{
    (void)state;
    for (int ranks = 1; ranks <= 4; ranks++)
        for (int rank = 0; rank < ranks; rank++)
            for (int devices = 0; devices < 2; devices++) {
                int device = -1, sharers = -1;
                assert_ok(fd_device_pick(&(fd_device_place){rank, ranks, devices, false}, &device, &sharers));
                assert_true(device == 0 && sharers == 1);
            }
}

/* No GPU has more ranks than `sharers`, and all have about the same number. */
static void sharing_is_even(void **state)
{
    (void)state;
    for (int devices = 1; devices <= 5; devices++)
        for (int ranks = 1; ranks <= 12; ranks++) {
            int on[5] = {0}, device = -1, sharers = -1;
            for (int rank = 0; rank < ranks; rank++) {
                assert_ok(fd_device_pick(&(fd_device_place){rank, ranks, devices, true}, &device, &sharers));
                assert_in_range(device, 0, devices - 1);
                on[device]++;
            }
            for (int d = 0; d < devices; d++)
                assert_true(on[d] <= sharers && on[d] >= ranks / devices);
        }
}

/* Two ranks with one GPU, or with one slice of it, are told so in words of their own; ranks on processors share nothing. */
static void a_gpu_is_not_taken_twice(void **state)
{
    (void)state;
    fd_device_unit all[4] = {{"n1", "GPU-1"}, {"n1", "GPU-2"}, {"n2", "GPU-3"}, {"n2", "MIG-4"}};
    assert_ok(fd_device_apart(all, 4));
    strcpy(all[2].uuid, "MIG-4");
    assert_fails(fd_device_apart(all, 4), FD_DEVICE, "ranks 2 and 3 (n2) have the same slice of a GPU, MIG-4");
    assert_fails(fd_device_apart(all, 4), FD_DEVICE, "CUDA_VISIBLE_DEVICES");
    strcpy(all[1].uuid, "GPU-1");
    assert_fails(fd_device_apart(all, 4), FD_DEVICE, "ranks 0 and 1 (n1) have the same GPU, GPU-1: start one rank for each GPU");
    assert_ok(fd_device_apart(all, 1));
    memset(all, 0, sizeof all);
    assert_ok(fd_device_apart(all, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rank_has_its_own),
        cmocka_unit_test(the_only_one_is_taken),
        cmocka_unit_test(sharing_is_even),
        cmocka_unit_test(a_gpu_is_not_taken_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
