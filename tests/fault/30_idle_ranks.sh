#!/usr/bin/env bash
# Fault 30: ranks with nothing to do join every collective.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/only.jpg
expect 0 timeout 100 mpirun -np 4 facesdist in -o x.h5 --threads 1
expect 0 facesdist in -o y.h5 --threads 1
same x.h5 y.h5
mkdir none && cp "$photos/odd/no-face.jpg" none/
expect 0 timeout 100 mpirun -np 3 facesdist none -o z.h5 --threads 1 --matrix full --save-crops
