#!/usr/bin/env bash
# The main job against what people use today, one core each, the same images, one run; prints ratios (larger is better for facesdist).
#     bash tests/bench/peer.sh [BIN_DIR]      # default: build-ci/bin, built first
# Environment: FACESDIST_SHARED (default ../shared beside the project): photographs and the pack; PEERS: a Python virtual environment with torch,
# facenet-pytorch, onnxruntime, openvino, h5py, numpy, pillow (made in build/peers when unset); CORE: the core to pin to (default 0).
. "$(dirname "$0")/peers.sh"
shared=${FACESDIST_SHARED:-$project/../shared}
[ -d "$shared/data/humans" ] || { echo "SKIP: no photographs in $shared"; exit 77; }
peers peers torch torchvision pillow numpy h5py onnx onnxruntime openvino requests tqdm
"$PEERS/bin/python" -c 'import facenet_pytorch' 2>/dev/null || "$PEERS/bin/pip" install -q --no-deps facenet-pytorch   # it wants older versions than it needs
exec taskset -c "${CORE:-0}" "$PEERS/bin/python" "$project/tests/bench/peer.py" "$bin" "$shared"
