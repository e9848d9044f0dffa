#!/usr/bin/env python3
"""compare_crops.py RESULT.h5 REFERENCE.h5 MARGIN: /faces/crop of the reference's faces must equal its crops within 1 grey level."""
import sys

import h5py
import numpy as np

result, reference, margin = sys.argv[1:4]
with h5py.File(result) as f, h5py.File(reference) as r:
    text = lambda p: p.decode('utf-8', 'surrogateescape') if isinstance(p, bytes) else p
    rows = {text(p): i for i, p in enumerate(f['images/path'][:])}
    first, count, box = f['images/first_face'][:], f['images/faces'][:], f['faces/box'][:]
    worst = 0
    for k, (path, wanted) in enumerate(zip(r['path'][:], r['box'][:])):
        i = rows[text(path)]
        mine = range(first[i], first[i] + count[i])
        j = min(mine, key=lambda j: np.abs(box[j] - wanted).sum())
        worst = max(worst, np.abs(f['faces/crop'][j].astype(int) - r[f'crop160_margin{margin}'][k]).max())
print(f'margin {margin}: {k + 1} crops, at most {worst} grey levels apart')
sys.exit(0 if worst <= 1 else 1)
