#!/usr/bin/env bash
# Fault 35: two runs, one output: the second is refused and told who holds it, and the first is not disturbed. Also: outputs that cannot be written
# are refused before anything is done, and leave nothing behind.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in 1 2 3 4; do cp "$photos/people/p0$k/1.jpg" in/$k.jpg; done
job in -o whole.h5
# Held between its first record and its commit.
for k in $(seq -w 10); do cp in/1.jpg in/more$k.jpg; done
held open in/more05.jpg x.h5.journal/rank-00000.log
facesdist in -o x.h5 --threads 1 --batch 1 >first.out 2>&1 &
pid=$!
unheld
held_now
expect 1 facesdist in -o x.h5 --threads 1
says err "another run is writing this output \(process $pid on $(uname -n)\)"
expect 1 facesdist in -o x.h5 --threads 1 --force
[ -e x.h5.journal/rank-00000.log ] || die "the journal of a run at work was removed"
let_go
wait $pid || { cat first.out; die "the first run failed"; }
job in -o x.h5
says err 'already complete'

mkdir folder
expect 2 facesdist in -o folder --threads 1 --force
says err 'folder'
expect 2 facesdist in -o new/ --threads 1
expect 2 facesdist in -o '' --threads 1
expect 1 facesdist in -o nowhere/x.h5 --threads 1
says err 'nowhere/x\.h5.*No such file'
! grep -q images err || die "the photographs were looked at first"
expect 1 facesdist in -o whole.h5 --threads 1
for left in folder.journal new.journal .journal whole.h5.journal x.h5.journal; do [ ! -e $left ] || die "$left was left behind"; done
job in -o in/inside.h5 && job in -o in/inside.h5
says err 'already complete'
same in/inside.h5 x.h5
