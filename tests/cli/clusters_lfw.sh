#!/usr/bin/env bash
# Groups of the faces of known people: at least as good as those of dlib's Chinese whispers, each side at its best radius.
# Time limit: 180 s
. "$2/tests/tools/lib.sh"
"$python" -c 'import h5py, numpy' 2>/dev/null || skip "no python3-h5py"
model=$FACESDIST_SHARED/models/mtcnn-mobilefacenet
[ -d "$model" ] && [ -d "$FACESDIST_SHARED/data/lfw" ] || skip "no photographs of known people"
[ -z "${FACESDIST_SANITIZED:-}" ] || skip "a measure of quality, which no sanitizer changes"
job "$FACESDIST_SHARED/data/lfw" --model "$model" --matrix full -o faces.h5
for radius in 0.97 0.98 0.99 1 1.01 1.02 1.04 1.06 1.08; do
    expect 0 facesdist-distances faces.h5:/faces/embedding --matrix none --radius $radius --clusters chinese-whispers -o $radius.h5
done
"$python" "$source_dir/tests/tools/clusters_oracle.py" check faces.h5 [01]*.h5 || die "groups of faces"
