#!/usr/bin/env bash
# Fault 17: another model or option at resume: refused, the difference named; --force starts anew.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in 1 2 3; do cp "$photos/people/p0$k/1.jpg" in/$k.jpg; done
job in -o x.h5 && cp x.h5 first.h5
expect 1 facesdist in -o x.h5 --threads 1 --faces all
says err 'faces'
expect 1 facesdist in -o x.h5 --threads 1 --min-face 40
says err 'min-face.*20.*40'
cp -r "$source_dir/data/pack" pack && sed -i 's/^name .*/name = another/' pack/pack.ini
expect 1 facesdist in -o x.h5 --threads 1 --model pack
says err 'another'
cmp x.h5 first.h5 || die "the earlier result was touched"
job in -o x.h5
says err 'already complete'
cmp x.h5 first.h5 || die "a complete result was touched"
job in -o x.h5 --faces all --force
job in -o fresh.h5 --faces all
same x.h5 fresh.h5
# the same with a journal: a run is killed, then tried with another option
for k in $(seq -w 20); do cp in/1.jpg in/more$k.jpg; done
held open in/more10.jpg y.h5.journal/rank-00000.log
facesdist in -o y.h5 --threads 1 --batch 1 >out 2>err &
pid=$!
unheld
held_now
kill -9 $pid; wait $pid 2>/dev/null
let_go
expect 1 facesdist in -o y.h5 --threads 1 --max-pixels 10M
says err 'max-pixels'
rm in/more20.jpg
expect 1 facesdist in -o y.h5 --threads 1
says err 'more20\.jpg'
