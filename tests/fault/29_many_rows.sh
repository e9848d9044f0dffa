#!/usr/bin/env bash
# Fault 29: more than 46,341 and 65,536 rows: their pairs and places in a matrix are beyond 32 bits. Points on a line, whose neighbours are known.
# Time limit: 600 s
. "$(dirname "$0")/../tools/lib.sh"
"$python" -c "
import numpy as np
x = np.zeros((70001, 4), np.float32)
x[:, 0] = np.arange(70001)
np.save('line.npy', x)"
expect 0 facesdist-distances line.npy -o d.h5 --threads 2 --matrix none --radius 1.5 --histogram
"$python" - <<'PY' || die "wrong neighbours"
import h5py, numpy as np
n = 70001
f = h5py.File('d.h5')['distances']
assert f['histogram'][:].sum() == n * (n - 1) // 2
inner = np.stack([np.arange(n - 2), np.arange(2, n)], 1).ravel()   # of the rows between the ends
indptr, index, distance = f['radius/indptr'][:], f['radius/index'][:], f['radius/distance'][:]
assert indptr[0] == 0 and (indptr[1:-1] == 2 * np.arange(1, n) - 1).all() and indptr[-1] == 2 * (n - 1)
assert index[0] == 1 and (index[1:-1] == inner).all() and index[-1] == n - 2 and (distance == 1).all()
PY
