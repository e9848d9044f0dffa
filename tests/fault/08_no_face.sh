#!/usr/bin/env bash
# Fault 8: an image without a face is in the ledger and has no row in /faces; no face is not a failure.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/good.jpg && cp "$photos/odd/no-face.jpg" in/
expect 0 facesdist in -o x.h5 --threads 1 --strict
is x.h5 no-face.jpg status no_face
is x.h5 no-face.jpg faces 0
is x.h5 no-face.jpg first_face -1
says out 'no_face +1'
mkdir none && cp "$photos/odd/no-face.jpg" none/
job none -o y.h5
is y.h5 no-face.jpg status no_face
job none -o z.h5 --matrix full
