#!/usr/bin/env bash
# Fault 15: a file that goes or changes between scan and read is recorded.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in $(seq -w 20); do cp "$photos/people/p01/1.jpg" in/$k.jpg; done
held open in/05.jpg x.h5.journal/rank-00000.log
facesdist in -o x.h5 --threads 1 --batch 1 --matrix none >out 2>err &
pid=$!
unheld
held_now
rm in/20.jpg && echo more >>in/19.jpg
let_go
wait $pid || { cat err >&2; die "the run failed"; }
is x.h5 20.jpg status unreadable
is x.h5 19.jpg status changed
is x.h5 01.jpg status ok
