"""result_readable.py FILE FACES: reads what result_make wrote, as a user would."""
import sys

import h5py
import numpy as np

n = int(sys.argv[2])
with h5py.File(sys.argv[1], 'r') as f:
    assert list(f['images/path'][:]) == [b'a.jpg', b'caf\xc3\xa9/b.png', b'line\nbreak.jpg', b'not utf-8 \xff.jpg'], f['images/path'][:]
    assert f['images/path'].asstr()[1] == 'café/b.png'
    status = f['images/status']
    assert status.dtype == np.uint8 and list(status[:]) == [0, 1, 2, 0]
    assert h5py.check_enum_dtype(status.dtype) == {'ok': 0, 'no_face': 1, 'corrupt': 2}
    box = f['faces/box']
    assert box.shape == (n, 4) and box.dtype == np.float32 and box.attrs['unit'] == 'pixel'
    assert [d.label for d in box.dims] == ['face', '(x1, y1, x2, y2)']
    embedding = f['faces/embedding']
    assert embedding.shape == (n, 8) and np.array_equal(embedding[:], np.arange(n)[:, None] + np.arange(8) / 8)
    full = f['distances/full']
    assert full.shape == (n, n) and full.dtype == np.float32
    assert np.array_equal(full[:], abs(np.arange(n)[:, None] - np.arange(n)))
    assert f['faces/image'].attrs['CLASS'] == b'DIMENSION_SCALE'
    assert [len(d) for d in full.dims] == [1, 1] and [len(d) for d in embedding.dims] == [1, 0]
    assert full.dims[1][0] == f['faces/image']
    assert f['run'].attrs['model'] == 'none'
    assert f['run'].attrs['inputs'].encode('utf-8', 'surrogateescape') == b'photos/ \xff'
print(n, 'faces read')
