#!/usr/bin/env bash
# What to do on a machine with a GPU and little time: steps in the order of their worth, each with a time limit, each result written at once.
#     bash tests/gpu/run.sh [--emulator] [--minutes N] [BIN_DIR [RESULTS_DIR]]     # default: build/bin, gpu-results
# RESULTS_DIR/summary holds a line for each step (ok, FAILED, skipped, late), RESULTS_DIR/NN-name what it said. Exit code 1 where a step failed.
# --emulator rehearses all of it without a GPU: the kernels' tests, a few photographs and the benchmark's steps on tests/emu, whose times mean nothing.
# FACESDIST_SHARED: photographs, model pack and reference outputs; without them parity is a comparison with the CPU on the project's own photographs.
set -uo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
emulator= minutes=25
while [ $# -gt 0 ]; do
    case $1 in
    --emulator) emulator=1 ;;
    --minutes) minutes=$2 && shift ;;
    -*) echo "unknown option $1" >&2 && exit 2 ;;
    *) break ;;
    esac
    shift
done
bin=$(cd "${1:-$project/build/bin}" && pwd) || exit 2
mkdir -p "${2:-gpu-results}" && results=$(cd "${2:-gpu-results}" && pwd) || exit 2
shared=${FACESDIST_SHARED:-$project/../shared}
sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
kind=gpu
if [ -n "$emulator" ]; then
    kind=emu
    export FACESDIST_EMULATOR=1
fi
export PATH="$bin:$PATH" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 project shared bin results kind emulator sanitizer
: > "$results/summary"
number=0 failed=0 end=$(($(date +%s) + minutes * 60))

# step NAME SECONDS COMMAND...: exit code 77 is a skip.
step()
{
    local name=$1 limit=$2 code=0 begin left said verdict
    shift 2
    number=$((number + 1))
    begin=$(date +%s) left=$((end - $(date +%s)))
    said=$results/$(printf %02d "$number")-$name
    if [ "$left" -lt 5 ]; then
        echo "$name: not begun, no time left" >> "$results/summary"
        return
    fi
    timeout -k 5 "$((limit < left ? limit : left))" bash -c "$*" > "$said" 2>&1 || code=$?
    case $code in
    0) verdict=ok ;;
    77) verdict="skipped: $(tail -1 "$said")" ;;
    124 | 137) verdict="late: ended after $((limit < left ? limit : left)) s" failed=1 ;;
    *) verdict="FAILED with $code: $(tail -1 "$said")" failed=1 ;;
    esac
    echo "$name: $verdict ($(($(date +%s) - begin)) s)" | tee -a "$results/summary"
    sync "$results"
}

probe()
{
    [ -n "$emulator" ] || nvidia-smi --query-gpu=name,uuid,driver_version,memory.total,compute_mode,mig.mode.current,clocks.max.sm --format=csv || return 1
    [ -n "$emulator" ] || nvidia-smi -q -d CLOCK,PERFORMANCE | head -60
    nproc
    facesdist --features
    facesdist "$project/data/photos/group-of-2.jpg" --device cuda --matrix none -v -o "$results/probe.h5" --force
}

# parity SET STEP: every STEP-th photograph of a set, on the GPU against the CPU and against the reference; twice on the GPU: the same bytes.
parity()
{
    local folder=$results/photos-$1 pack=$shared/models/mtcnn-mobilefacenet
    rm -rf "$folder" && mkdir "$folder"
    if [ -d "$shared/reference" ]; then
        ls "$shared/data/$1" | awk -v step="$2" 'NR % step == 1 || step == 1' | while IFS= read -r name; do ln -s "$shared/data/$1/$name" "$folder/$name"; done
    else
        [ "$1" = humans ] || { echo "no photographs in $shared"; return 77; }
        cp "$project"/data/photos/*.jpg "$folder" && pack=$project/data/pack
    fi
    /usr/bin/python3 "$project/tests/gpu/parity.py" "$bin" --model "$pack" --keep "$results/$1" "$folder" || return 1
    facesdist "$folder" --model "$pack" --faces all --matrix none --device cuda -o "$results/$1-again.h5" --force || return 1
    facesdist-compare "$results/$1/cuda.h5" "$results/$1-again.h5" || return 1
    facesdist-compare --tolerance "$results/$1/cuda.h5" "$results/$1/cpu.h5" || return 1
    [ "$2" != 1 ] || [ ! -f "$shared/reference/$1.h5" ] || facesdist-compare "$results/$1/cuda.h5" "$shared/reference/$1.h5"
}

# The exchange by NCCL: begun, used and ended with one rank; by two where there are two GPUs; and where two ranks have but one, refused in words.
exchange()
{
    local photos=("$project"/data/photos/people/p0[12]/1.jpg) one=$results/exchange-one.h5 gpus=1
    facesdist "${photos[@]}" --device cuda --exchange mpi -o "$one" --force -q || return 1
    facesdist "${photos[@]}" --device cuda --exchange nccl -o "$results/exchange-alone.h5" --force || return 1
    facesdist-compare "$one" "$results/exchange-alone.h5" || return 1
    command -v mpirun > /dev/null || { echo "no mpirun: one rank only"; return 77; }
    mpirun -np 2 facesdist "${photos[@]}" --device cuda:0 --share-gpu --threads 1 --exchange nccl -o "$results/no.h5" --force 2>&1 | tee "$results/refusal"
    grep -q 'share one GPU, .*, and NCCL takes one for each rank' "$results/refusal" || { echo "two ranks on one GPU were not refused"; return 1; }
    [ -n "$emulator" ] || gpus=$(nvidia-smi -L | grep -c '^GPU')
    [ "$gpus" -ge 2 ] || [ -n "$emulator" ] || { echo "ranks refused on one GPU as they should be; two GPUs would be needed for the rest"; return 0; }
    FACESDIST_EMU_UNIT=OMPI_COMM_WORLD_RANK mpirun -np 2 facesdist "${photos[@]}" --device cuda --threads 2 --exchange nccl -o "$results/exchange-two.h5" \
        --force || return 1
    facesdist-compare "$one" "$results/exchange-two.h5"
}

# sanitize TOOL TEST
sanitize()
{
    [ -z "$emulator" ] && [ -x "$sanitizer" ] || { echo "no compute-sanitizer here"; return 77; }
    "$sanitizer" --tool "$1" --error-exitcode 1 "$bin/gpu_$2"
}

benchmark()
{
    bash "$project/tests/bench/gpu.sh" ${emulator:+--emulator} "$bin"
}
export -f probe parity exchange sanitize benchmark

step probe 90 probe
for test in "$bin/${kind}"_test_*; do
    step "kernels-$(basename "${test#*_test_}")" 120 "$test"
done
if [ -n "$emulator" ]; then
    step parity-humans 900 parity humans 150
else
    step parity-humans 240 parity humans 1
    step parity-lfw 240 parity lfw 1
fi
step exchange 240 exchange
step benchmark 420 benchmark
for test in rows pnet operators pixels sweep; do
    step "memcheck-$test" 120 sanitize memcheck "test_$test"
done
for test in rows pnet sweep; do   # those that share memory between threads
    step "racecheck-$test" 120 sanitize racecheck "test_$test"
done
exit $failed
