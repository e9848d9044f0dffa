#!/usr/bin/env bash
# --forecast: the bytes that it tells are those of the file: exact for matrix and nearest, an upper bound for radius and compression. It leaves nothing.
. "$(dirname "$0")/../tools/lib.sh"
"$python" -c "
import numpy as np
r = np.random.default_rng(31)
np.save('small.npy', r.standard_normal((100, 7), dtype=np.float32))
np.save('rows.npy', r.standard_normal((1300, 24), dtype=np.float32))
np.save('queries.npy', r.standard_normal((600, 24), dtype=np.float32))
np.save('none.npy', np.zeros((0, 24), np.float32))"
try()
{
    expect 0 facesdist-distances "$@" --forecast --threads 1
    cp out told
    [ "$(ls -A | grep -c forecast)" = 0 ] || die "the forecast left a file"
    expect 0 facesdist-distances "$@" -o d.h5 --force --threads 1
    "$python" - "$@" <<'PY' || { cat told; die "$*"; }
import os, re, sys, h5py
told = {}
for line in open('told'):
    m = re.match(r'\s*(.*?)\s{2,}(\d+) bytes', line)
    if m:
        told[m[1]] = int(m[2])
with h5py.File('d.h5') as f:
    if 'distances/full' in f:
        full = f['distances/full']
        assert told['matrix (--matrix full)'] == full.nbytes
        if '--compress' in sys.argv:
            assert full.id.get_storage_size() <= told['compressed, at most']
        else:
            assert full.id.get_storage_size() == told['in whole tiles']
    if 'distances/topk' in f:
        assert told['nearest (--topk)'] == sum(f['distances/topk/' + k].id.get_storage_size() for k in ('index', 'distance'))
    if 'distances/radius' in f:
        assert told['radius, at most'] >= sum(f['distances/radius/' + k].id.get_storage_size() for k in ('indptr', 'index', 'distance'))
    if 'distances/histogram' in f:
        assert told['histogram'] == f['distances/histogram'].id.get_storage_size()
size = os.path.getsize('d.h5')
assert size <= told['file, at most'], size
assert '--radius' in sys.argv or '--compress' in sys.argv or told['file, at most'] <= size + (2 << 20), size   # 1 MiB of it for /run
PY
}
try small.npy --matrix full --topk 3
try rows.npy --matrix full --topk 9 --histogram
try rows.npy --matrix full --matrix-type f16
try rows.npy --matrix full --compress
try rows.npy --matrix none --topk 5 --radius 100 --clusters connected
try rows.npy --queries queries.npy --matrix full --topk 20 --radius 5
try none.npy --matrix full --topk 3
