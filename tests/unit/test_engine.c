/* The registry: which engine a name opens, and what a wrong name says. */
#include "check.h"

#include "engines.h"
#include "engine/op.h"

static const fd_engine_config any = {.isa = "auto"};

static void lane_memory(fd_engine *e, fd_lane *lane)
{
    unsigned char back[1001], sent[1001], zero[1001] = {0};
    void *memory, *scratch;
    assert_ok(e->kind->lane_scratch(lane, 1000, &scratch));
    assert_int_equal((uintptr_t)scratch % 64, 0);
    assert_ok(e->kind->alloc(e, sizeof back, &memory));
    assert_int_equal((uintptr_t)memory % 64, 0);
    assert_ok(e->kind->download(lane, back, memory, sizeof back));
    assert_ok(e->kind->lane_sync(lane));
    assert_memory_equal(back, zero, sizeof back);
    memset(sent, 7, sizeof sent);
    assert_ok(e->kind->upload(lane, memory, sent, sizeof sent));
    assert_ok(e->kind->download(lane, back, memory, sizeof back));
    assert_ok(e->kind->lane_sync(lane));
    assert_memory_equal(back, sent, sizeof back);
    e->kind->release(e, memory);
}

static void every_engine_opens(void **state)
{
    (void)state;
    const char *name;
    for (int i = 0; (name = engine_at(i)); i++) {
        fd_engine *e;
        fd_lane *lane;
        assert_ok(fd_engine_open(name, &any, &e));
        const fd_engine_kind *kind = e->kind;
        assert_string_equal(kind->name, name);
        assert_true(strlen(kind->description(e)) > 0 && strlen(kind->isa(e)) > 0 && strlen(kind->help) > 0);
        assert_ok(fd_lane_open(e, &lane));
        assert_ptr_equal(lane->engine, e);
        lane_memory(e, lane);
        fd_lane_close(lane);
        fd_engine_close(e);
    }
    assert_null(fd_engine_kind_at(-1));
    fd_lane_close(NULL);
    fd_engine_close(NULL);
}

static void automatic_is_the_first_row(void **state)
{
    (void)state;
    fd_engine *e;
    setenv("FACESDIST_EMULATOR", "1", 1);   /* never chosen by auto */
    assert_ok(fd_engine_open("auto", &any, &e));
    assert_true(e->kind->automatic && strcmp(e->kind->isa(e), "emulated") != 0);
    if (strcmp(e->kind->name, "cuda") != 0)
        assert_string_equal(e->kind->name, has_engine("cpu") ? "cpu" : "ref");
    fd_engine_close(e);
}

static void wrong_names_are_refused(void **state)
{
    (void)state;
    fd_engine *e;
    assert_fails(fd_engine_open("cuda:", &any, &e), FD_UNSUPPORTED, "did you mean cuda?");
    assert_fails(fd_engine_open("cuda:x", &any, &e), FD_UNSUPPORTED, "did you mean cuda?");
    assert_fails(fd_engine_open("ref:1", &any, &e), FD_UNSUPPORTED, "no engine called ref:1");
    assert_fails(fd_engine_open("reff", &any, &e), FD_UNSUPPORTED, "did you mean ref?");
    assert_fails(fd_engine_open("\n", &any, &e), FD_UNSUPPORTED, "\\x0");
    assert_null(e);
}

static void instruction_sets(void **state)
{
    (void)state;
    fd_engine *e, *other;
    if (!has_engine("cpu"))
        skip();
    fd_engine_config config = {.isa = "mmx"};
    assert_fails(fd_engine_open("cpu", &config, &e), FD_UNSUPPORTED, "mmx");
    assert_fails(fd_engine_open("auto", &config, &e), FD_UNSUPPORTED, "mmx");   /* not ref instead */
    assert_ok(fd_engine_open("cpu", &any, &e));
    config.isa = e->kind->isa(e);
    assert_ok(fd_engine_open("cpu", &config, &other));
    fd_engine_close(other);
    if (strcmp(config.isa, "sse41") != 0) {   /* oneDNN's limit belongs to the process */
        config.isa = "sse41";
        assert_fails(fd_engine_open("cpu", &config, &other), FD_UNSUPPORTED, "sse41");
    }
    fd_engine_close(e);
}

static void names_of_operators(void **state)
{
    (void)state;
    for (int i = 0; i < FD_OP_KINDS; i++)
        assert_non_null(fd_op_kind_name((fd_op_kind)i));
    assert_string_equal(fd_op_kind_name(FD_OP_CONV), "Conv");
    assert_int_equal(fd_tensor_count(&(fd_tensor){.rank = 3, .dim = {2, 3, 4}}), 24);
    assert_int_equal(fd_tensor_count(&(fd_tensor){.rank = 0}), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_engine_opens),  cmocka_unit_test(automatic_is_the_first_row), cmocka_unit_test(wrong_names_are_refused),
        cmocka_unit_test(instruction_sets), cmocka_unit_test(names_of_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
