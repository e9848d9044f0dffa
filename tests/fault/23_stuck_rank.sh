#!/usr/bin/env bash
# Fault 23: a rank that is alive but does not move (SIGSTOP): the time-out names it, once, and ends the job; the same command goes on.
. "$(dirname "$0")/../tools/lib.sh"
patience=${FACESDIST_SANITIZED:+10}   # seconds in which a rank at work answers, however busy the machine
patience=${patience:-4}
mkdir in
for k in $(seq -w 30); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
job in -o whole.h5
for victim in 0 2; do
    rm -rf x.h5 x.h5.journal
    held open in/15.jpg x.h5.journal/rank-00002.log
    ranks 3 in -o x.h5 --threads 1 --batch 1 --timeout $patience
    unheld
    held_now
    kill -STOP "$(cat victim.$victim)"
    let_go
    before=$(date +%s)
    wait $pid
    code=$?
    [ $code != 0 ] || die "exit code 0 with rank $victim stopped"
    [ $(($(date +%s) - before)) -le 100 ] || die "the job went on for $(($(date +%s) - before)) s"
    says err "error: .*missing: rank $victim \("
    [ "$(grep -c 'error: ' err)" = 1 ] || { cat err; die "told more than once"; }
    [ ! -e x.h5 ] || die "a result was written"
    job in -o x.h5
    says err 'going on'
    same x.h5 whole.h5
done
# A rank that is at work for longer than the time-out is not stuck: here rank 0 waits for its list.
(sleep $((patience + 2)); ls in/0*.jpg) | expect 0 mpirun -np 3 facesdist --list - -o slow.h5 --threads 1 --timeout $patience
[ "$("$python" -c "import h5py; print(len(h5py.File('slow.h5')['images/path']))")" = 9 ] || die "not the images of the list"
