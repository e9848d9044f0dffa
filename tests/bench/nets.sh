#!/usr/bin/env bash
# The benchmark's networks and matrix products against what people use, one core, by turns in one run; prints ratios (larger is better for facesdist) and
# the machine.
#     bash tests/bench/nets.sh [BIN_DIR]      # default: build-ci/bin, built first
# Environment: PEERS: a Python virtual environment with numpy, onnxruntime, openvino (made in build/peers-nets when unset); CORE: the core to pin to
# (default 0).
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
if [ $# = 0 ]; then
    (cd "$project" && cmake --preset ci && cmake --build --preset ci) >/dev/null
fi
bin=$(cd "${1:-$project/build-ci/bin}" && pwd)
if [ -z "${PEERS:-}" ]; then
    PEERS=$project/build/peers-nets
    if [ ! -x "$PEERS/bin/python" ]; then
        python3 -m venv "$PEERS"
        "$PEERS/bin/pip" install -q numpy onnxruntime openvino
    fi
fi
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
exec taskset -c "${CORE:-0}" "$PEERS/bin/python" "$project/tests/bench/nets.py" "$bin"
