#!/usr/bin/env bash
# A result is read by h5py and h5dump as it is: no faces, one tile, several tiles.
set -eu
bin=$1 source=$2
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "SKIP: no python3-h5py"; exit 77; }
command -v h5dump >/dev/null || { echo "SKIP: no h5dump (hdf5-tools)"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for faces in 0 1 70 600; do
    "$bin/result_make" "$folder/r.h5" $faces
    /usr/bin/python3 "$source/tests/tools/result_readable.py" "$folder/r.h5" $faces
    h5dump "$folder/r.h5" >"$folder/dump" 2>"$folder/errors" || { cat "$folder/errors"; exit 1; }
    [ ! -s "$folder/errors" ] || { cat "$folder/errors"; exit 1; }
    grep -q '"a.jpg"' "$folder/dump"
    grep -q 'CLASS' "$folder/dump"
    # What older libraries read: no superblock newer than version 0.
    h5dump -B -H "$folder/r.h5" | grep -q 'SUPERBLOCK_VERSION 0'
done
