#!/usr/bin/env python3
"""make.py FILE: small networks, one per operator and form, each with an input and what ONNX Runtime makes of it.

FILE is a sequence of cases, each of four parts: name, ONNX file, input and output as .npy; before every part its length (32 bits,
little-endian). Needs numpy, onnx and onnxruntime; 1.31 made operators.cases: make.py operators.cases. Numbers are multiples of 1/8, so
that most results are exact."""
import io
import struct
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

cases = open(sys.argv[1], 'wb')
made = []


def numbers(seed, *shape):
    return (np.random.default_rng(seed).integers(-16, 17, shape) / 8).astype(np.float32)


def npy(array):
    out = io.BytesIO()
    np.save(out, np.asarray(array, order='C'))
    return out.getvalue()


def node(op, inputs, outputs, **attributes):
    domain = attributes.pop('domain', None)
    return h.make_node(op, inputs.split(',') if inputs else [], outputs.split(','), domain=domain, **attributes)


def case(name, nodes, shape, weights=None, opset=13, output='y', stated=None, x=None):
    """stated: the input's shape in the file, with names for open dimensions."""
    init = [numpy_helper.from_array(np.asarray(v), k) for k, v in (weights or {}).items()]
    graph = h.make_graph(nodes, name, [h.make_tensor_value_info('x', T.FLOAT, stated or shape)], [h.make_empty_tensor_value_info(output)], init)
    model = h.make_model(graph, opset_imports=[h.make_opsetid('', opset)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model)
    if not model.graph.output[0].type.tensor_type.elem_type:
        model.graph.output[0].type.tensor_type.elem_type = T.FLOAT
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    x = numbers(len(made), *shape) if x is None else x
    y = ort.InferenceSession(model.SerializeToString(), options).run([output], {'x': x})[0]
    del model.graph.value_info[:]
    model.producer_name = ''
    for part in (name.encode(), model.SerializeToString(), npy(x), npy(y)):
        cases.write(struct.pack('<I', len(part)) + part)
    made.append(name)


def one(name, op, shape, weights=None, opset=13, **attributes):
    """One node on x and the weights in their order."""
    case(name, [node(op, ','.join(['x'] + list(weights or {})), 'y', **attributes)], shape, weights, opset)


i64 = lambda *v: np.array(v, np.int64)
f32 = lambda v: np.array(v, np.float32)

# Convolutions
W = lambda *s: numbers(99, *s)
one('conv_plain', 'Conv', (2, 3, 7, 6), {'w': W(4, 3, 3, 3), 'b': W(4)})
one('conv_no_bias_stride_pads', 'Conv', (2, 3, 7, 6), {'w': W(4, 3, 3, 2)}, strides=[2, 3], pads=[1, 0, 2, 1])
one('conv_groups', 'Conv', (2, 6, 5, 5), {'w': W(4, 3, 3, 3), 'b': W(4)}, group=2)
one('conv_depthwise', 'Conv', (2, 20, 6, 6), {'w': W(20, 1, 3, 3), 'b': W(20)}, group=20, pads=[1, 1, 1, 1])
one('conv_depthwise_two_each', 'Conv', (1, 3, 6, 6), {'w': W(6, 1, 3, 3)}, group=3)
one('conv_dilated', 'Conv', (1, 2, 9, 9), {'w': W(3, 2, 3, 3)}, dilations=[2, 3], pads=[2, 3, 2, 3])
one('conv_same_upper', 'Conv', (1, 2, 7, 8), {'w': W(3, 2, 4, 3)}, auto_pad='SAME_UPPER', strides=[2, 2])
one('conv_same_lower', 'Conv', (1, 2, 7, 8), {'w': W(3, 2, 4, 3)}, auto_pad='SAME_LOWER', strides=[2, 2])
one('conv_valid', 'Conv', (1, 2, 7, 8), {'w': W(3, 2, 4, 3)}, auto_pad='VALID')
one('conv_1d', 'Conv', (2, 3, 9), {'w': W(4, 3, 3), 'b': W(4)}, pads=[1, 2], strides=[2])
one('conv_1x1', 'Conv', (2, 19, 5, 4), {'w': W(33, 19, 1, 1), 'b': W(33)})
one('conv_1x7', 'Conv', (1, 4, 5, 9), {'w': W(5, 4, 1, 7)}, pads=[0, 3, 0, 3])
one('conv_opset7', 'Conv', (1, 2, 4, 4), {'w': W(3, 2, 3, 3)}, opset=7, kernel_shape=[3, 3])

# Poolings
for kind in ('Max', 'Average'):
    k = kind.lower()
    one(f'{k}pool', f'{kind}Pool', (2, 3, 7, 8), kernel_shape=[3, 2], strides=[2, 2])
    one(f'{k}pool_ceil', f'{kind}Pool', (1, 2, 7, 8), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    one(f'{k}pool_ceil_pads', f'{kind}Pool', (1, 2, 6, 7), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1)
    one(f'{k}pool_same', f'{kind}Pool', (1, 2, 6, 7), kernel_shape=[3, 3], strides=[2, 2], auto_pad='SAME_UPPER')
    one(f'{k}pool_same_lower', f'{kind}Pool', (1, 2, 6, 7), kernel_shape=[2, 2], auto_pad='SAME_LOWER')
    one(f'{k}pool_1d', f'{kind}Pool', (2, 3, 9), kernel_shape=[3], strides=[2], pads=[1, 1])
    one(f'global_{k}pool', f'Global{kind}Pool', (2, 3, 4, 5))
    one(f'global_{k}pool_1d', f'Global{kind}Pool', (2, 3, 5))
one('averagepool_include_pad', 'AveragePool', (1, 2, 6, 7), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
one('averagepool_include_pad_ceil', 'AveragePool', (1, 2, 6, 8), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1, ceil_mode=1)
one('maxpool_dilated', 'MaxPool', (1, 2, 9, 9), kernel_shape=[2, 2], dilations=[3, 2])
one('maxpool_negative', 'MaxPool', (1, 2, 5, 5), kernel_shape=[3, 3], pads=[1, 1, 1, 1])

# Norms, dense layers
bn = {'s': f32([1, 2, .5]), 'b': f32([0, 1, -1]), 'm': f32([.5, 0, 1]), 'v': f32([1, .25, 4])}
one('batchnorm', 'BatchNormalization', (2, 3, 4, 5), bn, epsilon=1e-3)
one('batchnorm_rank2', 'BatchNormalization', (4, 3), bn)
one('batchnorm_opset15', 'BatchNormalization', (2, 3, 4), bn, opset=15)
one('gemm', 'Gemm', (2, 5), {'w': W(5, 4), 'c': W(4)})
one('gemm_trans_b', 'Gemm', (2, 5), {'w': W(4, 5), 'c': W(4)}, transB=1, alpha=.5, beta=2.)
one('gemm_trans_a', 'Gemm', (5, 2), {'w': W(5, 4)}, transA=1)
one('gemm_scalar_c', 'Gemm', (2, 5), {'w': W(5, 4), 'c': W(1)})
one('gemm_full_c', 'Gemm', (2, 5), {'w': W(5, 4), 'c': W(2, 4)}, beta=.5)
one('gemm_column_c', 'Gemm', (2, 5), {'w': W(5, 4), 'c': W(2, 1)})
case('gemm_activations', [node('Flatten', 'x', 'a'), node('Gemm', 'a,a,c', 'y', transB=1, alpha=.25, beta=.5)], (3, 2, 2), {'c': W(3)})
case('gemm_constant_left', [node('Gemm', 'w,x', 'y')], (5, 2), {'w': W(4, 5)})
one('matmul_2d', 'MatMul', (3, 5), {'w': W(5, 4)})
one('matmul_3d_2d', 'MatMul', (2, 3, 5), {'w': W(5, 4)})
one('matmul_3d_3d', 'MatMul', (2, 3, 5), {'w': W(2, 5, 4)})
one('matmul_broadcast', 'MatMul', (2, 1, 3, 5), {'w': W(3, 5, 4)})
one('matmul_vector', 'MatMul', (2, 3, 5), {'w': W(5)})
case('matmul_constant_left', [node('MatMul', 'w,x', 'y')], (2, 3, 5), {'w': W(4, 3)})
case('matmul_vector_left', [node('MatMul', 'w,x', 'y')], (2, 3, 5), {'w': W(3)})
case('matmul_attention', [node('Transpose', 'x', 't', perm=[0, 2, 1]), node('MatMul', 'x,t', 's'), node('Softmax', 's', 'p'), node('MatMul', 'p,x', 'y')], (2, 3, 4))

# Activations
one('relu', 'Relu', (2, 3, 4))
one('clip_inputs', 'Clip', (2, 3, 4), {'a': f32(-.5), 'b': f32(1)})
one('clip_attributes', 'Clip', (2, 3, 4), opset=10, min=-.5, max=1.)
one('clip_attributes_relu6', 'Clip', (2, 3, 4), opset=7, min=0., max=6.)
case('clip_low_only', [node('Clip', 'x,a', 'y')], (2, 3), {'a': f32(0)})
case('clip_high_only', [node('Clip', 'x,,b', 'y')], (2, 3), {'b': f32(.5)})
case('clip_none', [node('Clip', 'x', 'y')], (2, 3))
for n, s in (('channel', (3, 1, 1)), ('one', (1,)), ('one4', (1, 1, 1, 1)), ('full', (3, 4, 5)), ('last', (5,)), ('batchless', (1, 3, 1, 1)), ('row', (4, 1))):
    one(f'prelu_{n}', 'PRelu', (2, 3, 4, 5), {'s': W(*s)})
one('prelu_rank2', 'PRelu', (4, 3), {'s': W(3)})
one('leakyrelu', 'LeakyRelu', (2, 3, 4), alpha=.125)
one('sigmoid', 'Sigmoid', (2, 3, 4))
one('tanh', 'Tanh', (2, 3, 4))
case('sqrt', [node('Mul', 'x,x', 'a'), node('Sqrt', 'a', 'y')], (2, 3, 4))
one('neg', 'Neg', (2, 3, 4))
one('hardsigmoid', 'HardSigmoid', (2, 3, 4), alpha=.25, beta=.5)
one('hardswish', 'HardSwish', (2, 3, 4), opset=14)

# Arithmetic
for op in ('Add', 'Sub', 'Mul', 'Div'):
    o = op.lower()
    c = np.abs(W(1, 3, 1, 1)) + 1
    one(f'{o}_channel', op, (2, 3, 4, 5), {'c': c})
    case(f'{o}_channel_left', [node(op, 'c,d', 'y'), node('Add', 'a,three', 'd'), node('Mul', 'x,x', 'a')][::-1], (2, 3, 4, 5), {'c': c, 'three': f32(3)})
    one(f'{o}_scalar', op, (2, 3), {'c': f32(4)})
    one(f'{o}_last', op, (2, 3, 4), {'c': np.abs(W(4)) + 1})
    one(f'{o}_grows', op, (2, 1, 4), {'c': np.abs(W(3, 4)) + 1})
    case(f'{o}_two', [node('Relu', 'x', 'a'), node('Add', 'a,one', 'b'), node(op, 'x,b', 'y')], (2, 3, 4, 5), {'one': f32(1)})
    case(f'{o}_gate', [node('GlobalAveragePool', 'x', 'a'), node('Sigmoid', 'a', 'b'), node(op, 'x,b', 'y')], (2, 3, 4, 5))
one('pow_2', 'Pow', (2, 3, 4), {'e': f32(2)})
case('pow_half', [node('Mul', 'x,x', 'a'), node('Pow', 'a,e', 'y')], (2, 3, 4), {'e': f32(.5)})
one('pow_whole', 'Pow', (2, 3), {'e': np.array(2, np.int64)})
case('mul_same', [node('Mul', 'x,x', 'y')], (2, 3))
case('add_same', [node('Add', 'x,x', 'y')], (2, 3))

# Shapes
one('flatten', 'Flatten', (2, 3, 4))
one('flatten_2', 'Flatten', (2, 3, 4), axis=2)
one('flatten_0', 'Flatten', (2, 3, 4), axis=0)
one('flatten_negative', 'Flatten', (2, 3, 4), axis=-1)
one('reshape', 'Reshape', (2, 3, 4), {'s': i64(0, -1)})
one('reshape_rank6', 'Reshape', (2, 4, 4, 4), {'s': i64(0, 2, 2, 2, 2, -1)})
one('reshape_allowzero', 'Reshape', (2, 3, 4), {'s': i64(2, -1, 2)}, opset=14, allowzero=1)
one('squeeze_input', 'Squeeze', (2, 3, 1, 1), {'a': i64(-1, 2)})
one('squeeze_attribute', 'Squeeze', (2, 3, 1, 1), opset=11, axes=[2, 3])
one('squeeze_all', 'Squeeze', (2, 1, 3, 1))
one('unsqueeze_input', 'Unsqueeze', (2, 3), {'a': i64(-1, 1)})
one('unsqueeze_attribute', 'Unsqueeze', (2, 3), opset=11, axes=[0, 3])
one('transpose', 'Transpose', (2, 3, 4, 5), perm=[0, 2, 3, 1])
one('transpose_default', 'Transpose', (2, 3, 4))
one('transpose_trivial', 'Transpose', (2, 3, 1, 1), perm=[0, 3, 1, 2])
one('expand', 'Expand', (2, 1, 4), {'s': i64(3, 1)})
one('expand_grows', 'Expand', (2, 1), {'s': i64(3, 2, 4)})
one('slice_inputs', 'Slice', (2, 6, 7), {'s': i64(1, -5), 'e': i64(5, -1), 'a': i64(1, -1), 't': i64(2, 3)})
one('slice_backwards', 'Slice', (2, 6, 7), {'s': i64(-1, 5), 'e': i64(-100, 1), 'a': i64(2, 1), 't': i64(-1, -2)})
one('slice_all_backwards', 'Slice', (2, 6), {'s': i64(100), 'e': i64(-2**63 + 1), 'a': i64(1), 't': i64(-1)})
one('slice_to_the_end', 'Slice', (2, 6, 7), {'s': i64(2), 'e': i64(2**63 - 1), 'a': i64(2)})
one('slice_attributes', 'Slice', (2, 6, 7), opset=9, starts=[1, 0], ends=[4, -2], axes=[1, 2])
one('slice_no_axes', 'Slice', (2, 6, 7), opset=9, starts=[0, 1], ends=[1, 4])
one('gather', 'Gather', (2, 4, 3), {'i': i64(3, -4, 1, 1)}, axis=1)
one('gather_one', 'Gather', (2, 4, 3), {'i': np.array(-1, np.int64)}, axis=1)
one('gather_matrix', 'Gather', (2, 4, 3), {'i': np.array([[0, 2], [2, 1]], np.int64)}, axis=-1)
one('gather_first', 'Gather', (3, 4), {'i': i64(2, 0)})
one('concat', 'Concat', (2, 3, 4), {'c': W(2, 2, 4)}, axis=1)
case('concat_parts', [node('Relu', 'x', 'a'), node('Neg', 'x', 'b'), node('Concat', 'a,x,b', 'y', axis=-1)], (2, 3, 4))
case('concat_20', [node('Relu', 'x', 'a'), node('Concat', ','.join(['x', 'a'] * 10), 'y', axis=1)], (2, 3, 2, 2))
case('split', [node('Split', 'x,s', 'a,b,c', axis=1), node('Concat', 'c,a,b', 'y', axis=1)], (2, 6, 2), {'s': i64(1, 2, 3)})
case('split_attribute', [node('Split', 'x', 'a,b', axis=1, split=[2, 4]), node('Concat', 'b,a', 'y', axis=1)], (2, 6, 2), opset=11)
case('split_equal', [node('Split', 'x', 'a,b', axis=-1), node('Sub', 'b,a', 'y')], (2, 3, 6))
one('pad_constant', 'Pad', (2, 3, 4, 5), {'p': i64(0, 0, 1, 2, 0, 0, 3, 0), 'v': f32(1.5)})
one('pad_reflect', 'Pad', (2, 3, 4, 5), {'p': i64(0, 0, 1, 2, 0, 0, 3, 4)}, mode='reflect')
one('pad_edge', 'Pad', (2, 3, 4, 5), {'p': i64(0, 1, 1, 2, 0, 0, 3, 4)}, mode='edge')
one('pad_attribute', 'Pad', (2, 3, 4), opset=10, pads=[0, 1, 2, 0, 0, 1], value=-1.)
one('pad_crop', 'Pad', (2, 3, 6), {'p': i64(0, 0, -1, 0, 0, -2)})
case('pad_conv', [node('Pad', 'x,p', 'a'), node('Conv', 'a,w', 'y', strides=[2, 2])], (1, 2, 5, 5), {'p': i64(0, 0, 0, 1, 0, 0, 1, 2), 'w': W(3, 2, 3, 3)})
one('dropout', 'Dropout', (2, 3))
one('identity', 'Identity', (2, 3))
one('cast_float', 'Cast', (2, 3), to=1)

# Along axes
for a in (1, 2, -1):
    one(f'softmax_{a}', 'Softmax', (2, 3, 4), axis=a)
    one(f'softmax_flat_{a}', 'Softmax', (2, 3, 4), opset=11, axis=a)
one('softmax_default', 'Softmax', (2, 3, 4))
one('softmax_flat_default', 'Softmax', (2, 3, 4), opset=9)
one('softmax_large', 'Softmax', (2, 3), {})
for op in ('Mean', 'Sum', 'L2'):
    o = op.lower()
    now = dict(opset=18) if op != 'Sum' else {}
    one(f'reduce_{o}_attribute', f'Reduce{op}', (2, 3, 4, 5), opset=11, axes=[2, 3])
    one(f'reduce_{o}_drop', f'Reduce{op}', (2, 3, 4, 5), opset=11, axes=[-1, 1], keepdims=0)
    one(f'reduce_{o}_input', f'Reduce{op}', (2, 3, 4), {'a': i64(1)}, **now)
    one(f'reduce_{o}_all', f'Reduce{op}', (2, 3, 4), opset=11, keepdims=0)
    one(f'reduce_{o}_pool_drop', f'Reduce{op}', (2, 3, 4, 5), opset=11, axes=[2, 3], keepdims=0)
for p in (1, 2):
    one(f'lpnorm_{p}', 'LpNormalization', (2, 3, 4), axis=1, p=p)
one('lpnorm_default', 'LpNormalization', (2, 5))

# Whole numbers
case('view_like_torch', [node('Shape', 'x', 's'), node('Gather', 's,zero', 'n', axis=0), node('Unsqueeze', 'n,axis', 'n1'), node('Concat', 'n1,rest', 't', axis=0),
                         node('Reshape', 'x,t', 'y')], (2, 3, 4), {'zero': np.array(0, np.int64), 'axis': i64(0), 'rest': i64(-1)}, stated=['n', 3, 4])
case('half_the_channels', [node('Shape', 'x', 's', start=1, end=2), node('Div', 's,two', 'hf'), node('Cast', 'hf', 'f', to=1), node('Cast', 'f', 'g', to=7),
                           node('Slice', 'x,z,g,one', 'y')], (2, 6, 4), {'two': i64(2), 'z': i64(0), 'one': i64(1)}, opset=15)
case('expand_like_torch', [node('Constant', '', 'l', value_ints=[2, 3, -1]), node('Shape', 'l', 's'), node('ConstantOfShape', 's', 'ones', value=numpy_helper.from_array(i64(1))),
                           node('Mul', 'ones,minus', 'm'), node('Equal', 'l,m', 'eq'), node('Where', 'eq,ones,l', 't'), node('Expand', 'x,t', 'y')],
     (2, 1, 4), {'minus': np.array(-1, np.int64)})
case('shuffle', [node('Reshape', 'x,a', 'r'), node('Transpose', 'r', 't', perm=[0, 2, 1, 3, 4]), node('Reshape', 't,b', 'y')], (2, 6, 3, 3), {'a': i64(-1, 2, 3, 3, 3), 'b': i64(-1, 6, 3, 3)})
case('folded_weights', [node('ReduceL2', 'w', 'n', axes=[1], keepdims=1), node('Clip', 'n,eps', 'm'), node('Shape', 'w', 's'), node('Expand', 'm,s', 'e'), node('Div', 'w,e', 'u'),
                        node('Gemm', 'x,u', 'y', transB=1)], (2, 5), {'w': W(4, 5), 'eps': f32(1e-12)})
case('half_weights', [node('Cast', 'w', 'v', to=1), node('Conv', 'x,v', 'y')], (1, 2, 4, 4), {'w': W(3, 2, 3, 3).astype(np.float16)})
case('double_weights', [node('Cast', 'w', 'v', to=1), node('Mul', 'x,v', 'y')], (2, 3), {'w': np.array([1., .5, 3.])})
case('int32_shape', [node('Cast', 's', 't', to=7), node('Reshape', 'x,t', 'y')], (2, 6), {'s': np.array([2, 2, 3], np.int32)})
case('constants', [node('Constant', '', 'a', value_float=2.), node('Constant', '', 'b', value_floats=[1., 2., 3.]), node('Mul', 'x,a', 'm'), node('Add', 'm,b', 'y')], (2, 3))

# What fuses
cw = {'w': W(4, 3, 3, 3), 's': np.abs(W(4)) + 1, 'b': W(4), 'm': W(4), 'v': np.abs(W(4)) + 1}
case('conv_bn_relu', [node('Conv', 'x,w', 'c'), node('BatchNormalization', 'c,s,b,m,v', 'n'), node('Relu', 'n', 'y')], (2, 3, 6, 6), cw)
case('conv_bn_add_relu', [node('Conv', 'x,w', 'c', pads=[1] * 4), node('BatchNormalization', 'c,s,b,m,v', 'n'), node('Conv', 'x,u', 'd'), node('Add', 'n,d', 'a'), node('Relu', 'a', 'y')],
     (2, 3, 6, 6), {**cw, 'u': W(4, 3, 1, 1)})
case('residual_later', [node('Conv', 'x,w', 'c', pads=[1] * 4), node('Mul', 'x,two', 'e'), node('Add', 'c,e', 'a'), node('PRelu', 'a,p', 'y')], (2, 3, 6, 6),
     {'w': W(3, 3, 3, 3), 'two': f32(2), 'p': W(3, 1, 1)})
case('scaled_residual', [node('Conv', 'x,w,b', 'c', pads=[1] * 4), node('Mul', 'c,k', 'd'), node('Add', 'd,x', 'a'), node('Relu', 'a', 'y')], (2, 3, 6, 6),
     {'w': W(3, 3, 3, 3), 'b': W(3), 'k': f32(.125)})
case('conv_read_twice', [node('Conv', 'x,w', 'c'), node('Relu', 'c', 'r'), node('Add', 'c,r', 'y')], (1, 3, 5, 5), {'w': W(4, 3, 3, 3)})
case('bn_before_conv', [node('BatchNormalization', 'x,s,b,m,v', 'n'), node('Conv', 'n,w', 'y', group=2)], (2, 4, 5, 5), {**cw, 'w': W(6, 2, 3, 3)})
case('bn_before_padded_conv', [node('BatchNormalization', 'x,s,b,m,v', 'n'), node('Conv', 'n,w', 'y', pads=[1] * 4)], (2, 4, 5, 5), {**cw, 'w': W(6, 4, 3, 3)})
case('bn_flatten_gemm_bn', [node('BatchNormalization', 'x,s,b,m,v', 'n'), node('Flatten', 'n', 'f'), node('Gemm', 'f,w,q', 'g', transB=1), node('BatchNormalization', 'g,s,b,m,v', 'y')],
     (2, 4, 3, 2), {**cw, 'w': W(4, 24), 'q': W(4)})
case('transpose_flatten_gemm', [node('Transpose', 'x', 't', perm=[0, 3, 2, 1]), node('Flatten', 't', 'f'), node('Gemm', 'f,w', 'g', transB=1), node('PRelu', 'g,p', 'y')], (2, 4, 3, 2),
     {'w': W(5, 24), 'p': W(5)})
case('transpose_softmax_transpose', [node('Conv', 'x,w', 'c'), node('Transpose', 'c', 't', perm=[0, 3, 2, 1]), node('Softmax', 't', 's', axis=3), node('Transpose', 's', 'y', perm=[0, 3, 2, 1])],
     (2, 3, 5, 4), {'w': W(2, 3, 1, 1)}, opset=11)
case('channels_last', [node('Transpose', 'x', 't', perm=[0, 3, 1, 2]), node('Conv', 't,w,b', 'c'), node('Transpose', 'c', 'u', perm=[0, 2, 3, 1]), node('Relu', 'u', 'r'),
                       node('Transpose', 'r', 'v', perm=[0, 3, 1, 2]), node('GlobalAveragePool', 'v', 'g'), node('Squeeze', 'g,a', 'y')], (2, 6, 5, 3),
     {'w': W(4, 3, 3, 3), 'b': W(4), 'a': i64(2, 3)})
case('normalised', [node('ReduceL2', 'x', 'n', axes=[1], keepdims=1), node('Clip', 'n,eps', 'm'), node('Shape', 'x', 's'), node('Expand', 'm,s', 'e'), node('Div', 'x,e', 'y')], (3, 8),
     {'eps': f32(1e-12)}, stated=['n', 8])
case('normalised_by_hand', [node('Pow', 'x,two', 'p'), node('ReduceSum', 'p,a', 's', keepdims=1), node('Sqrt', 's', 'r'), node('Add', 'r,eps', 'q'), node('Div', 'x,q', 'y')], (3, 8),
     {'two': f32(2), 'a': i64(1), 'eps': f32(1e-10)})
case('squeeze_excite', [node('GlobalAveragePool', 'x', 'g'), node('Conv', 'g,u,a', 'h'), node('Relu', 'h', 'i'), node('Conv', 'i,v,b', 'j'), node('HardSigmoid', 'j', 'k'), node('Mul', 'k,x', 'y')],
     (2, 20, 5, 5), {'u': W(8, 20, 1, 1), 'a': W(8), 'v': W(20, 8, 1, 1), 'b': W(20)})
case('layer_norm', [node('ReduceMean', 'x', 'm', axes=[-1]), node('Sub', 'x,m', 'd'), node('Pow', 'd,two', 'q'), node('ReduceMean', 'q', 'v', axes=[-1]), node('Add', 'v,eps', 'e'),
                    node('Sqrt', 'e', 'r'), node('Div', 'd,r', 'n'), node('Mul', 'n,g', 'o'), node('Add', 'o,b', 'y')], (2, 3, 8), {'two': f32(2), 'eps': f32(1e-5), 'g': W(8), 'b': W(8)})
case('input_is_output_reshaped', [node('Reshape', 'x,s', 'y')], (2, 6), {'s': i64(2, 2, 3)})
case('mish_of_conv', [node('Conv', 'x,w', 'c'), node('Sigmoid', 'c', 's'), node('Mul', 'c,s', 'y')], (2, 3, 5, 5), {'w': W(17, 3, 3, 3)})
one('clip_min_above_max', 'Clip', (2, 3), {'a': f32(.5), 'b': f32(-.5)})
print(len(made), 'cases')
