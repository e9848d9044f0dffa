/* Which ranks NCCL can join, why it cannot be had, and what of the environment is written down. */
#include <stdlib.h>

#include "check.h"
#include "comm/nccl.h"
#include "run/environment.h"
#include "run/exchange.h"

static void one_whole_gpu_for_each_rank(void **state)
{
    (void)state;
    char why[320] = "";
    fd_exchange_end e[3] = {{"n1", "GPU-1", "cuda"}, {"n1", "GPU-2", "cuda"}, {"n2", "GPU-3", "cuda"}};
    assert_true(fd_exchange_possible(e, 3, why, sizeof why));
    assert_true(fd_exchange_possible(e, 1, why, sizeof why));
    strcpy(e[2].uuid, "GPU-2");
    assert_false(fd_exchange_possible(e, 3, why, sizeof why));
    assert_string_equal(why, "ranks 1 and 2 (n2) share one GPU, GPU-2, and NCCL takes one for each rank");
    strcpy(e[2].uuid, "MIG-3");
    assert_false(fd_exchange_possible(e, 3, why, sizeof why));
    assert_string_equal(why, "rank 2 (n2) has a slice of a GPU, MIG-3, and NCCL takes whole ones");
    strcpy(e[1].uuid, "");
    strcpy(e[1].engine, "cpu");
    assert_false(fd_exchange_possible(e, 3, why, sizeof why));
    assert_string_equal(why, "rank 1 (n1) computes with engine cpu, on no GPU");
}

static const char *no_uuid(const fd_engine *e)
{
    (void)e;
    return "GPU-1";
}

static void the_environment_is_told(void **state)
{
    (void)state;
    const fd_engine_kind gpu = {.name = "cuda", .uuid = no_uuid}, cpu = {.name = "cpu"};
    const fd_engine on_gpu = {&gpu}, on_cpu = {&cpu};
    fd_string text = {0}, few = {0}, none = {0};
    clearenv();
    assert_ok(fd_environment_text(&none));
    assert_string_equal(none.text, "");
    none.length = 0;
    setenv("NVIDIA_TF32_OVERRIDE", "1", 1);
    setenv("NCCL_DEBUG", "INFO", 1);
    setenv("NVIDIA_OTHER", "1", 1);
    setenv("CUBLAS_EMULATE_SINGLE_PRECISION", "1", 1);
    setenv("NCCL_COMMENT", "two\nlines", 1);
    assert_ok(fd_environment_text(&text));
    assert_string_equal(text.text, "CUBLAS_EMULATE_SINGLE_PRECISION=1\nNCCL_COMMENT=two\\x0Alines\nNCCL_DEBUG=INFO\nNVIDIA_TF32_OVERRIDE=1");
    assert_ok(fd_environment_arithmetic(&on_gpu, &few));
    assert_string_equal(few.text, "CUBLAS_EMULATE_SINGLE_PRECISION=1 NVIDIA_TF32_OVERRIDE=1");
    assert_ok(fd_environment_arithmetic(&on_cpu, &none));
    assert_string_equal(none.text, "");
    free(text.text);
    free(few.text);
    free(none.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_whole_gpu_for_each_rank),
        cmocka_unit_test(the_environment_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
