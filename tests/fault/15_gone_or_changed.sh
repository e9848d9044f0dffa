#!/usr/bin/env bash
# Fault 15: a file that goes or changes between scan and read is recorded.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in $(seq -w 60); do cp "$photos/people/p01/1.jpg" in/$k.jpg; done
facesdist in -o x.h5 --threads 1 --batch 1 --matrix none >out 2>err &
pid=$!
until [ -s x.h5.journal/rank-00000.log ] || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
rm in/60.jpg && echo more >>in/59.jpg   # the last ones: the first are being read
wait $pid || { cat err >&2; die "the run failed"; }
is x.h5 60.jpg status unreadable
is x.h5 59.jpg status changed
is x.h5 01.jpg status ok
