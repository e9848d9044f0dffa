#!/usr/bin/env bash
# Fault 23: a rank that is alive but does not move (SIGSTOP): the time-out names it, once, and ends the job; the same command goes on.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in $(seq -w 80); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
job in -o whole.h5
for victim in 0 2; do
    rm -rf x.h5 x.h5.journal
    ranks 3 in -o x.h5 --threads 1 --batch 1 --timeout 3
    until_journal 6000
    kill -STOP "$(cat victim.$victim)"
    before=$(date +%s)
    wait $pid
    code=$?
    [ $code != 0 ] || die "exit code 0 with rank $victim stopped"
    [ $(($(date +%s) - before)) -le 20 ] || die "the job went on for $(($(date +%s) - before)) s"
    says err "error: .*missing: rank $victim \("
    [ "$(grep -c 'error: ' err)" = 1 ] || { cat err; die "told more than once"; }
    [ ! -e x.h5 ] || die "a result was written"
    job in -o x.h5
    says err 'going on'
    same x.h5 whole.h5
done
# A rank that is at work for longer than the time-out is not stuck: here rank 0 waits for its list.
(sleep 4; ls in/0*.jpg) | expect 0 mpirun -np 3 facesdist --list - -o slow.h5 --threads 1 --timeout 1
[ "$("$python" -c "import h5py; print(len(h5py.File('slow.h5')['images/path']))")" = 9 ] || die "not the images of the list"
