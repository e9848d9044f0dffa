#!/usr/bin/env bash
# Fault 12: equal base names in different folders: the key is the relative path.
. "$(dirname "$0")/../tools/lib.sh"
mkdir -p in/a in/b && face in/a/1.jpg && cp "$photos/people/p02/1.jpg" in/b/1.jpg
job in -o x.h5
is x.h5 a/1.jpg status ok
is x.h5 b/1.jpg status ok
is x.h5 b/1.jpg duplicate_of none
job in/a in/b -o y.h5
is y.h5 in/a/1.jpg status ok
is y.h5 in/b/1.jpg status ok
