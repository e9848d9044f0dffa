/* What loading makes of a network: fusion, batches other than the file's, shared outputs, and the plan of memory. */
#include "net/plan.h"
#include "net_fixture.h"

static void layers(onnx_model *m, const float *input, const char *wanted)
{
    rig r = rig_open(m, "ref", (fd_net_config){0});
    char got[512] = "";
    for (int i = 0; i < fd_net_layers(r.net); i++) {
        strcat(got, i ? " " : "");
        strcat(got, fd_net_layer_at(r.net, i).kind);
    }
    assert_string_equal(got, wanted);
    free(rig_run(&r, input, 0));
    rig_close(&r);
}

static void conv_takes_in_its_neighbours(void **state)
{
    (void)state;
    static const float ones[64] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    onnx_model m = {0};
    onnx_input(&m, "x", DIMS(1, 2, 4, 4));
    onnx_output(&m, "y");
    onnx_floats(&m, "w", DIMS(2, 2, 1, 1), ones);
    onnx_floats(&m, "two", DIMS(2), ones);
    onnx_node(&m, "Conv", "x,w", "c");
    onnx_node(&m, "BatchNormalization", "c,two,two,two,two", "n");
    onnx_node(&m, "Add", "x,n", "a");
    onnx_node(&m, "Relu", "a", "r");
    onnx_node(&m, "Dropout", "r", "d");
    onnx_node(&m, "Identity", "d", "y");
    layers(&m, ones, "Conv");

    m = (onnx_model){0};   /* the sum has two readers: nothing may be taken in */
    onnx_input(&m, "x", DIMS(1, 2, 4, 4));
    onnx_output(&m, "y");
    onnx_floats(&m, "w", DIMS(2, 2, 1, 1), ones);
    onnx_node(&m, "Conv", "x,w", "c");
    onnx_node(&m, "Relu", "c", "r");
    onnx_node(&m, "Mul", "r,c", "y");
    layers(&m, ones, "Conv Activation Binary");
}

static void hand_computed(void **state)
{
    (void)state;
    onnx_model m = {0};   /* 2x2 sums with stride 1, then + 1 per output, then the positive part */
    onnx_input(&m, "x", DIMS(1, 1, 3, 3));
    onnx_output(&m, "y");
    onnx_floats(&m, "w", DIMS(2, 1, 2, 2), FLOATS(1, 1, 1, 1, -1, 0, 0, 1));
    onnx_floats(&m, "b", DIMS(2), FLOATS(1, -3));
    onnx_node(&m, "Conv", "x,w,b", "c");
    onnx_node(&m, "Relu", "c", "y");
    assert_gives(&m, FLOATS(1, 2, 3, 4, 5, 6, 7, 8, 9), DIMS(1, 2, 2, 2), FLOATS(13, 17, 25, 29, 1, 1, 1, 1));

    m = (onnx_model){0};   /* transpose, flatten, gemm: the weight picks row 0 of the transposed sample */
    onnx_input(&m, "x", DIMS(2, 2, 3));
    onnx_output(&m, "y");
    onnx_floats(&m, "w", DIMS(2, 6), FLOATS(1, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 100));
    onnx_attr_ints(&m.attributes, "perm", 3, (const int64_t[]){0, 2, 1});
    onnx_node(&m, "Transpose", "x", "t");
    onnx_node(&m, "Flatten", "t", "f");
    onnx_attr_int(&m.attributes, "transB", 1);
    onnx_node(&m, "Gemm", "f,w", "y");
    assert_gives(&m, FLOATS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), DIMS(2, 2), FLOATS(41, 603, 107, 1209));
}

/* x -> its input, the same twice, and a reshape of an output: every output is filled. */
static void outputs_that_share(void **state)
{
    (void)state;
    onnx_model m = {0};
    onnx_input(&m, "x", DIMS(1, 4));
    onnx_output(&m, "same");
    onnx_output(&m, "r");
    onnx_output(&m, "again");
    onnx_output(&m, "shaped");
    onnx_ints(&m, "s", 3, (const int64_t[]){1, 2, 2});
    onnx_node(&m, "Identity", "x", "same");
    onnx_node(&m, "Relu", "x", "r");
    onnx_node(&m, "Identity", "r", "again");
    onnx_node(&m, "Reshape", "r,s", "shaped");
    rig r = rig_open(&m, "ref", (fd_net_config){0});
    static const float x[] = {-1, 2, -3, 4}, positive[] = {0, 2, 0, 4};
    for (int i = 0; i < 4; i++) {
        float *y = rig_run(&r, x, i);
        assert_memory_equal(y, i ? positive : x, sizeof x);
        free(y);
    }
    assert_shape(fd_net_output(r.net, 3), DIMS(1, 2, 2));
    rig_close(&r);
}

static onnx_model fixed_batch(const int64_t *shape, int n)
{
    onnx_model m = {0};
    onnx_input(&m, "x", DIMS(1, 2, 3));
    onnx_output(&m, "y");
    onnx_ints(&m, "s", n, shape);
    onnx_node(&m, "Reshape", "x,s", "y");
    return m;
}

static void another_batch_than_the_file_s(void **state)
{
    (void)state;
    static const int64_t literal[] = {1, 6}, open[] = {1, -1}, merged[] = {6};
    onnx_model m = fixed_batch(literal, 2);
    rig r = rig_open(&m, "ref", (fd_net_config){.batch = 4});
    assert_shape(fd_net_output(r.net, 0), DIMS(4, 6));
    rig_close(&r);
    m = fixed_batch(open, 2);
    r = rig_open(&m, "ref", (fd_net_config){.batch = 4});
    assert_shape(fd_net_output(r.net, 0), DIMS(4, 6));
    rig_close(&r);
    fd_engine *e = open_engine("ref");
    fd_net *net = NULL;
    m = fixed_batch(merged, 1);
    onnx_bytes file = onnx_finish(&m);
    assert_fails(fd_net_open(e, file.at, file.n, &(fd_net_config){.name = "a", .batch = 4}, &net), FD_UNSUPPORTED, "fixes its batch to 1 and does not run with 4");
    free(file.at);
    m = (onnx_model){0};
    onnx_input(&m, "x", DIMS(1, 2));
    onnx_output(&m, "y");
    onnx_attr_ints(&m.attributes, "perm", 2, (const int64_t[]){1, 0});
    onnx_node(&m, "Transpose", "x", "y");
    file = onnx_finish(&m);
    assert_fails(fd_net_open(e, file.at, file.n, &(fd_net_config){.name = "a", .batch = 4}, &net), FD_UNSUPPORTED, "works along the batch");
    assert_ok(fd_net_open(e, file.at, file.n, &(fd_net_config){.name = "a", .batch = 1}, &net));
    fd_net_close(net);
    free(file.at);
    fd_engine_close(e);
}

static void plan_never_overlaps(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 200; round++) {
        fd_array array[40] = {0};
        fd_plan plan = {.array = array, .arrays = 40};
        size_t live[101] = {0}, most = 0;
        for (int i = 0; i < 40; i++) {
            seed = seed * 1664525 + 1013904223;
            array[i] = (fd_array){.same = i, .first = (int)(seed >> 16) % 100, .shape.bytes = (seed >> 8) % 5000 + 1};
            array[i].last = array[i].first + (int)(seed >> 4) % 8;
        }
        assert_ok(fd_plan_place(&plan));
        for (int i = 0; i < 40; i++) {
            assert_int_equal(array[i].offset % FD_ALIGN, 0);
            assert_true(array[i].offset + array[i].shape.bytes <= plan.arena);
            for (int k = array[i].first; k <= array[i].last && k <= 100; k++)
                live[k] += array[i].shape.bytes;
            for (int k = 0; k < i; k++)
                if (array[i].first <= array[k].last && array[k].first <= array[i].last)
                    assert_true(array[i].offset >= array[k].offset + array[k].shape.bytes ||
                                array[k].offset >= array[i].offset + array[i].shape.bytes);
        }
        for (int k = 0; k <= 100; k++)
            most = live[k] > most ? live[k] : most;
        assert_true(plan.arena <= 2 * most + 40 * FD_ALIGN);   /* greedy by size: never seen above 1.3 */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_takes_in_its_neighbours), cmocka_unit_test(hand_computed), cmocka_unit_test(outputs_that_share),
        cmocka_unit_test(another_batch_than_the_file_s), cmocka_unit_test(plan_never_overlaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
