#!/usr/bin/env bash
# Fault 37: images of all sizes, one after another: a rank's resident size does not grow. (10,000 of them: 37_memory.sh BIN_DIR SOURCE_DIR 10000)
images=${3:-400}
. "$(dirname "$0")/../tools/lib.sh"
[ -z "${FACESDIST_SANITIZED:-}" ] || skip "a sanitizer keeps freed memory"
mkdir in
"$python" - "$photos/people/p01/1.jpg" "$images" <<'PY'
import sys, os
from PIL import Image
im, n = Image.open(sys.argv[1]).convert('RGB'), int(sys.argv[2])
sizes = [(64 + 37 * k % 900, 48 + 53 * k % 700) for k in range(40)] + [(2400, 1800)]
for k, s in enumerate(sizes):
    im.resize(s).save('made%d.jpg' % k)
for k in range(n):
    os.link('made%d.jpg' % (k * 17 % len(sizes)), 'in/%06d.jpg' % k)
PY
job in -o x.h5 --matrix none
"$python" - <<'PY' || die "the resident size grew"
import h5py, numpy as np
u = h5py.File('x.h5')['run/usage']
r = u['resident_bytes'][:]
tenth = max(1, len(r) // 10)
early, late = r[tenth:len(r) // 2 + 1].max(), r[len(r) // 2:].max()
print('resident: %.1f MB at most in the first half, %.1f MB in the second (%d samples)' % (early / 1e6, late / 1e6, len(r)))
sys_exit = late > 1.05 * early + 8e6   # 8 MB: the pools of the C library's threads
raise SystemExit(1 if sys_exit else 0)
PY
