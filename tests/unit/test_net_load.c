/* Networks as files: what is refused, and how it is said. */
#include "net_fixture.h"

static onnx_model one_node(const char *op)
{
    onnx_model m = {0};
    onnx_input(&m, "x", DIMS(1, 2));
    onnx_output(&m, "y");
    onnx_node(&m, op, "x", "y");
    return m;
}

static void refuse_bytes(const void *bytes, size_t n, fd_code code, const char *words)
{
    fd_engine *e = open_engine("ref");
    fd_net *net = NULL;
    assert_fails(fd_net_open(e, bytes, n, &(fd_net_config){.name = "a.onnx"}, &net), code, words);
    assert_null(net);
    fd_engine_close(e);
}

static void not_a_network(void **state)
{
    (void)state;
    static const char page[] = "\n<!DOCTYPE html><html><body>404</body></html>", pointer[] = "version https://git-lfs.github.com/spec/v1\n",
                      zip[] = "PK\x03\x04 archive", text[] = "hello, this is no network";
    refuse_bytes("", 0, FD_FORMAT, "a.onnx: the file is empty");
    refuse_bytes(page, sizeof page - 1, FD_FORMAT, "web page");
    refuse_bytes(pointer, sizeof pointer - 1, FD_FORMAT, "Git LFS");
    refuse_bytes(zip, sizeof zip - 1, FD_FORMAT, "zip archive");
    refuse_bytes(text, sizeof text - 1, FD_FORMAT, "not an ONNX network");
}

static void cut_short_at_every_byte(void **state)
{
    (void)state;
    onnx_model m = one_node("Relu");
    onnx_bytes file = onnx_finish(&m);
    fd_engine *e = open_engine("ref");
    for (size_t n = 0; n < file.n; n++) {
        fd_net *net = NULL;
        fd_error *err = fd_net_open(e, file.at, n, &(fd_net_config){.name = "a.onnx"}, &net);
        assert_non_null(err);
        assert_int_equal(fd_error_code(err), FD_FORMAT);
        fd_error_free(err);
    }
    fd_engine_close(e);
    free(file.at);
}

static void nested_graphs(void **state)
{
    (void)state;
    onnx_bytes inner = {0}, file = {0};
    for (int i = 0; i < 20000; i++) {   /* graph { node { attribute { g { ... */
        onnx_bytes attribute = {0}, node = {0}, graph = {0};
        if (inner.n > 60000)
            break;
        onnx_message(&attribute, 6, &inner);
        onnx_message(&node, 5, &attribute);
        onnx_message(&graph, 1, &node);
        inner = graph;
    }
    onnx_message(&file, 7, &inner);
    refuse_bytes(file.at, file.n, FD_FORMAT, "nested more than");
    free(file.at);
}

static void four_megabytes_of_empty_nodes(void **state)
{
    (void)state;
    onnx_bytes graph = {0}, file = {0};
    for (int i = 0; i < 2 << 20; i++)
        onnx_raw(&graph, "\x0a\x00", 2);
    onnx_message(&file, 7, &graph);
    refuse_bytes(file.at, file.n, FD_FORMAT, "more than 262144 nodes");
    free(file.at);
}

static void unknown_operator_is_named(void **state)
{
    (void)state;
    onnx_model m = one_node("Frobnicate");
    assert_refused(&m, FD_UNSUPPORTED, "test.onnx: node 'make_y' (Frobnicate): operator Frobnicate is not supported");
    m = one_node("Frobnicate");
    onnx_node(&m, "Twist", "x", "z");
    onnx_node(&m, "Relu", "x", "q");
    onnx_bytes file = onnx_finish(&m);
    char *list = NULL;
    assert_ok(fd_net_unsupported(file.at, file.n, &list));
    assert_string_equal(list, "node 'make_y' (Frobnicate)\nnode 'make_z' (Twist)\n");
    free(list);
    free(file.at);
}

static void cycles_and_names(void **state)
{
    (void)state;
    onnx_model m = {0};
    onnx_input(&m, "x", DIMS(1, 2));
    onnx_output(&m, "y");
    onnx_node(&m, "Add", "x,b", "a");
    onnx_node(&m, "Relu", "a", "b");
    onnx_node(&m, "Relu", "b", "y");
    assert_refused(&m, FD_FORMAT, "reads 'b' before any node has made it (a cycle");

    m = one_node("Relu");
    onnx_node(&m, "Tanh", "x", "y");
    assert_refused(&m, FD_FORMAT, "'y' is made twice");

    m = one_node("Relu");
    onnx_node(&m, "Tanh", "nothing", "z");
    assert_refused(&m, FD_FORMAT, "reads 'nothing', which is nowhere in the file");

    m = (onnx_model){0};
    onnx_input(&m, "x", DIMS(1, 2));
    onnx_output(&m, "y");
    onnx_node(&m, "Relu", "x", "z");
    assert_refused(&m, FD_FORMAT, "output 'y' is made by no node");
}

static void wrong_arity(void **state)
{
    (void)state;
    onnx_model m = {0};
    onnx_input(&m, "x", DIMS(1, 2));
    onnx_output(&m, "y");
    onnx_node(&m, "Relu", "x,x", "y");
    assert_refused(&m, FD_FORMAT, "(Relu) has 2 inputs");
    m = (onnx_model){0};
    onnx_input(&m, "x", DIMS(1, 2));
    onnx_output(&m, "y");
    onnx_node(&m, "Add", ",x", "y");
    assert_refused(&m, FD_FORMAT, "input 0 is left out");
}

static void weights(void **state)
{
    (void)state;
    static const struct { int64_t dim; size_t bytes; const char *words; } cases[] = {
        {2, 4, "holds 4 bytes where its shape needs 2 elements of float32"},
        {-3, 8, "negative dimension"},
        {INT64_C(1) << 40, 8, "more than 2^31 elements"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        onnx_model m = one_node("Relu");
        onnx_tensor(&m, "w", 1, 1, &cases[i].dim, FLOATS(1, 2), cases[i].bytes);
        assert_refused(&m, FD_FORMAT, cases[i].words);
    }
    onnx_model m = one_node("Relu");
    onnx_bytes entry = {0}, t = {0};
    onnx_text(&entry, 1, "location");
    onnx_text(&entry, 2, "/etc/passwd");
    onnx_int(&t, 1, 2);
    onnx_int(&t, 2, 1);
    onnx_text(&t, 8, "w");
    onnx_message(&t, 13, &entry);
    onnx_int(&t, 14, 1);
    onnx_message(&m.graph, 5, &t);
    assert_refused(&m, FD_UNSUPPORTED, "tensor 'w' keeps its data in another file");
}

static void inputs(void **state)
{
    (void)state;
    onnx_model m = {0};
    onnx_input(&m, "x", DIMS(-1, 3, -1, -1));
    onnx_output(&m, "y");
    onnx_node(&m, "Relu", "x", "y");
    assert_refused(&m, FD_UNSUPPORTED, "dimension 2 of the network's input is left open");
    m = (onnx_model){0};
    onnx_input(&m, "x", DIMS(-1, -1, -1, -1));
    onnx_output(&m, "y");
    onnx_node(&m, "Relu", "x", "y");
    rig said = rig_open(&m, "ref", (fd_net_config){.batch = 2, .channels = 3, .height = 4, .width = 5});
    assert_shape(fd_net_input(said.net), DIMS(2, 3, 4, 5));
    rig_close(&said);
    m = (onnx_model){0};
    onnx_input(&m, "x", DIMS(1, 3));
    onnx_input(&m, "z", DIMS(1, 3));
    onnx_output(&m, "y");
    onnx_node(&m, "Add", "x,z", "y");
    assert_refused(&m, FD_UNSUPPORTED, "several inputs");
    m = (onnx_model){0};
    onnx_input(&m, "x", DIMS(1 << 20, 1 << 20));
    onnx_output(&m, "y");
    onnx_node(&m, "Relu", "x", "y");
    assert_refused(&m, FD_UNSUPPORTED, "more than 2^31 elements");
    m = one_node("Relu");
    m.opset = 99;
    assert_refused(&m, FD_UNSUPPORTED, "operator set 99");
}

static void bombs(void **state)
{
    (void)state;
    onnx_model m = {0};   /* a few bytes that ask for 2^40 elements, and for 2^30 */
    onnx_input(&m, "x", DIMS(1, 2));
    onnx_output(&m, "y");
    onnx_ints(&m, "s", 2, (const int64_t[]){1 << 20, 1 << 20});
    onnx_node(&m, "Expand", "x,s", "y");
    assert_refused(&m, FD_FORMAT, "does not broadcast");
    m = (onnx_model){0};
    onnx_input(&m, "x", DIMS(1, 1));
    onnx_output(&m, "y");
    onnx_ints(&m, "s", 2, (const int64_t[]){1 << 20, 1 << 20});
    onnx_node(&m, "Expand", "x,s", "y");
    assert_refused(&m, FD_UNSUPPORTED, "more than 2^31 elements");
    m = one_node("Relu");
    onnx_ints(&m, "s", 2, (const int64_t[]){1 << 15, 1 << 15});
    onnx_node(&m, "ConstantOfShape", "s", "z");
    assert_refused(&m, FD_NOMEM, "that loading it may take");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_a_network), cmocka_unit_test(cut_short_at_every_byte), cmocka_unit_test(nested_graphs),
        cmocka_unit_test(four_megabytes_of_empty_nodes), cmocka_unit_test(unknown_operator_is_named), cmocka_unit_test(cycles_and_names),
        cmocka_unit_test(wrong_arity), cmocka_unit_test(weights), cmocka_unit_test(inputs), cmocka_unit_test(bombs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
