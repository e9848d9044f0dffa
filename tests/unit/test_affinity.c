/* Cores near a GPU: lists as the kernel writes them, sets that are narrowed and never widened, and the mask of this very process. */
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "run/affinity.h"

static cpu_set_t set_of(const char *list)
{
    cpu_set_t s;
    assert_true(fd_affinity_parse(list, &s));
    return s;
}

static void lists_are_read(void **state)
{
    (void)state;
    cpu_set_t s = set_of("0-3,8,10-11");
    assert_int_equal(CPU_COUNT(&s), 7);
    assert_true(CPU_ISSET(0, &s) && CPU_ISSET(3, &s) && !CPU_ISSET(4, &s) && CPU_ISSET(8, &s) && CPU_ISSET(11, &s));
    s = set_of("5");
    assert_true(CPU_COUNT(&s) == 1 && CPU_ISSET(5, &s));
    s = set_of("7-7,7");
    assert_int_equal(CPU_COUNT(&s), 1);
    s = set_of("1000-99999999999999999999");   /* more than a set holds */
    assert_int_equal(CPU_COUNT(&s), CPU_SETSIZE - 1000);
    static const char *const wrong[] = {"", "\n", ",", "1,", "-1", "3-", "3-1", "1 2", "a", "0-3\n", "0x3", "99999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(fd_affinity_parse(wrong[i], &s));
}

/* For all pairs of sets of four cores: within `own`, never empty, and as large as can be. */
static void never_widened(void **state)
{
    (void)state;
    for (int a = 1; a < 16; a++)
        for (int b = 0; b < 16; b++) {
            cpu_set_t own, near, out;
            CPU_ZERO(&own);
            CPU_ZERO(&near);
            for (int core = 0; core < 4; core++) {
                if (a >> core & 1)
                    CPU_SET(core, &own);
                if (b >> core & 1)
                    CPU_SET(core, &near);
            }
            const fd_nearness got = fd_affinity_narrow(&own, &near, &out);
            assert_int_equal(got, (a & b) == a ? FD_NEAR_ALL : a & b ? FD_NEAR_SOME : FD_NEAR_NONE);
            for (int core = 0; core < 4; core++)
                assert_int_equal(CPU_ISSET(core, &out) != 0, ((a & b ? a & b : a) >> core) & 1);
        }
}

static char folder[64];

/* DEVICES/ADDRESS/local_cpulist with this text. */
static void write_list(const char *address, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, address);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/local_cpulist", folder, address);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void remove_list(const char *address)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s/local_cpulist", folder, address);
    unlink(path);
    snprintf(path, sizeof path, "%s/%s", folder, address);
    rmdir(path);
}

static void files_are_read(void **state)
{
    (void)state;
    cpu_set_t s, wanted = set_of("16-31,48-63");
    write_list("0000:3b:00.0", "16-31,48-63\n");
    write_list("0001:03:00.0", "\n");   /* a kernel that does not know */
    assert_true(fd_affinity_near(folder, "0000:3b:00.0", &s));
    assert_true(CPU_EQUAL(&s, &wanted));
    assert_false(fd_affinity_near(folder, "0001:03:00.0", &s));
    assert_false(fd_affinity_near(folder, "0000:00:00.0", &s));
    remove_list("0000:3b:00.0");
    remove_list("0001:03:00.0");
}

static void the_mask_of_this_process(void **state)
{
    (void)state;
    cpu_set_t before, after;
    char text[32];
    int first = 0, far = 0;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    while (!CPU_ISSET(first, &before))
        first++;
    while (far < CPU_SETSIZE - 1 && CPU_ISSET(far, &before))
        far++;
    snprintf(text, sizeof text, "%d\n", far);
    write_list("0000:01:00.0", text);   /* none of this process's: kept, with a warning */
    fd_affinity_apply(folder, "0000:01:00.0");
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
    snprintf(text, sizeof text, "%d,%d\n", first < far ? first : far, first < far ? far : first);
    write_list("0000:02:00.0", text);   /* one of them */
    fd_affinity_apply(folder, "0000:02:00.0");
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_COUNT(&after) == 1 && CPU_ISSET(first, &after));
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    fd_affinity_apply(folder, "");   /* an engine without an address */
    fd_affinity_apply(folder, "0000:09:00.0");
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
    remove_list("0000:01:00.0");
    remove_list("0000:02:00.0");
}

int main(void)
{
    snprintf(folder, sizeof folder, "/tmp/affinityXXXXXX");
    if (!mkdtemp(folder))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(never_widened),
        cmocka_unit_test(files_are_read),
        cmocka_unit_test(the_mask_of_this_process),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
