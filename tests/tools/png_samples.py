"""PNG to NumPy and back with every sample that a file has (Pillow has no 16-bit colours): gray, gray + alpha, RGB, RGB + alpha of 8 or 16 bits."""
import struct
import zlib

import numpy as np

CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


def write(path, a):
    """a [height][width][channels] of uint8 or uint16."""
    height, width, channels = a.shape
    kind = {v: k for k, v in CHANNELS.items()}[channels]
    rows = a.astype('>u2' if a.dtype == np.uint16 else 'u1').reshape(height, -1).view('u1')
    raw = np.hstack([np.zeros((height, 1), np.uint8), rows]).tobytes()
    chunk = lambda name, data: struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
    with open(path, 'wb') as f:
        f.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8 * a.itemsize, kind, 0, 0, 0)) +
                chunk(b'IDAT', zlib.compress(raw)) + chunk(b'IEND', b''))


def unfilter(kind, row, above, step):
    out = np.zeros(len(row), np.int64)
    for i in range(len(row)):
        a, b, c = (out[i - step] if i >= step else 0), int(above[i]), (int(above[i - step]) if i >= step else 0)
        p = a + b - c
        nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        out[i] = (int(row[i]) + (0, a, b, (a + b) // 2, nearest)[kind]) & 255
    return out.astype(np.uint8)


def read(path):
    data = open(path, 'rb').read()
    at, idat = 8, b''
    while at < len(data):
        n, name = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + n]
        if name == b'IHDR':
            width, height, depth, kind, _, _, interlace = struct.unpack('>IIBBBBB', body)
            assert interlace == 0 and depth in (8, 16) and kind in CHANNELS, (depth, kind, interlace)
        elif name == b'IDAT':
            idat += body
        at += 12 + n
    step = CHANNELS[kind] * depth // 8
    raw = np.frombuffer(zlib.decompress(idat), np.uint8).reshape(height, 1 + width * step)
    rows, above = [], np.zeros(width * step, np.uint8)
    for row in raw:
        above = unfilter(row[0], row[1:], above, step)
        rows.append(above)
    a = np.array(rows).reshape(height, -1)
    return a.view('>u2').astype(np.uint16).reshape(height, width, -1) if depth == 16 else a.reshape(height, width, -1)
