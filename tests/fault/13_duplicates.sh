#!/usr/bin/env bash
# Fault 13: duplicate files: distance exactly 0; listed as duplicates.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/b.jpg && face in/a.jpg && face in/c.jpg && cp "$photos/people/p02/1.jpg" in/other.jpg
job in -o x.h5
is x.h5 a.jpg duplicate_of none
is x.h5 b.jpg duplicate_of a.jpg
is x.h5 c.jpg duplicate_of a.jpg
is x.h5 other.jpg duplicate_of none
"$python" -c "
import h5py
d = h5py.File('x.h5')['distances/full'][:]
assert (d[:3, :3] == 0).all() and (d[3, :3] > 0).all() and (d == d.T).all(), d" || die "distances of duplicates are not 0"
says out 'duplicate images +2'
