#!/usr/bin/env bash
# Very many small files: how long a run of FILES pictures of 16x16 pixels (each hundredth has a face, 64x85) takes on RANKS ranks stage by stage, what
# of it is serial, the largest resident size of each rank, and what that makes for 4,096 ranks (the model is the one of README.md, "Many files").
#     bash tests/bench/files.sh [BIN_DIR, default build-ci/bin]
# Environment: FILES (1000000), RANKS (2), FOLDER: where the pictures are made and kept, a file system with FILES inodes and 4 kB for each; without: a
# temporary folder.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(cd "${1:-$project/build-ci/bin}" && pwd)
files=${FILES:-1000000} ranks=${RANKS:-2}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
folder=${FOLDER:-$scratch/in}
free=$(df --output=iavail "$(dirname "$folder")" | tail -1)
[ "$free" -gt "$files" ] || [ -e "$folder/whole" ] || { echo "SKIP: $free inodes free in $(dirname "$folder")"; exit 77; }
[ -e "$folder/whole" ] || /usr/bin/python3 - "$files" "$project/data/photos/people/p01/1.jpg" "$folder" <<'PY'
import io, os, struct, sys, zlib
from PIL import Image
n, photograph, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
start = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 16, 16, 8, 2, 0, 0, 0))
end = chunk(b'IEND', b'')
small = io.BytesIO()
Image.open(photograph).convert('RGB').resize((64, 85)).save(small, 'JPEG', quality=90)
for k in range(n):
    if k % 1000 == 0:
        os.makedirs('%s/%06d' % (folder, k // 1000), exist_ok=True)
    if k % 100 == 50:
        body, kind = small.getvalue() + b'%07d' % k, 'jpg'   # behind the picture's end: no two files are the same
    else:
        row = b'\0' + bytes((k >> shift) & 255 for shift in (0, 8, 16)) * 16
        body, kind = start + chunk(b'IDAT', zlib.compress(row * 16, 1)) + end, 'png'
    with open('%s/%06d/%03d.%s' % (folder, k // 1000, k % 1000, kind), 'wb') as f:
        f.write(body)
open(folder + '/whole', 'w')
PY
cd "$scratch"
mpirun -np "$ranks" sh -c 'echo $$ >rank.$OMPI_COMM_WORLD_RANK; exec "$@"' sh "$bin/facesdist" "$folder" -o x.h5 --threads 1 --matrix none --topk 5 --device cpu >table &
job=$!
while kill -0 $job 2>/dev/null; do   # the kernel keeps the largest size; the last look is the one that counts
    for ((r = 0; r < ranks; r++)); do
        peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$(cat rank.$r 2>/dev/null)/status" 2>/dev/null) && [ -n "$peak" ] && echo "$peak" >peak.$r
    done
    sleep 0.5
done
wait $job
cat table
cat peak.* | awk '{ printf "rank %d: %.0f MB resident at most\n", NR - 1, $1 * 1024 / 1e6 }'
/usr/bin/python3 - <<'PY'
import h5py
f = h5py.File('x.h5')
rank, name = f['run/stages/rank'][:], f['run/stages/stage'].asstr()[:]
seconds, items = f['run/stages/seconds'][:], f['run/stages/items'][:]
n, ranks, faces = len(f['images/path']), rank.max() + 1, len(f['faces/image'])
at = lambda stage: max(s for s, m in zip(seconds, name) if m == stage)
print('\nper file, us, on %d ranks with %d files and %d faces; then for 4,096 ranks and as many files, s' % (ranks, n, faces))
serial = ['names', 'partition', 'assemble', 'write', 'commit']     # by rank 0, or by each rank for all files: ranks do not help
shared = ['scan', 'images', 'exchange', 'distances']
for kind, stages in (('serial', serial), ('shared', shared)):
    for s in stages:
        each = at(s) / n * 1e6
        print('%-7s %-10s %9.2f us   %9.3f s' % (kind, s, each, at(s) if kind == 'serial' else at(s) * ranks / 4096))
PY
