#!/usr/bin/env bash
# 70,000 rows: more than 2^31 pairs and 2^32 bytes (fault 29, fault 31). By hand, or as the target test-large: takes 20 GB of disk and some minutes.
. "$(dirname "$0")/../tools/lib.sh"
[ "$(df --output=avail -B1 . | tail -1)" -ge 25000000000 ] || skip "under 25 GB of free disk"
"$python" -c "
import numpy as np
x = np.random.default_rng(8).standard_normal((70000, 8), dtype=np.float32)
x[69999] = x[0]
np.save('rows.npy', x)"
expect 0 facesdist-distances rows.npy -o d.h5 --matrix full --topk 5 --threads 2
cat out
"$python" - <<'PY' || die "sampled rows differ"
import h5py, numpy as np
x = np.load('rows.npy').astype(np.float64)
with h5py.File('d.h5') as f:
    full, index, value = f['distances/full'], f['distances/topk/index'], f['distances/topk/distance']
    assert full.shape == (70000, 70000) and full.id.get_storage_size() > 2 ** 34
    for i in (0, 511, 512, 30678, 46340, 46341, 65535, 65536, 69631, 69632, 69999):
        d = np.sqrt(((x - x[i]) ** 2).sum(axis=1))
        row = full[i]
        assert (np.abs(row - d) <= 2e-5 * d + 2e-6 * d.max()).all() and row[i] == 0, i   # 32 roundings of float32 and the cancellation of near pairs
        column = full[:, i]
        assert (column == row).all(), i
        order = np.lexsort((np.arange(70000), np.where(np.arange(70000) == i, np.inf, d.astype(np.float32))))[:5]
        assert (index[i] == order).all() and (value[i] == d[order].astype(np.float32)).all(), i
    assert full[0, 69999] == 0 and index[0, 0] == 69999
PY
