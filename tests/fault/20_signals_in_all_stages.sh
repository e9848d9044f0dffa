#!/usr/bin/env bash
# Fault 20 (and 21): a signal in every stage. Before anything is done it leaves nothing behind; in the distances the journal stays; in the commit it is
# too late, and the result is whole. Also the end of a run's time, given or told by Slurm.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in $(seq -w 12); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
job in -o whole.h5 --topk 3
run=(facesdist in -o x.h5 --threads 1 --topk 3)
# signalled CODE CALL NAME AFTER command...: TERM to the process that is held there
signalled()
{
    local wanted=$1 code
    held "$2" "$3" "$4"
    shift 4
    "$@" >out 2>err &
    pid=$!
    unheld
    held_now
    tell TERM "$holder"
    let_go
    wait $pid
    code=$?
    [ $code = "$wanted" ] || { cat err; die "exit code $code, not $wanted: $*"; }
}
for launch in "" "mpirun -np 3"; do
    rm -rf x.h5*
    signalled 75 open in/07.jpg "" $launch "${run[@]}"
    says err 'interrupted before anything was done'
    [ -z "$(echo x.h5*)" ] || [ "$(echo x.h5*)" = 'x.h5*' ] || die "left behind: $(echo x.h5*)"
    signalled 75 pwrite x.h5.tmp "" $launch "${run[@]}"
    says err 'interrupted: .*x\.h5\.journal'
    [ -d x.h5.journal ] && [ ! -e x.h5 ] || die "not what an interrupted run leaves: $(echo x.h5*)"
    signalled 0 rename x.h5 "" $launch "${run[@]}"
    says err 'going on: 12 of 12'
    [ "$(echo x.h5*)" = x.h5 ] || die "left behind: $(echo x.h5*)"
    same x.h5 whole.h5
done

timed()   # NAME=VALUE... or options: held until the time is up, then let go; on a busy machine it may be up before that
{
    rm -rf x.h5* err
    held open in/07.jpg x.h5.journal/rank-00001.log
    env "$@" >out 2>err &
    pid=$!
    unheld
    until grep -qs 'time is up' err || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
    until [ -s "$HOLD_MARK" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
    let_go
    wait $pid
    code=$?
    [ $code = 75 ] || { cat err; die "exit code $code, not 75: $*"; }
}
timed mpirun -np 2 "${run[@]}" --time-limit 3
timed SLURM_JOB_END_TIME=$(($(date +%s) + 6)) mpirun -np 2 "${run[@]}"
expect 0 env SLURM_JOB_END_TIME=$(($(date +%s) + 6)) SLURM_JOB_ID=17 SLURM_RESTART_COUNT=2 mpirun -np 2 "${run[@]}" --time-limit 0
same x.h5 whole.h5
got=$("$python" -c "import h5py; a = h5py.File('x.h5')['run'].attrs; print(a['slurm job'], a['slurm restart count'])")
[ "$got" = "17 2" ] || die "/run says '$got' of the Slurm job"

# The other program stops as well, and goes on.
held pwrite pairs.h5.tmp
facesdist-distances x.h5 -o pairs.h5 --matrix full >out 2>err &
pid=$!
unheld
held_now
tell USR1 $pid
let_go
wait $pid
[ $? = 75 ] || { cat err; die "facesdist-distances: not 75"; }
[ ! -e pairs.h5 ] || die "a result was written"
expect 0 facesdist-distances x.h5 -o pairs.h5 --matrix full
