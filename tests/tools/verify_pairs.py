#!/usr/bin/env python3
"""verify_pairs.py RESULT.h5 PAIRS.tsv THRESHOLD EXPECTED: accuracy on pairs (image, image, 1 = same) must be within 0.2 points of EXPECTED."""
import os
import sys

import h5py
import numpy as np

result, pairs, threshold, expected = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
with h5py.File(result) as f:
    keys = [k.decode() if isinstance(k, bytes) else k for k in f['images/path'][:]]
    first, e = f['images/first_face'][:], f['faces/embedding'][:]
row = {os.path.basename(k): first[i] for i, k in enumerate(keys)}   # the first face of an image is its largest
right = used = 0
for line in open(pairs):
    if line.startswith('#'):
        continue
    a, b, same = line.rstrip('\n').split('\t')
    i, j = row.get(os.path.basename(a), -1), row.get(os.path.basename(b), -1)
    if i >= 0 and j >= 0:
        used += 1
        right += (np.linalg.norm(e[i] - e[j]) < threshold) == (same == '1')
accuracy = 100 * right / used
print(f'{used} pairs, accuracy {accuracy:.2f} % at {threshold}')
sys.exit(0 if abs(accuracy - expected) <= 0.2 else 1)
