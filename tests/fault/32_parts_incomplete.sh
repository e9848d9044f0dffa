#!/usr/bin/env bash
# Fault 32: a journal that lost a part is noticed: what is missing is computed again, never left out.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in $(seq -w 20); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
job in -o whole.h5
held open in/18.jpg x.h5.journal/rank-00001.log
ranks 2 in -o x.h5 --threads 1 --batch 1
unheld
held_now
kill -9 "$(cat victim.1)"
wait $pid && die "exit code 0 although a rank was killed"
let_go
rm x.h5.journal/rank-00001.log
job in -o x.h5
same x.h5 whole.h5
