#!/usr/bin/env bash
# check_kernels.sh BIN_DIR SOURCE_DIR: what the kernels compute, compiled for the processor, is what the reference engine computes, bit for bit.
# Skipped where there is no C++20 compiler.
set -eu
source=$2
cxx=${CXX:-c++}
if ! echo '#include <barrier>' | "$cxx" -std=c++20 -fsyntax-only -x c++ - 2> /dev/null; then
    echo "SKIP: no C++20 compiler"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
common=(-O1 -ffp-contract=off -Wall -Wextra -Werror -D_GNU_SOURCE "-I$source/tests/host" "-I$source/tests" "-I$source/src" "-I$source")

for kernel in "$source"/kernels/*.cu; do
    "$cxx" -std=c++20 "${common[@]}" -x c++ -c "$kernel" -o "$work/$(basename "$kernel").o"
done
for file in tests/host/kernels src/engine/ref/image src/engine/ref/image_cuts src/base/status src/base/memory; do
    "${CC:-cc}" -std=c17 "${common[@]}" -c "$source/$file.c" -o "$work/$(basename "$file").o"
done
"$cxx" "$work"/*.o -o "$work/kernels" -lcmocka -lm -pthread
"$work/kernels"
