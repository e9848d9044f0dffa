#!/usr/bin/env python3
"""poison_pack.py PACK OUT: the pack, with an embedder whose weights are infinite, so that no embedding is finite."""
import hashlib
import os
import re
import shutil
import struct
import sys

pack, out = sys.argv[1:3]
shutil.copytree(pack, out)


def varint(n):
    b = b''
    while n > 127:
        b, n = b + bytes([n & 127 | 128]), n >> 7
    return b + bytes([n])


def field(number, data):
    """A protobuf field: bytes, or an integer."""
    if isinstance(data, int):
        return varint(number << 3) + varint(data)
    return varint(number << 3 | 2) + varint(len(data)) + data


def info(name, dims):
    shape = b''.join(field(1, field(1, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


ini = open(f'{pack}/pack.ini').read()
dim = int(re.search(r'^dim\s*=\s*(\d+)', ini, re.M)[1])
weights = struct.pack('<f', float('inf')) * dim + bytes(4 * 2 * dim)   # of the first channel alone: no infinities of two signs meet
tensor = field(1, 3) + field(1, dim) + field(2, 1) + field(8, b'w') + field(9, weights)
pool = field(1, b'image') + field(2, b'mean') + field(3, b'pool') + field(4, b'GlobalAveragePool')
flat = field(1, b'mean') + field(2, b'flat') + field(3, b'flatten') + field(4, b'Flatten')
gemm = field(1, b'flat') + field(1, b'w') + field(2, b'embedding') + field(3, b'gemm') + field(4, b'Gemm')
graph = field(1, pool) + field(1, flat) + field(1, gemm) + field(2, b'poison') + field(5, tensor)
graph += field(11, info(b'image', (1, 3, 112, 112))) + field(12, info(b'embedding', (1, dim)))
model = field(1, 6) + field(7, graph) + field(8, field(1, b'') + field(2, 11))
path = os.path.join(out, 'embedder.onnx')
open(path, 'wb').write(model)
ini = re.sub(r'^embedder.onnx *=.*$', 'embedder.onnx = ' + hashlib.sha256(model).hexdigest(), ini, flags=re.M)
open(os.path.join(out, 'pack.ini'), 'w').write(ini)
