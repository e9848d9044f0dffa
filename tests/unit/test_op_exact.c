/* Every kind of operator on small integers whose results were worked out by hand: bit for bit, on every engine in every layout it accepts. */
#include "engines.h"
#include "op_check.h"

enum { MAX = 64 };

/* Runs desc on all engines and compares with `wanted`. */
static void expect(const fd_op_desc *desc, const float *a, const float *b, const float *wanted)
{
    const float *in[FD_MAX_INPUTS] = {a, b};
    const char *name;
    for (int i = 0; (name = engine_at(i)); i++) {
        fd_lane *lane = open_lane(name, "auto");
        const fd_engine_kind *kind = lane->engine->kind;
        for (int layout = FD_PLAIN; layout <= FD_LANES; layout++) {
            float out[MAX];
            if (!kind->op->accepts(lane->engine, desc, (fd_layout)layout))
                continue;
            run_op(lane, (fd_layout)layout, desc, in, out);
            for (int64_t k = 0; k < fd_tensor_count(&desc->output); k++)
                if (!(out[k] == wanted[k]))
                    fail_msg("%s on %s, layout %d: element %d is %g, not %g", desc->name, name, layout, (int)k, (double)out[k],
                             (double)wanted[k]);
        }
        close_lane(lane);
    }
}

#define F(...) ((const float[]){__VA_ARGS__})

static void convolution(void **state)
{
    (void)state;
    fd_op_desc d = {.kind = FD_OP_CONV, .name = "2x2 over 1..9", .inputs = 1, .input = {shape(4, 1, 1, 3, 3)}, .output = shape(4, 1, 1, 2, 2),
                    .kernel = {2, 2}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1, .weight = F(1, 2, 3, 4)};
    const float *x = F(1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(&d, x, NULL, F(37, 47, 67, 77));
    d.bias = F(-50);
    expect(&d, x, NULL, F(-13, -3, 17, 27));
    d.activation = FD_ACT_RELU;
    expect(&d, x, NULL, F(0, 0, 17, 27));
    d.activation = FD_ACT_CLIP, d.low = -5, d.high = 20;
    expect(&d, x, NULL, F(-5, -3, 17, 20));
    d.low = 1;
    expect(&d, x, NULL, F(1, 1, 17, 20));
    d.activation = FD_ACT_LEAKY, d.slope = 2;
    expect(&d, x, NULL, F(-26, -6, 17, 27));
    d.activation = FD_ACT_PRELU, d.slopes = F(-1), d.n_slopes = 1;
    expect(&d, x, NULL, F(13, 3, 17, 27));

    d = (fd_op_desc){.kind = FD_OP_CONV, .name = "dilated by 2, stride 2, one row above, one column behind", .inputs = 1,
                     .input = {shape(4, 1, 1, 3, 3)}, .output = shape(4, 1, 1, 1, 1), .kernel = {2, 2}, .stride = {2, 2}, .dilation = {2, 2},
                     .pad_begin = {1, 0}, .pad_end = {0, 1}, .groups = 1, .weight = F(1, 2, 3, 4)};
    expect(&d, x, NULL, F(3 * 4 + 4 * 6));

    d = (fd_op_desc){.kind = FD_OP_CONV, .name = "3 wide with a border, one row (1-D)", .inputs = 1, .input = {shape(4, 2, 1, 1, 3)},
                     .output = shape(4, 2, 1, 1, 3), .kernel = {1, 3}, .stride = {1, 1}, .dilation = {1, 1}, .pad_begin = {0, 1},
                                                                .pad_end = {0, 1},
                     .groups = 1, .weight = F(1, 10, 100)};
    expect(&d, F(1, 2, 3, 4, 5, 6), NULL, F(210, 321, 32, 540, 654, 65));
}

static void grouped_convolution(void **state)
{
    (void)state;
    fd_op_desc d = {.kind = FD_OP_CONV, .name = "two groups, residual, PReLU", .inputs = 2, .input = {shape(4, 1, 4, 1, 1), shape(4, 1, 2, 1,
                    1)},
                    .output = shape(4, 1, 2, 1, 1), .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 2,
                    .weight = F(1, 10, 100, 1000), .residual = true, .activation = FD_ACT_PRELU, .slopes = F(3, 1), .n_slopes = 2};
    expect(&d, F(1, 2, 3, 4), F(-22, 5), F(-3, 4305));
    d.activation = FD_ACT_RELU;
    expect(&d, F(1, 2, 3, 4), F(-22, 5), F(0, 4305));

    d = (fd_op_desc){.kind = FD_OP_CONV, .name = "depthwise", .inputs = 1, .input = {shape(4, 1, 2, 2, 2)}, .output = shape(4, 1, 2, 1, 1),
                     .kernel = {2, 2}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 2, .weight = F(1, 2, 3, 4, 5, 6, 7, 8), .bias = F(1,
                                -1)};
    expect(&d, F(1, 1, 1, 1, 1, 0, 0, 2), NULL, F(11, 20));

    d = (fd_op_desc){.kind = FD_OP_CONV, .name = "depthwise with two outputs each", .inputs = 1, .input = {shape(4, 1, 2, 1, 1)},
                     .output = shape(4, 1, 4, 1, 1), .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 2, .weight = F(1, 2, 3,
                                                                4)};
    expect(&d, F(10, 100), NULL, F(10, 20, 300, 400));
}

static void products(void **state)
{
    (void)state;
    fd_op_desc d = {.kind = FD_OP_GEMM, .name = "gemm", .inputs = 1, .input = {shape(2, 2, 2)}, .output = shape(2, 2, 3), .bias = F(10, 20, 30),
                    .weight = F(1, 1, 1, -1, 0, 2)};
    expect(&d, F(1, 2, 3, 4), NULL, F(13, 19, 34, 17, 19, 38));
    d.inputs = 2, d.input[1] = d.output, d.residual = true, d.activation = FD_ACT_PRELU, d.slopes = F(1, 2, 3), d.n_slopes = 3;
    expect(&d, F(1, 2, 3, 4), F(0, -20, 0, 0, 0, -40), F(13, -2, 34, 17, 19, -6));

    d = (fd_op_desc){.kind = FD_OP_MATMUL, .name = "matmul", .inputs = 2, .input = {shape(2, 2, 2), shape(2, 2, 2)}, .output = shape(2, 2, 2)};
    expect(&d, F(1, 2, 3, 4), F(1, 0, 1, 1), F(3, 2, 7, 4));
    d.inputs = 1, d.constant[1] = F(1, 0, 1, 1), d.constant_shape = shape(2, 2, 2);
    expect(&d, F(1, 2, 3, 4), NULL, F(3, 2, 7, 4));
    d.constant[1] = NULL, d.constant[0] = F(1, 0, 1, 1);
    expect(&d, F(1, 2, 3, 4), NULL, F(1, 2, 4, 6));
    d = (fd_op_desc){.kind = FD_OP_MATMUL, .name = "matmul, leading axes broadcast", .inputs = 2, .input = {shape(3, 2, 1, 2), shape(4, 2, 1,
                     2, 1)},
                     .output = shape(4, 2, 2, 1, 1)};
    expect(&d, F(1, 2, 3, 4), F(1, 10, 1, -1), F(21, 43, -1, -1));
}

static void pools(void **state)
{
    (void)state;
    fd_op_desc d = {.kind = FD_OP_POOL, .name = "max 2x2, ceil", .inputs = 1, .input = {shape(4, 1, 1, 3, 3)}, .output = shape(4, 1, 1, 2, 2),
                    .kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}, .pool_max = true};
    const float *x = F(-1, -2, -3, -4, -5, -6, -7, -8, -9);
    expect(&d, x, NULL, F(-1, -3, -7, -9));
    d.pool_max = false, d.name = "mean 2x2, ceil";
    expect(&d, x, NULL, F(-3, -4.5f, -7.5f, -9));
    d.count_include_pad = true, d.name = "mean 2x2, ceil: what hangs over is no padding";
    expect(&d, x, NULL, F(-3, -4.5f, -7.5f, -9));
    d = (fd_op_desc){.kind = FD_OP_POOL, .name = "mean 2x2, padded, inside only", .inputs = 1, .input = {shape(4, 1, 1, 2, 2)},
                     .output = shape(4, 1, 1, 2, 2), .kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}, .pad_begin = {1, 1},
                                                                .pad_end = {1, 1}};
    expect(&d, F(4, 8, 12, 16), NULL, F(4, 8, 12, 16));
    d.count_include_pad = true, d.name = "mean 2x2, padding counts";
    expect(&d, F(4, 8, 12, 16), NULL, F(1, 2, 3, 4));
    d = (fd_op_desc){.kind = FD_OP_POOL, .name = "global mean", .inputs = 1, .input = {shape(4, 2, 2, 1, 2)}, .output = shape(4, 2, 2, 1, 1),
                     .kernel = {1, 2}, .stride = {1, 1}, .dilation = {1, 1}};
    expect(&d, F(1, 3, 5, 7, 9, 11, 13, 15), NULL, F(2, 6, 10, 14));
    d = (fd_op_desc){.kind = FD_OP_POOL, .name = "max, dilated", .inputs = 1, .input = {shape(4, 1, 1, 1, 4)}, .output = shape(4, 1, 1, 1, 2),
                     .kernel = {1, 2}, .stride = {1, 1}, .dilation = {1, 2}, .pool_max = true};
    expect(&d, F(4, 9, 3, 1), NULL, F(4, 9));
}

static void elementwise(void **state)
{
    (void)state;
    fd_op_desc d = {.kind = FD_OP_ACTIVATE, .name = "prelu", .inputs = 1, .input = {shape(4, 1, 2, 1, 2)}, .output = shape(4, 1, 2, 1, 2),
                    .activation = FD_ACT_PRELU, .slopes = F(2, -3), .n_slopes = 2};
    expect(&d, F(-1, 1, -2, 2), NULL, F(-2, 1, 6, 2));
    d.activation = FD_ACT_CLIP, d.low = 1, d.high = 2, d.name = "clip";
    expect(&d, F(-1, 1, -2, 3), NULL, F(1, 1, 1, 2));
    d.activation = FD_ACT_SQRT, d.name = "sqrt";
    expect(&d, F(0, 1, 4, 9), NULL, F(0, 1, 2, 3));
    d.activation = FD_ACT_RELU, d.name = "relu of two axes", d.input[0] = d.output = shape(2, 2, 2);
    expect(&d, F(0, 1, -4, 9), NULL, F(0, 1, 0, 9));
    d.activation = FD_ACT_TANH, d.name = "tanh";
    expect(&d, F(0, 0, 0, 0), NULL, F(0, 0, 0, 0));
    d.activation = FD_ACT_SIGMOID, d.name = "sigmoid", d.input[0] = d.output = shape(4, 1, 1, 2, 2);
    expect(&d, F(0, 0, 0, 0), NULL, F(0.5f, 0.5f, 0.5f, 0.5f));
    d = (fd_op_desc){.kind = FD_OP_SCALE, .name = "scale", .inputs = 1, .input = {shape(4, 1, 2, 1, 2)}, .output = shape(4, 1, 2, 1, 2),
                     .scale = F(2, 3), .bias = F(-1, 1)};
    expect(&d, F(1, 2, 3, 4), NULL, F(1, 3, 10, 13));
    d.input[0] = d.output = shape(2, 2, 2), d.name = "scale of two axes";
    expect(&d, F(1, 2, 3, 4), NULL, F(1, 7, 5, 13));
}

static void binaries(void **state)
{
    (void)state;
    fd_op_desc d = {.kind = FD_OP_BINARY, .name = "sub", .inputs = 2, .input = {shape(4, 1, 2, 1, 2), shape(4, 1, 2, 1, 2)},
                    .output = shape(4, 1, 2, 1, 2), .binary = FD_SUB};
    const float *a = F(8, 6, 4, 2), *b = F(1, 2, 4, 8);
    expect(&d, a, b, F(7, 4, 0, -6));
    d.binary = FD_ADD, d.name = "add";
    expect(&d, a, b, F(9, 8, 8, 10));
    d.binary = FD_MUL, d.name = "mul";
    expect(&d, a, b, F(8, 12, 16, 16));
    d.binary = FD_DIV, d.name = "div";
    expect(&d, a, b, F(8, 3, 1, 0.25f));
    d.binary = FD_POW, d.name = "pow";
    expect(&d, a, F(0, 1, 2, 3), F(1, 6, 16, 8));
    d.binary = FD_MUL, d.name = "mul by channel", d.input[1] = shape(4, 1, 2, 1, 1);
    expect(&d, a, F(10, 100), F(80, 60, 400, 200));
    d.name = "mul, both broadcast", d.input[0] = shape(2, 2, 1), d.input[1] = shape(1, 3), d.output = shape(2, 2, 3);
    expect(&d, F(1, 10), F(1, 2, 3), F(1, 2, 3, 10, 20, 30));
    d = (fd_op_desc){.kind = FD_OP_BINARY, .name = "constant minus x", .inputs = 1, .input = {shape(4, 1, 2, 1, 2)}, .output = shape(4, 1, 2,
                     1, 2),
                     .binary = FD_SUB, .constant = {F(1), NULL}, .constant_shape = shape(0)};
    expect(&d, a, NULL, F(-7, -5, -3, -1));
    d.name = "x minus constant", d.constant[0] = NULL, d.constant[1] = F(1);
    expect(&d, a, NULL, F(7, 5, 3, 1));
}

static void moves(void **state)
{
    (void)state;
    const float *x = F(1, 2, 3, 4, 5, 6);
    fd_op_desc d = {.kind = FD_OP_TRANSPOSE, .name = "transpose", .inputs = 1, .input = {shape(2, 2, 3)}, .output = shape(2, 3, 2),
                    .permutation = {1, 0}};
    expect(&d, x, NULL, F(1, 4, 2, 5, 3, 6));
    d = (fd_op_desc){.kind = FD_OP_SLICE, .name = "slice backwards", .inputs = 1, .input = {shape(2, 2, 3)}, .output = shape(2, 1, 2),
                     .start = {1, 2}, .step = {1, -2}};
    expect(&d, x, NULL, F(6, 4));
    d = (fd_op_desc){.kind = FD_OP_EXPAND, .name = "expand", .inputs = 1, .input = {shape(2, 2, 1)}, .output = shape(3, 2, 2, 3)};
    expect(&d, F(1, 2), NULL, F(1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2));
    d = (fd_op_desc){.kind = FD_OP_RESHAPE, .name = "reshape", .inputs = 1, .input = {shape(2, 2, 3)}, .output = shape(3, 3, 1, 2)};
    expect(&d, x, NULL, x);
    d = (fd_op_desc){.kind = FD_OP_CONCAT, .name = "concat", .inputs = 2, .input = {shape(3, 2, 1, 2), shape(3, 2, 1, 1)},
                     .output = shape(3, 2, 1, 3), .axis = 2};
    expect(&d, F(1, 2, 3, 4), F(5, 6), F(1, 2, 5, 3, 4, 6));
    d = (fd_op_desc){.kind = FD_OP_GATHER, .name = "gather", .inputs = 1, .input = {shape(2, 2, 3)}, .output = shape(2, 2, 2), .axis = 1,
                     .indices = (const int64_t[]){2, 0}, .n_indices = 2};
    expect(&d, x, NULL, F(3, 1, 6, 4));
    d = (fd_op_desc){.kind = FD_OP_PAD, .name = "pad", .inputs = 1, .input = {shape(2, 2, 3)}, .output = shape(2, 3, 4), .before = {1, -1},
                     .after = {0, 2}, .pad_value = 9};
    expect(&d, x, NULL, F(9, 9, 9, 9, 2, 3, 9, 9, 5, 6, 9, 9));
    d = (fd_op_desc){.kind = FD_OP_PAD, .name = "reflect", .inputs = 1, .input = {shape(1, 3)}, .output = shape(1, 7), .before = {2},
                     .after = {2},
                     .pad_mode = 1};
    expect(&d, F(1, 2, 3), NULL, F(3, 2, 1, 2, 3, 2, 1));
    d.pad_mode = 2, d.name = "edge";
    expect(&d, F(1, 2, 3), NULL, F(1, 1, 1, 2, 3, 3, 3));
}

static void reductions(void **state)
{
    (void)state;
    fd_op_desc d = {.kind = FD_OP_REDUCE, .name = "sum of the middle", .inputs = 1, .input = {shape(3, 2, 2, 2)}, .output = shape(2, 2, 2),
                    .axes = {false, true, false}, .reduce = FD_REDUCE_SUM};
    const float *x = F(1, 2, 3, 4, 5, 6, 7, 8);
    expect(&d, x, NULL, F(4, 6, 12, 14));
    d.name = "mean of both ends", d.axes[0] = d.axes[2] = true, d.axes[1] = false, d.output = shape(3, 1, 2, 1), d.reduce = FD_REDUCE_MEAN;
    expect(&d, x, NULL, F(3.5f, 5.5f));
    d = (fd_op_desc){.kind = FD_OP_REDUCE, .name = "L2", .inputs = 1, .input = {shape(2, 2, 2)}, .output = shape(2, 2, 1), .axes = {false,
                     true},
                     .reduce = FD_REDUCE_L2};
    expect(&d, F(3, 4, -5, 12), NULL, F(5, 13));
    d = (fd_op_desc){.kind = FD_OP_SOFTMAX, .name = "softmax", .inputs = 1, .input = {shape(3, 1, 2, 2)}, .output = shape(3, 1, 2, 2),
                     .axis = 1};
    expect(&d, F(7, 1000, 7, 1000), NULL, F(0.5f, 0.5f, 0.5f, 0.5f));
    d.flat = true, d.name = "flat softmax";
    expect(&d, F(7, 7, 7, 7), NULL, F(0.25f, 0.25f, 0.25f, 0.25f));
    d = (fd_op_desc){.kind = FD_OP_LPNORM, .name = "l2 norm", .inputs = 1, .input = {shape(2, 2, 2)}, .output = shape(2, 2, 2), .axis = 1,
                     .p = 2};
    expect(&d, F(3, 4, 0, 0), NULL, F(0.6f, 0.8f, 0, 0));
    d.p = 1, d.axis = 0, d.name = "l1 norm";
    expect(&d, F(3, 4, -1, 12), NULL, F(0.75f, 0.25f, -0.25f, 0.75f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolution), cmocka_unit_test(grouped_convolution), cmocka_unit_test(products), cmocka_unit_test(pools),
        cmocka_unit_test(elementwise), cmocka_unit_test(binaries), cmocka_unit_test(moves), cmocka_unit_test(reductions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
