"""page_result.py FILE FACES RANKS: a result as the main job writes it, of no photographs: names of all kinds, duplicates, bad files, clusters."""
import sys

import h5py
import numpy as np

path, n, ranks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(1)
who = random.integers(0, max(1, n // 7), n)
rows = random.standard_normal((n // 7 + 1, 32))[who] + 0.3 * random.standard_normal((n, 32))
rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
images = n + 4 + n // 50
odd = [b'<script>alert(1)</script>.jpg', b'"quotes" & \'more\'.jpg', b'line\nbreak \x01.jpg', b'latin \xe9t\xe9 \xe2\x80\xae.jpg']
names = sorted(odd + [b'folder/%06d.jpg' % i for i in range(images - 4)])
status = np.zeros(images, np.uint8)
bad = [i for i, name in enumerate(names) if name in odd] + [i for i in range(images) if names[i] not in odd][n:]
status[bad] = [2 + k % 2 for k in range(len(bad))]
good = np.flatnonzero(status == 0)
labels, inverse, sizes = np.unique(who, return_inverse=True, return_counts=True)
order = np.argsort(-sizes, kind='stable')
place = np.empty_like(order)
place[order] = np.arange(len(order))
stages = ['names', 'scan', 'start', 'partition', 'images', 'read', 'decode', 'detect', 'embed', 'journal', 'assemble', 'exchange', 'write', 'distances', 'commit']
with h5py.File(path, 'w') as f:
    f['images/path'] = names
    f['images/status'] = status
    f['images/detail'] = [b'' if s == 0 else b'the <file> ends "before" the picture does' for s in status]
    f['images/flags'] = np.zeros(images, np.uint8)
    duplicate = np.full(images, -1, np.int64)
    duplicate[good[5::40]] = good[4::40][:len(good[5::40])]
    f['images/duplicate_of'] = duplicate
    f['faces/image'] = good[:n]
    f['faces/box'] = np.tile(np.float32([10, 10, 90, 90]), (n, 1))
    f['faces/valid'] = (np.arange(n) % 97 != 5).astype(np.uint8)
    f['faces/embedding'] = rows
    f.create_dataset('faces/crop', data=random.integers(0, 255, (n, 8, 6, 3), dtype=np.uint8))
    f['clusters/label'] = place[inverse]
    f['clusters/size'] = sizes[order]
    run = f.create_group('run')
    for key, value in {'program': 'facesdist 0.1.0', 'option metric': 'euclidean', 'model metric': 'euclidean', 'model threshold': '1.1',
                       'host': '<b>host</b>'}.items():
        run.attrs[key] = value
    f['run/stages/rank'] = np.repeat(np.arange(ranks), len(stages))
    f['run/stages/stage'] = [s.encode() for _ in range(ranks) for s in stages]
    for column in ('items', 'seconds', 'bytes'):
        f['run/stages/' + column] = random.random(ranks * len(stages)) * 10
    time = np.sort(random.random((ranks, 200)) * 50, axis=1)
    f['run/usage/rank'] = np.repeat(np.arange(ranks), 200)
    f['run/usage/seconds'] = time.ravel()
    f['run/usage/cpu_seconds'] = (1.5 * time).ravel()
    f['run/usage/resident_bytes'] = 1e8 + 1e6 * time.ravel()
