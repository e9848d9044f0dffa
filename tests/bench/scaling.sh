#!/usr/bin/env bash
# Two workers against one, and memory over a long run: photographs of SET (default lfw of FACESDIST_SHARED) repeated as links.
#     bash tests/bench/scaling.sh [BIN_DIR, default build-ci/bin]
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(cd "${1:-$project/build-ci/bin}" && pwd)
shared=${FACESDIST_SHARED:-$project/../shared}
[ -d "$shared/data/lfw" ] || { echo "SKIP: no photographs in $shared"; exit 77; }
shared=$(cd "$shared" && pwd)
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# repeat COUNT FOLDER: COUNT links to the set's photographs
repeat()
{
    mkdir "$2"
    local k=0
    while [ $k -lt "$1" ]; do
        for name in "$shared"/data/lfw/*; do
            [ $k -lt "$1" ] || break
            ln -s "$name" "$2/$(printf %06d $k).jpg"
            k=$((k + 1))
        done
    done
}

# measured NAME command...: seconds of the images stage (the slowest rank) and of the whole process
measured()
{
    local name=$1 start
    shift
    start=$(date +%s.%N)
    "$@" -o "$name.h5" --model "$shared/models/mtcnn-mobilefacenet" --matrix none -q >/dev/null
    /usr/bin/python3 - "$name" "$start" <<'EOF'
import sys, time, h5py
f = h5py.File(sys.argv[1] + '.h5')
stage, seconds = f['run/stages/stage'][:], f['run/stages/seconds'][:]
print(max(s for n, s in zip(stage, seconds) if n in (b'images', 'images')), time.time() - float(sys.argv[2]))
EOF
}

repeat 3000 many
read -r one one_whole < <(measured one "$bin/facesdist" many --threads 1)
read -r threads threads_whole < <(measured threads "$bin/facesdist" many --threads 2)
read -r ranks ranks_whole < <(measured ranks mpirun -np 2 "$bin/facesdist" many --threads 1)
awk -v a="$one" -v b="$threads" -v c="$ranks" -v aw="$one_whole" -v bw="$threads_whole" -v cw="$ranks_whole" 'BEGIN {
    printf "3000 images, detect to embed: 1 thread %.2f s, --threads 2 %.2f s, -np 2 %.2f s; ratios %.2f %.2f (goal 1.85)\n", a, b, c, a / b, a / c
    printf "whole run: %.2f s, %.2f s, %.2f s; ratios %.2f %.2f\n", aw, bw, cw, aw / bw, aw / cw }'

repeat 10000 long
"$bin/facesdist" long --threads 2 -o long.h5 --model "$shared/models/mtcnn-mobilefacenet" --matrix none -q >/dev/null
/usr/bin/python3 - <<'EOF'
import h5py
f = h5py.File('long.h5')
seconds, size = f['run/usage/seconds'][:], f['run/usage/resident_bytes'][:] / 1e6
spent = dict(zip(f['run/stages/stage'].asstr()[:], f['run/stages/seconds'][:]))
start = sum(spent[stage] for stage in ('names', 'scan', 'start', 'partition'))
at = lambda share: size[abs(seconds - start - share * spent['images']).argmin()]
print(f"10000 images, two workers, {spent['images']:.0f} s: resident {at(0.1):.1f} MB after 1000, {at(0.5):.1f} after 5000, {at(0.99):.1f} at the end "
      f"({100 * (at(0.99) / at(0.1) - 1):+.1f} %, goal within 5 %)")
EOF
