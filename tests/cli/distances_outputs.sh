#!/usr/bin/env bash
# The distance stage of the main job: nearest faces, pairs within a radius and the histogram beside the matrix, all as an independent computation has
# them; the same bytes for any number of ranks and threads, and with the matrix left out.
. "$(dirname "$0")/../tools/lib.sh"
wanted=(--faces all --topk 5 --radius 1.1 --histogram)
job "$photos" -o one.h5 --matrix full "${wanted[@]}"
says out 'embeddings and distances'
"$python" "$source_dir/tests/tools/distances_oracle.py" one.h5 one.h5 --embeddings /faces/embedding --k 5 --radius 1.1 --matrix || die "the oracle differs"
expect 0 facesdist "$photos" -o threads.h5 --matrix full "${wanted[@]}" --threads 2
same one.h5 threads.h5
for ranks in 1 2 3 4; do
    expect 0 timeout 100 mpirun -np $ranks facesdist "$photos" -o ranks.h5 --matrix full "${wanted[@]}" --threads 1 --force
    same one.h5 ranks.h5
done
# without the matrix the rest is the same, and the file says so by having none
job "$photos" -o none.h5 --matrix none "${wanted[@]}"
"$python" - <<'PY' || die "leaving out the matrix changed the rest"
import h5py, numpy as np
a, b = h5py.File('one.h5'), h5py.File('none.h5')
assert 'full' not in b['distances']
for name in ('topk/index', 'topk/distance', 'radius/indptr', 'radius/index', 'radius/distance', 'histogram'):
    assert a['distances/' + name][()].tobytes() == b['distances/' + name][()].tobytes(), name
PY
# a row is its own nearest where that is asked for
job "$photos" -o self.h5 --matrix none --faces all --topk 5 --include-self
"$python" - <<'PY' || die "--include-self"
import h5py, numpy as np
a, b = h5py.File('none.h5'), h5py.File('self.h5')
i, d = b['distances/topk/index'][:], b['distances/topk/distance'][:]
valid = b['faces/valid'][:] == 1
assert (d[valid, 0] == 0).all() and all(r in i[r][d[r] == 0] for r in np.flatnonzero(valid))
PY
# what is computed from the embeddings may be changed by the run that goes on; a finished result of other outputs is not replaced silently
expect 1 facesdist "$photos" -o self.h5 --matrix none --faces all --topk 6 --threads 1
says err 'topk'
