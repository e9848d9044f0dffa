/* What a GPU tells of itself, with a library made up (tests/nvml). */
#include "check.h"

#include <math.h>

#include "base/file.h"
#include "run/nvml.h"

static const char KNOWN[] = "GPU-656d756c-6174-6564-2064-657669636500";
static char library[4096];

static void a_whole_gpu_tells_all(void **state)
{
    (void)state;
    fd_nvml *n = NULL;
    char words[FD_NVML_HELD];
    assert_ok(fd_nvml_open(library, KNOWN, &n));
    const fd_nvml_sample s = fd_nvml_look(n);
    assert_true(s.percent == 87 && s.memory_bytes == 3.0 * (1 << 30) && s.sm_mhz == 1755 && s.memory_mhz == 2619 && s.celsius == 61);
    assert_string_equal(fd_nvml_held_text(s.held, words), "power, heat");
    assert_string_equal(fd_nvml_driver(n), "999.12.34");
    fd_nvml_close(n);
}

static void a_slice_tells_its_memory_alone(void **state)
{
    (void)state;
    fd_nvml *n = NULL;
    assert_ok(fd_nvml_open(library, "MIG-0", &n));
    const fd_nvml_sample s = fd_nvml_look(n);
    assert_true(s.memory_bytes == 3.0 * (1 << 30) && isnan(s.percent) && isnan(s.sm_mhz) && isnan(s.memory_mhz) && isnan(s.celsius) &&
                s.held == 0);
    fd_nvml_close(n);
}

static void failures_have_reasons(void **state)
{
    (void)state;
    fd_nvml *n = NULL;
    assert_fails(fd_nvml_open("libno-such-thing.so.1", KNOWN, &n), FD_DEVICE, "libno-such-thing.so.1: cannot open");
    assert_fails(fd_nvml_open("libm.so.6", KNOWN, &n), FD_DEVICE, "lacks nvmlInit_v2");
    assert_fails(fd_nvml_open(library, "GPU-unknown", &n), FD_DEVICE, "nvmlDeviceGetHandleByUUID gives error 6: Not Found");
    setenv("FACESDIST_NVML_FAIL", "init", 1);
    assert_fails(fd_nvml_open(library, KNOWN, &n), FD_DEVICE, "nvmlInit_v2 gives error 999");
    unsetenv("FACESDIST_NVML_FAIL");
    assert_null(n);
    fd_nvml_close(n);
    assert_true(isnan(fd_nvml_look(NULL).percent));
}

static void all_reasons_fit(void **state)
{
    (void)state;
    char words[FD_NVML_HELD];
    assert_string_equal(fd_nvml_held_text(0x101, words), "");   /* idle, a display's clock */
    assert_string_equal(fd_nvml_held_text(0x80, words), "power brake");
    fd_nvml_held_text(~(uint64_t)0, words);
    assert_non_null(strstr(words, "clocks as set, power, "));
    assert_string_equal(words + strlen(words) - strlen(", power brake"), ", power brake");
}

int main(void)
{
    char *folder = NULL;
    if (fd_program_folder(&folder))
        return 1;
    snprintf(library, sizeof library, "%s/nvml/libnvidia-ml.so.1", folder);
    free(folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_gpu_tells_all),
        cmocka_unit_test(a_slice_tells_its_memory_alone),
        cmocka_unit_test(failures_have_reasons),
        cmocka_unit_test(all_reasons_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
