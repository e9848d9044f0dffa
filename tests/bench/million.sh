#!/usr/bin/env bash
# A million rows of 32 dimensions, each one's 10 nearest, on two ranks of 256 MB: time, pairs a second, and the largest resident size of both ranks in
# sum (goal: under 600 MB); beside it FAISS on a sample of 10,000 queries, one thread, the same run.
#     bash tests/bench/million.sh [BIN_DIR, default build-ci/bin]
# Environment: ROWS (1000000), DIM (32), MEMORY (256M), PEERS: a Python virtual environment with numpy and faiss-cpu (see distances.sh); without: FAISS
# is left out.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(cd "${1:-$project/build-ci/bin}" && pwd)
rows=${ROWS:-1000000} dim=${DIM:-32} memory=${MEMORY:-256M}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
/usr/bin/python3 - "$rows" "$dim" <<'PY'
import sys, numpy as np
n, dim = map(int, sys.argv[1:])
out = np.lib.format.open_memmap('rows.npy', 'w+', np.float32, (n, dim))
r = np.random.default_rng(1)
for at in range(0, n, 65536):
    x = r.standard_normal((min(65536, n - at), dim), dtype=np.float32)
    out[at:at + len(x)] = x / np.linalg.norm(x, axis=1, keepdims=True)
PY
start=$(date +%s.%N)
mpirun -np 2 sh -c 'echo $$ >rank.$OMPI_COMM_WORLD_RANK; exec "$@"' sh "$bin/facesdist-distances" rows.npy -o d.h5 --matrix none --topk 10 --memory "$memory" --threads 1 -q &
job=$!
while kill -0 $job 2>/dev/null; do   # the kernel keeps the largest size; the last look is the one that counts
    for rank in 0 1; do
        peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$(cat rank.$rank 2>/dev/null)/status" 2>/dev/null) && [ -n "$peak" ] && echo "$peak" >peak.$rank
    done
    sleep 0.2
done
wait $job
end=$(date +%s.%N)
cat peak.0 peak.1 | awk -v rows="$rows" -v dim="$dim" -v memory="$memory" -v start="$start" -v end="$end" '
    { sum += $1 * 1024; each = each " " int($1 * 1024 / 1e6) }
    END { seconds = end - start; printf "%d x %d, top-10, 2 ranks, --memory %s: %.1f s, %.0f Mpairs/s, resident at most%s MB, %.0f in sum (goal 600)\n", rows, dim, memory, seconds,
                 rows * (rows - 1) / 2 / seconds / 1e6, each, sum / 1e6 }'
[ -n "${PEERS:-}" ] || PEERS=$project/build/peers
if [ -x "$PEERS/bin/python" ] && "$PEERS/bin/python" -c 'import faiss' 2>/dev/null; then
    "$PEERS/bin/python" - <<'PY'
import time, faiss, h5py, numpy as np
faiss.omp_set_num_threads(1)
x = np.load('rows.npy')
index = faiss.IndexFlatL2(x.shape[1])
index.add(x)
sample = np.random.default_rng(2).choice(len(x), min(10000, len(x)), replace=False)
start = time.time()
index.search(x[sample], 11)
seconds = time.time() - start
print('FAISS IndexFlatL2, 1 thread: %d queries in %.1f s, %.0f Mpairs/s' % (len(sample), seconds, len(sample) * len(x) / seconds / 1e6))
mine = h5py.File('d.h5')
for i in np.sort(sample)[:200]:   # and the answers, by float64
    d = np.sqrt(((x - x[i]).astype(np.float64) ** 2).sum(axis=1)).astype(np.float32)
    d[i] = np.inf
    order = np.lexsort((np.arange(len(x)), d))[:10]
    got = mine['distances/topk/distance'][i]
    assert np.allclose(np.sort(got), d[order], rtol=1e-6), i
print('200 rows checked in float64')
PY
else
    echo "no FAISS: give PEERS"
fi
