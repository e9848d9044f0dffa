#!/usr/bin/env bash
# The distance stage against the libraries made for it, one core each, one run; prints ratios (larger is better for facesdist).
#     bash tests/bench/distances.sh [BIN_DIR]      # default: build-ci/bin, built first
# Environment: PEERS: a Python virtual environment with numpy, faiss-cpu, scipy, torch (made in build/peers-distances when unset); CORE: the core to pin to;
# ROUNDS: runs of each, taken in turns (5); LARGE=1: also n = 1,000,000 at dim 32 on two ranks (minutes).
. "$(dirname "$0")/peers.sh"
peers peers-distances numpy faiss-cpu scipy torch
exec "$PEERS/bin/python" "$project/tests/bench/distances.py" "$bin" "${CORE:-0}"
