#!/usr/bin/env bash
# The benchmark's networks and matrix products against what people use, one core, by turns in one run; prints ratios (larger is better for facesdist) and
# the machine.
#     bash tests/bench/nets.sh [BIN_DIR]      # default: build-ci/bin, built first
# Environment: PEERS: a Python virtual environment with numpy, onnxruntime, openvino (made in build/peers-nets when unset); CORE: the core to pin to
# (default 0).
. "$(dirname "$0")/peers.sh"
peers peers-nets numpy onnxruntime openvino
exec taskset -c "${CORE:-0}" "$PEERS/bin/python" "$project/tests/bench/nets.py" "$bin"
