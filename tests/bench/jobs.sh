#!/usr/bin/env bash
# The operators of the small jobs against a copy of memory and OpenCV: one core, one run, alternating; prints ratios (larger is better for
# facesdist).
#     bash tests/bench/jobs.sh [BIN_DIR]      # default: build-ci/bin, built first
# Environment: PEERS: a Python virtual environment with numpy and opencv-python-headless (made in build/peers-jobs when unset); CORE: the core to
# pin to (default 0).
. "$(dirname "$0")/peers.sh"
peers peers-jobs numpy opencv-python-headless
exec taskset -c "${CORE:-0}" "$PEERS/bin/python" "$project/tests/bench/jobs.py" "$bin"
