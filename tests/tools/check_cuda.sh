#!/usr/bin/env bash
# check_cuda.sh BIN_DIR SOURCE_DIR: every kernel compiles without a word for each architecture that is shipped, spills no register, uses no more
# registers than it may, contracts no multiplication and addition into one rounding, and has a header that is plain C. Nothing is run: that needs
# a GPU. Skipped where there is no nvcc.
# Time limit: 900 s
set -eu
bin=$1 source=$2
if [ -n "${FACESDIST_SANITIZED:-}" ]; then
    echo "SKIP: sanitizers do not change what nvcc makes; the optimised build runs it"
    exit 77
fi
nvcc=$(sed -n 's/^CMAKE_CUDA_COMPILER:[A-Z]*=//p' "$bin/../CMakeCache.txt")
if [ ! -x "${nvcc:-}" ] && ! nvcc=$(command -v nvcc); then
    echo "SKIP: no nvcc"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fault() {
    echo "FAIL: $*" >&2
    exit 1
}
# Registers of a thread at most: two blocks of 256 threads fit on a multiprocessor where sums are kept in registers, four elsewhere.
limit() {
    case $1 in
    pnet | distance | matmul) echo 128 ;;
    sweep) echo 160 ;;   # with a histogram; without, the compiler is held to 128
    *) echo 64 ;;
    esac
}
compile() {
    mkdir "$work/$1"
    "$nvcc" --fmad=false --Werror=all-warnings -Xcompiler=-Wall,-Wextra -Xptxas=-v -I"$source" -c "$source/kernels/$1.cu" -o "$work/$1/$1.o" --keep \
        --keep-dir "$work/$1" -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=sm_90 -gencode arch=compute_75,code=compute_75 \
        -gencode arch=compute_90,code=compute_90 > "$work/$1/said" 2>&1 || echo "nvcc failed" >> "$work/$1/said"
}

started=0
for kernel in "$source"/kernels/*.cu; do
    compile "$(basename "$kernel" .cu)" &
    started=$((started + 1))
    [ $((started % 2)) = 1 ] || wait
done
wait
for kernel in "$source"/kernels/*.cu; do
    name=$(basename "$kernel" .cu)
    said=$work/$name/said
    other=$(grep -vE '^ptxas info|bytes stack frame' "$said" || true)
    [ -z "$other" ] || fault "$name: nvcc said $other"
    for part in 80.cubin 90.cubin compute_75.ptx compute_90.ptx; do
        ls "$work/$name/$name"*"$part" > /dev/null 2>&1 || fault "$name: no $part"
    done
    grep -E '[1-9][0-9]* bytes spill' "$said" && fault "$name: spills registers"
    most=$(sed -n 's/.*Used \([0-9]*\) registers.*/\1/p' "$said" | sort -n | tail -1)
    [ "${most:-999}" -le "$(limit "$name")" ] || fault "$name: ${most:-no} registers, $(limit "$name") at most"
    # Only what writes fused multiply-adds, or calls a function of double precision that is made of them, has any.
    if ! grep -qE '__fmaf_rn|curve\.cuh|pair_tile\.cuh|sweep_block\.cuh|\b(exp|tanh|pow)\(' "$kernel" && grep -E '\bfma\.rn\.f(32|64)' "$work/$name/$name"*.ptx; then
        fault "$name: a fused multiply-add"
    fi
    grep -qF "\"kernels/$name.h\"" "$kernel" || fault "$name: does not include its header"
    grep -q '<<<' "$kernel" && fault "$name: launches without FD_LAUNCH"
    echo "#include \"kernels/$name.h\"" | ${CC:-cc} -std=c17 -Wall -Wextra -Werror -fsyntax-only -I"$source" -x c - || fault "$name.h is not plain C"
    echo "$name: sm_80, sm_90, PTX; $most registers, no spill"
done
