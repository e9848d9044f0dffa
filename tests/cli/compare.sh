#!/usr/bin/env bash
# facesdist-compare: verdict, table and exit code on pairs of files that differ in a known way.
set -eu
bin=$1 source=$2
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "SKIP: no python3-h5py"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
/usr/bin/python3 "$source/tests/tools/compare_cases.py" "$source/data/expected.h5"
failed=0

# expect EXIT_CODE WORDS ARGUMENTS...: the words must be in what is printed; "" for none.
expect() {
    local code=$1 words=$2 got=0
    shift 2
    "$bin/facesdist-compare" "$@" >out 2>err || got=$?
    if [ $got != "$code" ] || ! grep -qF -- "$words" out err; then
        echo "facesdist-compare $*: exit code $got, wanted $code and \"$words\"; it printed"
        cat out err
        failed=1
    fi
    if grep -q 'HDF5-DIAG' err; then
        echo "facesdist-compare $*: HDF5 speaks for itself"
        failed=1
    fi
}

# Bit for bit, outside /run.
expect 0 'equal: ' same.h5 same.h5
expect 0 'equal: ' same.h5 other-run.h5
expect 1 '/faces/score  values' same.h5 one-bit.h5
expect 1 'values               1  [7]' same.h5 one-bit.h5
expect 1 '/faces/box  values               2  [3][1]' same.h5 two-boxes.h5
expect 1 '0.5' same.h5 two-boxes.h5
expect 0 'equal: ' nan.h5 nan.h5
expect 1 '/faces/embedding' nan.h5 other-nan.h5
expect 1 'f32, f64' same.h5 double.h5
expect 1 '[56], [55]' same.h5 shorter.h5
expect 1 'only in the second file' same.h5 more.h5
expect 1 'only in the first file' more.h5 same.h5
expect 1 '/@made_by' same.h5 attribute.h5
expect 1 '/images/path' same.h5 renamed.h5
expect 0 'equal: ' large.h5 large.h5
expect 1 '[2999999]' large.h5 large-last.h5
expect 0 'ok' --tolerance same.h5 two-boxes-near.h5
expect 1 '/faces/box' --no-tolerance plain.h5 two-boxes-near.h5

# With a tolerance: implied where a side has no /run.
expect 0 '100.0000' plain.h5 same.h5
expect 0 '100.0000' same.h5 shuffled.h5
expect 0 '56 and 56 faces, of which 56 belong together' others.h5 plain.h5
expect 1 'FAIL' plain.h5 fewer.h5
expect 0 'extra faces' --extra 2 plain.h5 fewer.h5
expect 1 'FAIL' fewer.h5 plain.h5
expect 0 'matched' --match 98 fewer.h5 plain.h5
expect 1 'boxes, 99th percentile (px)' far.h5 plain.h5
expect 0 'ok' --px-p99 2 far.h5 plain.h5
expect 1 'cosine of embeddings, 1st percentile' turned.h5 plain.h5
expect 0 'ok' --cos-p01 -1 turned.h5 plain.h5
expect 1 'images only in' half-images.h5 none-in-common.h5
expect 0 'images only in plain.h5, left out' --list 3 half-images.h5 plain.h5
expect 0 'more (--list N)' --list 3 half-images.h5 plain.h5
expect 0 'status differs' statuses.h5 plain.h5
expect 0 '0 and 0 faces' no-faces.h5 no-faces.h5
expect 1 'FAIL' plain.h5 no-faces.h5
expect 1 'FAIL' no-faces.h5 plain.h5
expect 1 'not in the first file' no-landmarks.h5 plain.h5

# What cannot be read is neither equal nor different.
expect 2 'No such file' missing.h5 plain.h5
expect 2 'not an HDF5 file' text.h5 plain.h5
expect 2 'damaged HDF5 file' cut.h5 plain.h5
# HDF5 reads outside its memory here, which a sanitizer answers itself.
grep -q __asan_init "$bin/facesdist-compare" || expect 2 'facesdist-compare: error: ' heap.h5 plain.h5
expect 2 'no /faces/image in it' plain.h5 unrelated.h5
expect 2 'face 5 belongs to image 1000' bad-index.h5 plain.h5
expect 2 'claims more data than the file can hold' claims.h5 plain.h5
expect 2 'too few arguments' plain.h5
expect 2 'tolerance' --tolerence plain.h5 plain.h5
exit $failed
