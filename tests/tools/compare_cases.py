"""compare_cases.py EXPECTED: makes, in the current folder, files that differ from EXPECTED in one known way each."""
import shutil
import sys

import h5py
import numpy as np

source = sys.argv[1]


def case(name, run=True, change=None):
    shutil.copyfile(source, name)
    with h5py.File(name, 'r+') as f:
        if run:
            f.create_group('run').attrs['host'] = name
        if change:
            change(f)


def replace(path, values, **more):
    def change(f):
        attributes = dict(f[path].attrs)
        del f[path]
        f.create_dataset(path, data=values, **more).attrs.update(attributes)
    return change


def keep_faces(kept):
    def change(f):
        for name in list(f['faces']):
            replace('faces/' + name, f['faces'][name][:][kept])(f)
    return change


def add(path, where, value):
    def change(f):
        values = f[path][:]
        values[where] += np.asarray(value, values.dtype)
        f[path][:] = values
    return change


def bits(path, index, pattern):
    def change(f):
        values = f[path][:]
        values.view(np.uint32)[index] = pattern
        f[path][:] = values
    return change


def flip(path, index):
    def change(f):
        values = f[path][:]
        values.view(np.uint32)[index] ^= 1
        f[path][:] = values
    return change


def shuffle_images(f):
    """The same images and faces in another order."""
    order = np.random.default_rng(1).permutation(len(f['images/path']))
    new_row = np.argsort(order)
    for name in list(f['images']):
        dtype = f['images'][name].dtype
        replace('images/' + name, f['images'][name][:][order], dtype=dtype)(f)
    f['faces/image'][:] = new_row[f['faces/image'][:]]
    keep_faces(np.random.default_rng(2).permutation(len(f['faces/image'])))(f)


def rename_images(first):
    def change(f):
        paths = f['images/path'][:]
        for i in range(first, len(paths)):
            paths[i] = b'elsewhere/' + paths[i]
        f['images/path'][:] = paths
    return change


with h5py.File(source) as f:
    faces, dim = f['faces/embedding'].shape
    scores, images = f['faces/score'][:], f['faces/image'][:]

case('same.h5')
case('other-run.h5', change=lambda f: f['run'].create_dataset('stages', data=np.arange(3)))
case('plain.h5', run=False)
case('one-bit.h5', change=flip('faces/score', 7))
case('two-boxes.h5', change=add('faces/box', (3, [1, 3]), 0.5))
case('two-boxes-near.h5', change=add('faces/box', (3, [1, 3]), 0.001))
case('nan.h5', change=bits('faces/embedding', (2, 5), 0x7fc00000))
case('other-nan.h5', change=bits('faces/embedding', (2, 5), 0x7fc00001))
case('double.h5', change=replace('faces/score', scores.astype(np.float64)))
case('shorter.h5', change=replace('faces/score', scores[:-1]))
case('more.h5', change=lambda f: f.create_dataset('faces/valid', data=np.ones(faces, np.uint8)))
case('attribute.h5', change=lambda f: f.attrs.modify('made_by', 'another'))
case('renamed.h5', change=rename_images(40))
large = np.zeros((3000000, 2), np.float64)
case('large.h5', change=lambda f: f.create_dataset('large', data=large))
large[-1, 1] = 1e-300
case('large-last.h5', change=lambda f: f.create_dataset('large', data=large))

case('shuffled.h5', run=False, change=shuffle_images)
case('fewer.h5', run=False, change=keep_faces(np.arange(faces) != 4))
case('far.h5', run=False, change=add('faces/box', ([1, 2], 0), 1))
case('turned.h5', run=False, change=add('faces/embedding', (slice(0, 2), 0), 0.2))
case('half-images.h5', run=False, change=rename_images(24))
case('none-in-common.h5', run=False, change=lambda f: f['images/path'].__setitem__(slice(None), [b'x' + p for p in f['images/path'][:]]))
case('statuses.h5', run=False, change=lambda f: f['images/status'].__setitem__(0, 2))
case('no-faces.h5', run=False, change=keep_faces(np.zeros(faces, bool)))
case('no-landmarks.h5', run=False, change=lambda f: f.__delitem__('faces/landmarks'))


def as_others_write(f):
    """Fixed strings, big-endian and wider numbers, compressed chunks."""
    replace('images/path', f['images/path'][:].astype('S64'))(f)
    replace('images/status', f['images/status'][:].astype('>i2'))(f)
    replace('faces/image', f['faces/image'][:].astype('>u2'))(f)
    replace('faces/box', f['faces/box'][:].astype('>f8'))(f)
    replace('faces/embedding', f['faces/embedding'][:], chunks=(7, 128), compression='gzip', shuffle=True)(f)


case('others.h5', run=False, change=as_others_write)
case('claims.h5', run=False, change=replace('faces/image', None, shape=(1 << 40,), dtype='i8', chunks=(1 << 20,)))
images[5] = 1000
case('bad-index.h5', run=False, change=replace('faces/image', images))
with h5py.File('unrelated.h5', 'w') as f:
    f['images/path'] = np.array([b'a'])
with open(source, 'rb') as f, open('heap.h5', 'wb') as g:   # a text whose length runs out of its heap: HDF5 follows it
    whole = bytearray(f.read())
    heap = whole.index(b'GCOL')
    whole[heap + 16 + 8:heap + 16 + 16] = (1 << 40).to_bytes(8, 'little')
    g.write(whole)
with open('text.h5', 'w') as f:
    f.write('not a result\n')
with open(source, 'rb') as f, open('cut.h5', 'wb') as g:
    g.write(f.read()[:-5000])
