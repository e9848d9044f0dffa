"""What facesdist-export must write, by h5py and Python's own readers.
   make FILE             a result with names, numbers and pairs that are hard to write down
   check FILE FOLDER     FOLDER/TABLE.{csv,jsonl,npy} hold what FILE holds
   large FILE ROWS DIM   embeddings of so many rows"""
import csv
import json
import os
import sys

import h5py
import numpy

NAMES = [b'plain.jpg', b'a,comma.jpg', b'"quoted".jpg', b'"', b'line\nbreak.jpg', b'carriage\rreturn.jpg', b'tab\tand space .jpg', b'caf\xc3\xa9.jpg',
         b'not utf-8 \xff\xfe.jpg', b'overlong \xc0\xaf.jpg', b'surrogate \xed\xa0\x80.jpg', b'cut \xe2\x82', b'back\\slash.jpg', b'\\xFF.jpg',
         b'\x01\x1f\x7f control', b'=1+1', b' ', b'x' * 4000, b'\xf0\x9f\x98\x80.png', b'\xf4\x90\x80\x80 beyond', b'both \xff, "of" them\r\n']
K, DIM = 3, 5


def make(path):
    rng = numpy.random.default_rng(3)
    n = len(NAMES)
    faces = 2 * n + 1
    with h5py.File(path, 'w') as f:
        f.create_dataset('images/path', data=numpy.array(NAMES, dtype=object), dtype=h5py.string_dtype('utf-8'))
        f['images/size'] = rng.integers(0, 5000, (n, 2), dtype='i4')
        f.create_dataset('images/status', data=(numpy.arange(n) % 11).astype('u1'))
        f.create_dataset('images/detail', data=numpy.array(['', 'a "reason", in words'] * n, dtype=object)[:n], dtype=h5py.string_dtype('utf-8'))
        f['images/flags'] = (numpy.arange(n) % 8).astype('u1')
        f['images/sha256'] = rng.integers(0, 256, (n, 32)).astype('u1')
        f['images/duplicate_of'] = numpy.where(numpy.arange(n) % 4 == 3, 0, -1).astype('i8')
        f['faces/image'] = numpy.sort(rng.integers(0, n, faces)).astype('i8')
        odd = numpy.array([0.1, -0.0, 1e-45, 3.4028235e38, 16777217.0, numpy.pi, 1 / 3, -1e10], 'f4')
        f['faces/box'] = numpy.resize(odd, (faces, 4))
        f['faces/landmarks'] = rng.standard_normal((faces, 5, 2)).astype('f4')
        f['faces/score'] = rng.random(faces, dtype='f4')
        f['faces/valid'] = (numpy.arange(faces) % 5 > 0).astype('u1')
        embedding = rng.standard_normal((faces, DIM)).astype('f4')
        embedding[::5] = numpy.nan
        embedding[3, 1], embedding[4, 2] = numpy.inf, -numpy.inf
        f['faces/embedding'] = embedding
        f['clusters/label'] = (numpy.arange(faces) // 3 - 1).astype('i8')
        f['distances/full'] = rng.random((faces, faces), dtype='f4')
        index = rng.integers(0, faces, (faces, K)).astype('i8')
        index[rng.random((faces, K)) < 0.4] = -1
        index[1] = -1
        f['distances/topk/index'] = index
        f['distances/topk/distance'] = numpy.where(index < 0, numpy.nan, rng.random((faces, K))).astype('f4')
        count = rng.integers(0, 4, faces)
        count[:3] = count[-2:] = 0                       # rows without a pair, the first and the last among them
        f['distances/radius/indptr'] = numpy.concatenate([[0], numpy.cumsum(count)]).astype('i8')
        f['distances/radius/index'] = rng.integers(0, faces, count.sum()).astype('i8')
        f['distances/radius/distance'] = rng.random(count.sum(), dtype='f4')


def large(path, rows, dim):
    with h5py.File(path, 'w') as f:
        d = f.create_dataset('faces/embedding', (rows, dim), 'f4')
        for i in range(0, rows, 10000):
            m = min(10000, rows - i)
            d[i:i + m] = numpy.arange(i * dim, (i + m) * dim, dtype='f4').reshape(m, dim)


def tables(f):
    """Of each table its columns: a name, and values by row; bytes, int64 or float32 arrays."""
    names = [n if isinstance(n, bytes) else n.encode('utf-8', 'surrogateescape') for n in f['images/path'][:]]
    n, m = len(names), len(f['faces/image'])
    image = f['faces/image'][:]
    of_face = [names[i] for i in image]
    status = 'ok no_face corrupt truncated unsupported too_large unreadable empty changed special_file out_of_memory'.split()
    yield 'images', {'image': numpy.arange(n), 'path': names, 'size': f['images/size'][:], 'status': [status[s].encode() for s in f['images/status'][:]],
                     'detail': [bytes(d) for d in f['images/detail'][:]], 'flags': f['images/flags'][:], 'sha256': [bytes(h).hex().encode() for h in f['images/sha256'][:]],
                     'duplicate_of': f['images/duplicate_of'][:]}
    yield 'faces', {'face': numpy.arange(m), 'image': image, 'path': of_face, 'box': f['faces/box'][:], 'landmarks': f['faces/landmarks'][:],
                    'score': f['faces/score'][:], 'valid': f['faces/valid'][:], 'cluster': f['clusters/label'][:]}
    yield 'embeddings', {'face': numpy.arange(m), 'image': image, 'path': of_face, 'valid': f['faces/valid'][:], 'embedding': f['faces/embedding'][:]}
    yield 'matrix', {'row': numpy.arange(m), 'path': of_face, 'distance': f['distances/full'][:]}
    index = f['distances/topk/index'][:]
    row, place = numpy.nonzero(index >= 0)
    yield 'topk', pairs(row, index[row, place], f['distances/topk/distance'][:][row, place], of_face)
    row = numpy.repeat(numpy.arange(m), numpy.diff(f['distances/radius/indptr'][:]))
    yield 'radius', pairs(row, f['distances/radius/index'][:], f['distances/radius/distance'][:], of_face)


def pairs(first, second, distance, of_face):
    return {'first': first, 'second': second, 'distance': distance, 'first_path': [of_face[i] for i in first], 'second_path': [of_face[i] for i in second]}


def same(got, wanted):
    """Equal bit for bit, but for which NaN it is."""
    got, wanted = numpy.asarray(got), numpy.asarray(wanted)
    return got.shape == wanted.shape and got.dtype == wanted.dtype and numpy.array_equal(got, wanted, equal_nan=wanted.dtype.kind == 'f') and (
        wanted.dtype.kind != 'f' or numpy.array_equal(numpy.signbit(got[~numpy.isnan(wanted)]), numpy.signbit(wanted[~numpy.isnan(wanted)])))


def typed(column):
    return column if isinstance(column, list) else column.astype('f4' if column.dtype.kind == 'f' else 'i8')


def check_csv(path, columns):
    with open(path, newline='', encoding='utf-8', errors='surrogateescape') as f:
        rows = list(csv.reader(f, strict=True))
    with open(path, 'rb') as f:
        assert f.read().endswith(b'\r\n')
    head, rows = rows[0], rows[1:]
    at = 0
    for name, wanted in columns.items():
        wanted = typed(wanted)
        if isinstance(wanted, list):
            assert head[at] == name, head[at]
            assert [os.fsencode(r[at]) for r in rows] == wanted, name
            at += 1
            continue
        width = int(numpy.prod(wanted.shape[1:]))
        got = numpy.array([[float(v) if wanted.dtype.kind == 'f' else int(v) for v in r[at:at + width]] for r in rows], 'f8' if wanted.dtype.kind == 'f' else 'i8')
        assert same(got.astype(wanted.dtype).reshape(wanted.shape), wanted), name
        at += width
    assert len(head) == at and len(set(head)) == at and all(len(r) == at for r in rows)


def check_json(path, columns):
    with open(path, encoding='utf-8') as f:              # strict: all of it is UTF-8
        rows = [json.loads(line) for line in f.read().split('\n')[:-1]]
    for name, wanted in columns.items():
        wanted = typed(wanted)
        if isinstance(wanted, list):
            for r, w in zip(rows, wanted):
                if name + '_hex' in r:
                    assert bytes.fromhex(r[name + '_hex']) == w and r[name].isprintable()
                    try:
                        w.decode()
                        raise AssertionError('%s needs no _hex' % w)
                    except UnicodeDecodeError:
                        pass
                else:
                    assert r[name].encode() == w, (r[name], w)
            continue
        finite = numpy.isfinite(wanted) if wanted.dtype.kind == 'f' else numpy.ones(wanted.shape, bool)
        got = numpy.array([r[name] for r in rows], object).reshape(wanted.shape)
        assert all((g is None) != ok for g, ok in zip(got.ravel(), finite.ravel())), name
        assert same(numpy.array(got[finite], wanted.dtype), wanted[finite]), name
    known = set(columns) | {c + '_hex' for c in columns}
    assert all(set(r) <= known and set(columns) <= set(r) for r in rows)


def check_npy(path, table, columns, status):
    got = numpy.load(path)                               # allow_pickle is off
    columns = {name: status if name == 'status' else c for name, c in columns.items()}     # as its number
    numbers = {name: typed(c) for name, c in columns.items() if not isinstance(c, list)}
    alone = {'embeddings': 'embedding', 'matrix': 'distance'}.get(table)
    if alone:
        assert same(got, numbers[alone])
        return
    assert list(got.dtype.names) == list(numbers)
    for name, wanted in numbers.items():
        assert same(got[name], wanted), name


def check(path, folder):
    with h5py.File(path, 'r') as f:
        for table, columns in tables(f):
            rows = len(next(iter(columns.values())))
            assert all(len(c) == rows for c in columns.values())
            check_csv('%s/%s.csv' % (folder, table), columns)
            check_json('%s/%s.jsonl' % (folder, table), columns)
            check_npy('%s/%s.npy' % (folder, table), table, columns, f['images/status'][:])
            print(table, rows)


if sys.argv[1] == 'make':
    make(sys.argv[2])
elif sys.argv[1] == 'large':
    large(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    check(sys.argv[2], sys.argv[3])
