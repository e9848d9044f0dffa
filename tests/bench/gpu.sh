#!/usr/bin/env bash
# What the GPU does, with its name: whole runs against decoding alone, where the time goes, the distance stage. Ratios within one run.
#     bash tests/bench/gpu.sh [--emulator] [BIN_DIR]     # default: build/bin
# FACESDIST_SHARED (default ../shared beside the project): photographs and the pack. SECONDS_EACH (default 60): length of a whole run.
# Exit code 77 where there is no GPU. --emulator: every step on tests/emu and on a few inputs, to see that it runs; its times mean nothing.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
emulator= rows=65536
[ "${1:-}" != --emulator ] || { emulator=1 && shift; }
bin=$(cd "${1:-$project/build/bin}" && pwd)
shared=${FACESDIST_SHARED:-$project/../shared}
seconds=${SECONDS_EACH:-60}
if [ -n "$emulator" ]; then
    export FACESDIST_EMULATOR=1
    seconds=1 rows=300
    nvidia-smi() { echo "an emulator: no GPU, no figures"; }
fi
command -v nvidia-smi > /dev/null && nvidia-smi -L > /dev/null 2>&1 || { echo "SKIP: no GPU"; exit 77; }
[ -d "$shared/data/humans" ] || { echo "SKIP: no photographs in $shared"; exit 77; }
data=$shared/data
export PATH="$bin:$PATH" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
pack=$shared/models/mtcnn-mobilefacenet
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "$emulator" ]; then
    data=$work/data
    for set in humans lfw; do
        mkdir -p "$data/$set"
        find "$shared/data/$set" -name '*.jpg' -size -40k | sort | sed -n 1p | xargs -I{} cp {} "$data/$set"
    done
fi
threads=$(($(nproc) > 2 ? $(nproc) - 2 : 1))
nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader

# now: seconds since some moment
now() { date +%s.%N; }
# rate COUNT BEGIN END
rate() { awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%.1f", n / (b - a) }'; }
# copies SET N: a folder with N links to each photograph of a set
copies()
{
    mkdir "$work/$1-$2"
    for k in $(seq "$2"); do ln -s "$data/$1" "$work/$1-$2/$k"; done
}

echo "== cold start to the first face"
begin=$(now)
facesdist "$(find "$data/humans" -name '*.jpg' | sort | sed -n 1p)" --model "$pack" --device cuda --matrix none -q -o "$work/first.h5"
awk -v a="$begin" -v b="$(now)" 'BEGIN { printf "%.2f s\n", b - a }'

for set in humans lfw; do
    echo "== $set: whole runs, $threads threads"
    n=$(ls "$data/$set" | wc -l) times=1
    while :; do   # twice as many copies until a run takes long enough; the difference of two runs is without start and end
        [ -d "$work/$set-$times" ] || copies "$set" "$times"
        begin=$(now)
        facesdist "$work/$set-$times/"*/ --model "$pack" --device cuda --threads "$threads" --matrix none -q --force -o "$work/$set.h5"
        took=$(awk -v a="$begin" -v b="$(now)" 'BEGIN { print b - a }')
        echo "$((n * times)) photographs: $took s, $(awk -v n="$((n * times))" -v t="$took" 'BEGIN { printf "%.1f", n / t }') a second"
        awk -v t="$took" -v s="$seconds" 'BEGIN { exit !(t >= s) }' && break
        last=$took times=$((times * 2))
    done
    [ "$times" = 1 ] || awk -v n="$((n * times / 2))" -v t="$took" -v l="$last" 'BEGIN { printf "steady: %.1f photographs a second\n", n / (t - l) }'
    echo "decoding alone, $threads processes:"
    begin=$(now)
    find -L "$data/$set" -type f -print0 | xargs -0 -P "$threads" -n 64 decode_dump > /dev/null || true
    echo "$(rate "$n" "$begin" "$(now)") a second"
done

echo "== distances: $rows rows, top 10"
for dim in 128 512; do
    /usr/bin/python3 - "$work/rows.npy" "$dim" "$rows" <<'EOF'
import sys, numpy
rows = numpy.random.default_rng(1).standard_normal((int(sys.argv[3]), int(sys.argv[2])), dtype=numpy.float32)
numpy.save(sys.argv[1], rows / numpy.linalg.norm(rows, axis=1, keepdims=True))
EOF
    for repeat in 1 2 3; do
        begin=$(now)
        facesdist-distances "$work/rows.npy" --device cuda --matrix none --topk 10 -q --force -o "$work/d.h5"
        echo "dim $dim: $(awk -v a="$begin" -v b="$(now)" 'BEGIN { printf "%.3f s, start and file included", b - a }')"
    done
done

echo "== exchange: an all-gather of 256 MB a rank, host memory to host memory; nccl-tests' own, GPU memory to GPU memory, where it is installed"
gpus=$(nvidia-smi -L | grep -c '^GPU' || true)
if [ "$gpus" -lt 2 ] || ! command -v mpirun > /dev/null; then
    echo "not measured: $gpus GPU here, two are needed"
else
    mpirun -np "$gpus" --bind-to none bench_exchange 256 5
    ! command -v all_gather_perf > /dev/null || all_gather_perf -b 256M -e 256M -g "$gpus"
fi
