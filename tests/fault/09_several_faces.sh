#!/usr/bin/env bash
# Fault 9: several faces: kept by the stated rule, in a stable order.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && cp "$photos/group-of-4.jpg" in/
for rule in largest best center all; do
    job in -o $rule.h5 --faces $rule
done
is all.h5 group-of-4.jpg faces 4
"$python" - <<'EOF' || die "a rule chose wrongly"
import h5py, numpy as np
load = lambda n: {k: h5py.File(n + '.h5')['faces/' + k][:] for k in ('box', 'score')}
every = load('all')
b = every['box'].astype(np.float64)
area = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
assert (np.diff(area) <= 0).all(), 'not in order of size'
w, h = h5py.File('all.h5')['images/size'][0]
away = np.hypot((b[:, 0] + b[:, 2]) / 2 - w / 2, (b[:, 1] + b[:, 3]) / 2 - h / 2)
for rule, k in (('largest', 0), ('best', int(every['score'].argmax())), ('center', int(away.argmin()))):
    one = load(rule)
    assert len(one['box']) == 1 and (one['box'][0] == every['box'][k]).all(), rule
EOF
