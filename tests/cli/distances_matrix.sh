#!/usr/bin/env bash
# The matrix as float16 and compressed: each value that of the float32 matrix, rounded once; the same bytes for any number of ranks; every way can be
# interrupted; the main job has the same options.
. "$(dirname "$0")/../tools/lib.sh"
"$python" -c "
import numpy as np
r = np.random.default_rng(21)
x = r.standard_normal((1100, 24), dtype=np.float32)
x[7, 2] = np.nan
x[900] = x[3]
x[1000] *= 1e5            # distances beyond 65504
x[1001:1050] *= 1e-8      # and below the least normal float16
np.save('rows.npy', x)
np.save('queries.npy', x[:70])"
expect 0 facesdist-distances rows.npy -o f32.h5 --matrix full --topk 3
expect 0 facesdist-distances rows.npy --queries queries.npy -o wide.h5 --matrix full
for options in "--matrix-type f16" "--compress" "--matrix-type f16 --compress"; do
    expect 0 facesdist-distances rows.npy -o one.h5 --force --matrix full --topk 3 $options --threads 1
    case $options in *f16*) says err '[0-9]+ distances are beyond float16' ;; esac
    expect 0 timeout 100 mpirun -np 3 facesdist-distances rows.npy -o many.h5 --force --matrix full --topk 3 $options --threads 2
    same one.h5 many.h5
    expect 0 facesdist-distances rows.npy --queries queries.npy -o rectangle.h5 --force --matrix full $options
    "$python" - $options <<'PY' || die "$options: the values are not those of the float32 matrix"
import sys, h5py, numpy as np
half, packed = 'f16' in sys.argv, '--compress' in sys.argv
for name, other in (('f32.h5', 'one.h5'), ('wide.h5', 'rectangle.h5')):
    with h5py.File(name) as a, h5py.File(other) as b:
        want, got = a['distances/full'][:], b['distances/full']
        assert got.dtype == (np.float16 if half else np.float32)
        assert got.chunks == a['distances/full'].chunks and got.shuffle == packed and (got.compression == 'gzip') == packed
        finite = np.clip(want, -65504, 65504).astype(np.float16) if half else want
        assert np.array_equal(got[:], finite, equal_nan=True)
        if half:
            assert int(got.attrs['saturated']) == (np.abs(want) >= 65520).sum() > 0
        if packed:
            assert got.id.get_storage_size() < 0.98 * want.size * got.dtype.itemsize
PY
done
job "$photos" -o plain.h5 --matrix full
job "$photos" -o packed.h5 --matrix full --matrix-type f16 --compress
"$python" - <<'PY' || die "the main job's matrix"
import h5py, numpy as np
a, b = h5py.File('plain.h5')['distances/full'], h5py.File('packed.h5')['distances/full']
assert b.dtype == np.float16 and b.compression == 'gzip' and np.array_equal(b[:], a[:].astype(np.float16), equal_nan=True)
assert b.dims[0][0] == h5py.File('packed.h5')['faces/image']
PY
expect 0 facesdist-compare packed.h5 packed.h5
# the inner product in the main job: a similarity, as an independent computation has it
job "$photos" -o inner.h5 --matrix full --metric inner --topk 3 --histogram
"$python" "$source_dir/tests/tools/distances_oracle.py" inner.h5 inner.h5 --embeddings /faces/embedding --metric inner --k 3 --matrix || die "the oracle differs"
