#!/usr/bin/env bash
# The main job against what people use today, one core each, the same images, one run; prints ratios (larger is better for facesdist).
#     bash tests/bench/peer.sh [BIN_DIR]      # default: build-ci/bin, built first
# Environment: FACESDIST_SHARED (default ../shared beside the project): photographs and the pack; PEERS: a Python virtual environment with torch,
# facenet-pytorch, onnxruntime, openvino, h5py, numpy, pillow (made in build/peers when unset); CORE: the core to pin to (default 0).
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
if [ $# = 0 ]; then
    (cd "$project" && cmake --preset ci && cmake --build --preset ci) >/dev/null
fi
bin=$(cd "${1:-$project/build-ci/bin}" && pwd)
shared=${FACESDIST_SHARED:-$project/../shared}
[ -d "$shared/data/humans" ] || { echo "SKIP: no photographs in $shared"; exit 77; }
if [ -z "${PEERS:-}" ]; then
    PEERS=$project/build/peers
    if [ ! -x "$PEERS/bin/python" ]; then
        python3 -m venv "$PEERS"
        "$PEERS/bin/pip" install -q torch torchvision pillow numpy h5py onnx onnxruntime openvino requests tqdm
        "$PEERS/bin/pip" install -q --no-deps facenet-pytorch
    fi
fi
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
exec taskset -c "${CORE:-0}" "$PEERS/bin/python" "$project/tests/bench/peer.py" "$bin" "$shared"
