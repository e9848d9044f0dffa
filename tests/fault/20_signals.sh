#!/usr/bin/env bash
# Fault 20 (and 21): TERM, INT, USR1, USR2 to a rank, USR1 to mpirun: everything is saved, exit 75; the same command goes on.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in $(seq -w 80); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
job in -o whole.h5
interrupted()   # SIGNAL command...: runs the command in the background, signals it when it has done something
{
    local signal=$1 pid code
    shift
    rm -rf x.h5 x.h5.journal
    "$@" >out 2>err &
    pid=$!
    until [ "$(cat x.h5.journal/rank-*.log 2>/dev/null | wc -c)" -gt 6000 ] || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
    kill -"$signal" $pid
    wait $pid
    code=$?
    [ $code = 75 ] || { cat err; die "$signal: exit code $code, not 75"; }
    [ ! -e x.h5 ] || die "$signal: a result was written"
    job in -o x.h5
    says err 'going on'
    same x.h5 whole.h5
}
for signal in TERM INT USR1 USR2; do
    interrupted $signal facesdist in -o x.h5 --threads 1 --batch 1
done
interrupted USR1 mpirun -np 2 facesdist in -o x.h5 --threads 1 --batch 1
