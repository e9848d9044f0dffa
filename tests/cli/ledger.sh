#!/usr/bin/env bash
# The sample photographs show the ledger off: every file of data/photos/odd ends as its name says.
. "$(dirname "$0")/../tools/lib.sh"
job "$photos" -o x.h5 --faces all
while read -r file status faces; do
    is x.h5 "$file" status "$status"
    is x.h5 "$file" faces "$faces"
done <<'EOF'
odd/cut-short.jpg truncated 0
odd/empty.jpg empty 0
odd/gray.png ok 1
odd/lying-on-its-side.jpg ok 1
odd/nine-pixels.png no_face 0
odd/no-face.jpg no_face 0
odd/one-face-twice-a.jpg ok 1
odd/one-face-twice-b.jpg ok 1
odd/printed-cmyk.jpg ok 1
odd/progressive.jpg ok 1
odd/transparent.png ok 1
group-of-7.jpg ok 7
EOF
is x.h5 odd/one-face-twice-b.jpg duplicate_of odd/one-face-twice-a.jpg
is x.h5 odd/lying-on-its-side.jpg size 480x640
says out 'faces +56'
