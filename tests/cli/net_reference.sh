#!/usr/bin/env bash
# Whole networks as exporters write them against ONNX Runtime's outputs: those of the model pack and of reference/nets, on cpu and on ref.
set -eu
bin=$1 source=$2 shared=${FACESDIST_SHARED:-$2/../shared}
[ -e "$shared/reference/nets/outputs.h5" ] || { echo "SKIP: no reference networks in $shared"; exit 77; }
/usr/bin/python3 -c 'import numpy, h5py' 2>/dev/null || { echo "SKIP: python3 with numpy and h5py is not here"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for packed in "$shared"/reference/nets/*.onnx.xz; do
    xz -dkc "$packed" >"$folder/$(basename "$packed" .xz)"
done
exec /usr/bin/python3 "$source/tests/tools/net_reference.py" "$bin/facesdist-net" "$shared" "$folder"
