#!/usr/bin/env bash
# Fault 20 (and 21): TERM, INT, USR1, USR2 to a rank, USR1 to mpirun, in the middle of the photographs: everything is saved, exit 75; the same command
# goes on. A second INT ends the run at once.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in $(seq -w 30); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
job in -o whole.h5
# begin command...: the command in the background, at a photograph that it cannot read yet
begin()
{
    rm -rf x.h5 x.h5.journal
    held open in/$at.jpg x.h5.journal/rank-00000.log
    "$@" >out 2>err &
    pid=$!
    unheld
    held_now
}
interrupted()   # SIGNAL WHOM command...: WHOM is the process that is signalled: pid (what was started) or holder (the rank that is held)
{
    local signal=$1 whom=$2 code
    shift 2
    begin "$@"
    kill -"$signal" "${!whom}"
    told err 'asked to stop'
    let_go
    wait $pid
    code=$?
    [ $code = 75 ] || { cat err; die "$signal: exit code $code, not 75"; }
    [ ! -e x.h5 ] || die "$signal: a result was written"
    says err 'interrupted: .*x\.h5\.journal'
    job in -o x.h5
    says err "going on: ($done) of 30"   # it stopped there and then, and kept all that was done
    same x.h5 whole.h5
}
at=10 done="9|1[0-9]"   # of one rank; what it is at when it is told it may finish
for signal in TERM INT USR1 USR2; do
    interrupted $signal pid facesdist in -o x.h5 --threads 1 --batch 1
done
at=06 done="[12]?[0-9]"   # early in its share; the others may be through
interrupted USR1 pid mpirun -np 2 facesdist in -o x.h5 --threads 1 --batch 1
interrupted TERM holder mpirun -np 3 facesdist in -o x.h5 --threads 1 --batch 1
begin facesdist in -o x.h5 --threads 1 --batch 1
(while kill -INT $pid 2>/dev/null; do sleep 0.05; done) &   # again and again: of two that wait together one is lost
wait $pid
[ $? = 130 ] || die "two INTs did not end the run"
