#!/usr/bin/env bash
# All fuzzers one after the other, with ASan and UBSan; stops at the first finding and leaves its input in build-fuzz/.
#     bash tests/fuzz/run.sh [SECONDS each, default 600]
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset fuzz >/dev/null && cmake --build --preset fuzz -j "$(nproc)" >build-fuzz.log 2>&1 || { tail -30 build-fuzz.log; exit 1; }
total=0
for source in tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    mkdir -p "build-fuzz/found/$name"
    line=$("build-fuzz/bin/$name" -max_total_time="${1:-600}" -timeout=20 -rss_limit_mb=2000 -artifact_prefix=build-fuzz/ "build-fuzz/found/$name" \
        "tests/fuzz/corpus/$name" 2>&1 | tee "build-fuzz/$name.log" | tail -1) || { tail -40 "build-fuzz/$name.log"; exit 1; }
    echo "$name: $line"
    runs=$(grep -oE '^Done [0-9]+' <<<"$line" | grep -oE '[0-9]+' || echo 0)
    total=$((total + runs))
done
echo "$total runs, no finding"
