#!/usr/bin/env bash
# All tests, from a bare Debian 12: installs what is missing; builds with warnings as errors, optimised and with ASan and UBSan; runs every test of
# both builds (1 to 4 ranks, each with a time limit); compiles the CUDA code where nvcc is found. Fails when any part fails.
#     bash tests/run.sh [ctest arguments, e.g. -R unit]
set -uo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
. "$project/cmake/packages.sh"
install_packages test || exit 1
mpi_environment
cd "$project" || exit 1
failed=""
cores=$(nproc)
for preset in ci asan; do
    echo "== $preset"
    if ! { cmake --preset "$preset" && cmake --build --preset "$preset" -j "$cores"; } >"build-$preset.log" 2>&1; then
        tail -40 "build-$preset.log"
        failed="$failed build-$preset"
        continue
    fi
    grep -E "engine|CUDA kernels|sanitizers:" "build-$preset.log" | head -5
    ctest --preset "$preset" -j $((cores + 1)) --progress "$@" || failed="$failed tests-$preset"
done
[ -z "$failed" ] || { echo "FAILED:$failed"; exit 1; }
echo "all tests passed"
