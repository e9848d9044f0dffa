#!/usr/bin/env bash
# Fault 37: images of all sizes, one after another: a rank's resident size does not grow. The target test-soak does it with 10,000 of them on two ranks,
# where from image 1,000 on it must stay within 5 %: 37_memory.sh BIN_DIR SOURCE_DIR 10000 2
images=${3:-400} ranks=${4:-1}
. "$(dirname "$0")/../tools/lib.sh"
[ -z "${FACESDIST_SANITIZED:-}" ] || skip "a sanitizer keeps freed memory"
mkdir in
"$python" - "$photos" "$images" <<'PY'
import sys, os, glob
import numpy as np
from PIL import Image
folder, n = sys.argv[1], int(sys.argv[2])
photographs = [Image.open(p).convert('RGB') for p in sorted(glob.glob(folder + '/people/p0*/1.jpg'))]
random = np.random.default_rng(1)
sizes = [(64 + 37 * k % 900, 48 + 53 * k % 700) for k in range(40)] + [(2400, 1800)]
made = []
for k, (w, h) in enumerate(sizes):
    noise = Image.fromarray(random.integers(0, 256, (h, w, 4), dtype=np.uint8), 'RGBA')
    kinds = [(photographs[k % len(photographs)].resize((w, h)), 'jpg')] * 3 + [(noise.convert('L'), 'jpg'), (noise if k % 2 else noise.convert('RGB'), 'png')]
    image, kind = kinds[k % len(kinds)]
    made.append('made%d.%s' % (k, kind))
    image.save(made[-1])
for k in range(n):
    source = made[k * 17 % len(made)]
    os.link(source, 'in/%06d.%s' % (k, source[-3:]))
PY
launch=()
[ "$ranks" = 1 ] || launch=(mpirun -np "$ranks")
expect 0 "${launch[@]}" facesdist in -o x.h5 --matrix none --threads 1
"$python" - "$images" <<'PY' || die "the resident size grew"
import sys, h5py, numpy as np
images, grew = int(sys.argv[1]), False
f = h5py.File('x.h5')
stage, of, spent = f['run/stages/stage'].asstr()[:], f['run/stages/rank'][:], f['run/stages/seconds'][:]
for rank in range(of.max() + 1):
    seconds = dict(zip(stage[of == rank], spent[of == rank]))
    start = sum(seconds[s] for s in ('names', 'scan', 'start', 'partition'))
    mine = f['run/usage/rank'][:] == rank
    share = (f['run/usage/seconds'][:][mine] - start) / seconds['images']   # of the rank's photographs, as good as
    size = f['run/usage/resident_bytes'][:][mine] / 1e6
    at_work = (share >= 0) & (share <= 1)
    first, later = size[at_work & (share <= (0.1 if images >= 10000 else 0.5))], size[at_work & (share > (0.1 if images >= 10000 else 0.5))]
    print('rank %d: %d images, %d samples: resident %.1f MB at most in the first part, then %.1f to %.1f, in the mean %.1f' %
          (rank, np.sum(at_work) and round(images / (of.max() + 1)), np.sum(at_work), first.max(), later.min(), later.max(), later.mean()))
    grew |= later.max() > 1.05 * first.max() + (0 if images >= 10000 else 8)   # 8 MB: the pools of the C library's threads
raise SystemExit(int(grew))
PY
