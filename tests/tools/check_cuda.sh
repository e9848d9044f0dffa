#!/usr/bin/env bash
# check_cuda.sh BIN_DIR SOURCE_DIR: every kernel compiles without a word for each architecture that is shipped, contracts no multiplication and
# addition into one rounding, and has a header that is plain C. Nothing is run: that needs a GPU. Skipped where there is no nvcc.
set -eu
bin=$1 source=$2
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

for kernel in "$source"/kernels/*.cu; do
    name=$(basename "$kernel" .cu)
    "$nvcc" --fmad=false --Werror=all-warnings -Xcompiler=-Wall,-Wextra -I"$source" -c "$kernel" -o "$work/$name.o" --keep --keep-dir "$work" \
        -gencode arch=compute_80,code=[sm_80,compute_80] -gencode arch=compute_90,code=[sm_90,compute_90] > "$work/said" 2>&1 || fault "$name: $(cat "$work/said")"
    [ ! -s "$work/said" ] || fault "$name: nvcc said $(cat "$work/said")"
    for part in compute_80.sm_80.cubin compute_90.sm_90.cubin compute_90.ptx; do
        [ -s "$work/$name.$part" ] || fault "$name: no $part"
    done
    if grep -E '\bfma\.rn\.f(32|64)' "$work/$name"*.ptx; then
        fault "$name: a fused multiply-add"
    fi
    grep -qF "\"kernels/$name.h\"" "$kernel" || fault "$name: does not include its header"
    grep -q '<<<' "$kernel" && fault "$name: launches without FD_LAUNCH"
    echo "#include \"kernels/$name.h\"" | ${CC:-cc} -std=c17 -Wall -Wextra -Werror -fsyntax-only -I"$source" -x c - || fault "$name.h is not plain C"
    echo "$name: sm_80, sm_90, PTX"
done
