#!/usr/bin/env bash
# Fault 28: a NaN or infinite embedding: the face is flagged, keeps its row and its file, and stays out of the distances.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in 1 2 3; do cp "$photos/people/p0$k/1.jpg" in/$k.jpg; done
"$python" "$source_dir/tests/tools/poison_pack.py" "$source_dir/data/pack" pack || die "the pack could not be made"
job in -o x.h5 --model pack --matrix full
"$python" - <<'EOF' || die "an embedding that is not finite was not kept out"
import h5py, numpy as np
f = h5py.File('x.h5')
assert f['faces/box'].shape == (3, 4)
assert (f['faces/valid'][:] == 0).all()
assert np.isnan(f['distances/full'][:]).all()
EOF
says out 'without embedding +3'
# infinite instead: nothing normalises it away
sed -i 's/^normalize *=.*/normalize = none/' pack/pack.ini
job in -o y.h5 --model pack --matrix full --topk 2 --radius 10 --histogram
"$python" - <<'EOF' || die "an infinite embedding was not kept out"
import h5py, numpy as np
f = h5py.File('y.h5')
assert np.isinf(f['faces/embedding'][:]).any(1).all(), f['faces/embedding'][:, :4]
assert (f['faces/valid'][:] == 0).all()
assert np.isnan(f['distances/full'][:]).all()
assert (f['distances/topk/index'][:] == -1).all() and f['distances/radius/indptr'][-1] == 0 and f['distances/histogram'][:].sum() == 0
EOF
