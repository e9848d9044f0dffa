#!/usr/bin/env bash
# Every pixel of at least twenty kinds of files, and of the sample photographs, equals Pillow's.
set -eu
bin=$1 source=$2
python3=/usr/bin/python3
"$python3" -c 'import numpy, PIL' 2>/dev/null || { echo "SKIP: python3 with numpy and PIL is not here"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$bin/jpeg_make" "$folder"
find "$source/data/photos" -type f ! -name 'not-a-picture*' ! -name 'empty*' -print0 | sort -z |
    xargs -0 "$python3" "$source/tests/tools/decode_equals_pillow.py" "$bin/decode_dump" "$folder"
