#!/usr/bin/env bash
# Damaged results: HDF5 may crash on them, or never come back; no program does. damaged_results.sh BIN_DIR SOURCE_DIR [SEEDS [FIRST]] tries more of them.
. "$2/tests/tools/lib.sh"
"$python" -c 'import h5py, numpy' 2>/dev/null || skip "no python3-h5py"
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:abort_on_error=1:disable_coredump=1:detect_leaks=0   # HDF5's memory errors are deaths as well; what it loses on a damaged file is its own
mkdir photos
for k in 1 2 3 4; do cp "$photos/people/p0$k/1.jpg" photos/$k.jpg; done
head -c 3000 photos/1.jpg >photos/cut.jpg
job photos --topk 3 --radius 1.1 -o good.h5
"$python" -c 'import h5py, numpy; numpy.save("rows.npy", h5py.File("good.h5")["faces/embedding"][:])'
printf '1.jpg\t2.jpg\t0\n3.jpg\t4.jpg\t0\n1.jpg\t1.jpg\t1\n' >pairs.txt
"$python" "$source_dir/tests/tools/damage.py" "$bin" good.h5 "${4:-2}" "${3:-3}" || die "a damaged result"

# One that never comes back: each program ends, and names the file.
rm -f page.html pairs.h5
lost()
{
    local code=$1
    shift
    LOST_FILE=/good.h5 LOST_SPEED=1000 LD_PRELOAD=$bin/lost.so expect "$code" "$@"
    says err 'good.h5: a damaged HDF5 file: its reader computed for [0-9]+ s without reading on'
}
lost 2 facesdist-compare good.h5 good.h5
lost 1 facesdist-export good.h5 -o faces.csv
lost 1 facesdist-report good.h5 -o page.html
lost 1 facesdist-eval good.h5 pairs.txt
lost 2 facesdist-rerun good.h5
lost 1 facesdist-distances good.h5 --topk 1 --threads 1 -o pairs.h5
lost 1 facesdist-distances rows.npy --topk 1 --threads 1 -o good.h5
lost 1 facesdist photos --threads 1 --update -o good.h5
[ ! -e faces.csv ] && [ ! -e page.html ] && [ ! -e pairs.h5 ] || die "something was written"

# A signal ends it at once, and nothing is left of it.
stopped()
{
    local code=$1
    shift
    rm -f lost.mark
    LOST_FILE=/good.h5 LOST_MARK=$scratch/lost.mark LD_PRELOAD=$bin/lost.so "$@" >out 2>err &
    pid=$!
    until [ -s lost.mark ]; do kill -0 $pid 2>/dev/null || { cat out err; die "it ended before it was lost: $*"; }; sleep 0.01; done
    kill -TERM $pid
    wait $pid
    [ $? = "$code" ] || { cat out err; die "a signal did not give $code: $*"; }
    while kill -0 "$(cat lost.mark)" 2>/dev/null; do sleep 0.01; done
}
stopped 143 facesdist-compare good.h5 good.h5
stopped 75 facesdist-export good.h5 -o faces.csv
stopped 75 facesdist-distances good.h5 --topk 1 --threads 1 -o pairs.h5
stopped 75 facesdist photos --threads 1 --update -o good.h5
[ -z "$(find . -name '*.journal' -o -name '*.tmp' -o -name '.facesdist-*')" ] || die "something is left"
