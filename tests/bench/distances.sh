#!/usr/bin/env bash
# The distance stage against the libraries made for it, one core each, one run; prints ratios (larger is better for facesdist).
#     bash tests/bench/distances.sh [BIN_DIR, default build-ci/bin]
# Environment: PEERS: a Python virtual environment with numpy, faiss-cpu, scipy, torch (made in build/peers when unset); CORE: the core to pin to;
# ROUNDS: runs of each, taken in turns (5); LARGE=1: also n = 1,000,000 at dim 32 on two ranks (minutes).
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(cd "${1:-$project/build-ci/bin}" && pwd)
if [ -z "${PEERS:-}" ]; then
    PEERS=$project/build/peers
    [ -x "$PEERS/bin/python" ] || python3 -m venv "$PEERS"
    "$PEERS/bin/python" -c 'import numpy, faiss, scipy, torch' 2>/dev/null || "$PEERS/bin/pip" install -q numpy faiss-cpu scipy torch
fi
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
exec "$PEERS/bin/python" "$project/tests/bench/distances.py" "$bin" "${CORE:-0}"
