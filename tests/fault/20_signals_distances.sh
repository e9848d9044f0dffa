#!/usr/bin/env bash
# Faults 17, 20 and 22 in the distance stage: a signal saves everything, exit 75; the same command goes on, with another number of ranks, to the same
# bytes; other rows or options are refused by name. The distance stage of the main job does the same.
# Time limit: 180 s
. "$(dirname "$0")/../tools/lib.sh"
"$python" -c "
import numpy as np
x = np.random.default_rng(12).standard_normal((3000, 512), dtype=np.float32)
np.save('rows.npy', x)
np.save('other.npy', x[::-1])"
outputs="--matrix full --topk 5 --radius 29 --histogram"
expect 0 facesdist-distances rows.npy -o whole.h5 $outputs

# interrupted SIGNAL command...: the signal comes to a rank that writes its first checkpoint: exit code 75.
interrupted()
{
    local signal=$1 code
    shift
    rm -rf x.h5 x.h5.journal x.h5.tmp
    held pwrite lists-1.part
    "$@" >out 2>err &
    pid=$!
    held_now
    tell "$signal" "$holder"
    let_go
    unheld
    wait $pid
    code=$?
    [ $code = 75 ] || { cat err; die "$signal: exit code $code, not 75"; }
    says err 'interrupted: everything done is saved in x.h5.journal'
    [ ! -e x.h5 ] || die "$signal: a result was written"
}
run="facesdist-distances rows.npy -o x.h5 $outputs --threads 1 --checkpoint 0"
for signal in TERM USR1; do
    interrupted $signal $run
    expect 0 facesdist-distances rows.npy -o x.h5 $outputs
    says err 'going on'
    same whole.h5 x.h5
done
interrupted USR1 mpirun -np 3 $run --exchange ring
expect 1 facesdist-distances rows.npy -o x.h5 --matrix full --topk 6 --radius 29 --histogram
says err 'unfinished run.*--topk = 5, now it is 6'
expect 1 facesdist-distances other.npy -o x.h5 $outputs
says err 'unfinished run.*rows = '
# (a result that is there is no reason to lose what is in work)
cp whole.h5 x.h5
expect 0 facesdist-distances rows.npy -o x.h5 $outputs
says err 'already complete'
[ ! -e x.h5.journal ] && [ ! -e x.h5.tmp ] || die "something was left behind"
interrupted USR1 mpirun -np 2 $run
# other options start anew with --force
expect 0 facesdist-distances other.npy -o x.h5 --force --matrix none --topk 3
interrupted USR1 $run
expect 0 timeout 100 mpirun -np 2 $run
same whole.h5 x.h5

# without matrix and radius blocks are as large as suits ranks and memory: those of the run that was interrupted are gone on with
outputs="--matrix none --topk 5 --histogram"
expect 0 facesdist-distances rows.npy -o lists.h5 $outputs
interrupted USR1 mpirun -np 2 facesdist-distances rows.npy -o x.h5 $outputs --threads 1 --checkpoint 0 --memory 80M
expect 0 timeout 100 mpirun -np 3 facesdist-distances rows.npy -o x.h5 $outputs --threads 2
says err 'going on'
same lists.h5 x.h5

# the main job, stopped in its distance stage, which other outputs start anew
mkdir in
for k in $(seq 60); do cp "$photos/people/p0$((k % 9 + 1))/1.jpg" in/$k.jpg; done
job in -o faces.h5 --topk 4 --radius 0.9 --histogram --matrix full
killed_in_distances()
{
    rm -rf x.h5 x.h5.journal x.h5.tmp
    job in -o x.h5 --keep-journal --matrix none
    rm x.h5
    held pwrite lists-2.part   # all is computed and saved once: what is written now is the second checkpoint
    facesdist in -o x.h5 --threads 1 --topk 4 --radius 0.9 --histogram --matrix full --checkpoint 0 >out 2>err &
    pid=$!
    held_now
    kill -9 $pid
    wait $pid 2>/dev/null
    let_go
    unheld
}
killed_in_distances
job in -o x.h5 --topk 4 --radius 0.9 --histogram --matrix full
says err 'going on: distances were saved'
same faces.h5 x.h5
killed_in_distances
job in -o x.h5 --topk 7 --matrix none
says err 'the distances start anew'
job in -o y.h5 --topk 7 --matrix none
same y.h5 x.h5
[ ! -e x.h5.journal ] && [ ! -e x.h5.tmp ] || die "something was left behind"

# The end of its time, and a file system that does not answer, as in the main job: --time-limit, --stall.
outputs="--matrix full --topk 5 --radius 29"
held_for()   # CODE CALL NAME OPTIONS...: held there until the run ends of itself, or of the time that is up
{
    local wanted=$1 code
    rm -rf x.h5* err
    held "$2" "$3"
    facesdist-distances rows.npy -o x.h5 $outputs --threads 1 --checkpoint 0 "${@:4}" >out 2>err &
    pid=$!
    unheld
    until grep -qsE 'time is up|no progress' err || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
    let_go
    wait $pid
    code=$?
    [ $code = "$wanted" ] || { cat err; die "exit code $code, not $wanted: ${*:2}"; }
}
expect 0 facesdist-distances rows.npy -o whole.h5 --force $outputs
held_for 75 pwrite lists-1.part --time-limit 2
says err 'time is up'
held_for 1 pwrite lists-1.part --stall 6
says err 'facesdist-distances: error: rank 0 \(.*\): no progress for [0-9]+ s in stage journal: x\.h5\.journal/lists-1\.part: its file system does not answer'
[ "$(grep -c 'error: ' err)" = 1 ] || { cat err; die "not one error"; }
expect 0 facesdist-distances rows.npy -o x.h5 $outputs
same whole.h5 x.h5
