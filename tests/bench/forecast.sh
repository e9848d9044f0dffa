#!/usr/bin/env bash
# The time that --forecast tells against that of the run, both here and now: ratios (goal: between a half and two; beside other load
# the processor time tells more, where no matrix is written).
#     bash tests/bench/forecast.sh [BIN_DIR, default build-ci/bin]
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(cd "${1:-$project/build-ci/bin}" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
/usr/bin/python3 - <<'PY'
import numpy as np
r = np.random.default_rng(3)
for n, dim in ((8000, 128), (20000, 128), (30000, 512), (100000, 32)):
    x = r.standard_normal((n, dim), dtype=np.float32)
    np.save('%dx%d.npy' % (n, dim), x / np.linalg.norm(x, axis=1, keepdims=True))
PY
try()
{
    local forecast took
    forecast=$("$bin/facesdist-distances" "$1" --forecast --threads 1 "${@:2}" 2>/dev/null | sed -n 's/^time in all.*(\(.*\) s)$/\1/p')
    TIMEFORMAT='%R %U %S'
    took=$( { time "$bin/facesdist-distances" "$1" -o d.h5 --force --threads 1 -q "${@:2}" 2>/dev/null; } 2>&1 )
    rm -f d.h5
    echo "$forecast $took" | awk -v what="$*" '{ printf "%-60s forecast %6.2f s, run %6.2f s, ratio %.2f (%.2f of its processor time)\n", what, $1, $2, $1 / $2, $1 / ($3 + $4) }'
}
try 20000x128.npy --matrix none --topk 10
try 20000x128.npy --matrix none --topk 10 --precision f32
try 30000x512.npy --matrix none --topk 10
try 100000x32.npy --matrix none --topk 10
try 100000x32.npy --matrix none --topk 100
try 20000x128.npy --matrix none --histogram
try 20000x128.npy --matrix none --radius 1.1
try 8000x128.npy --matrix full
try 8000x128.npy --matrix full --matrix-type f16
try 8000x128.npy --matrix full --compress
