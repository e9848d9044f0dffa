#!/usr/bin/env bash
# Fault 21: a job that is preempted and requeued again and again: the same command goes on each time, its log is appended, and the bytes are those of a
# run that was never interrupted.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in $(seq -w 16); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
job in -o whole.h5
restart=0
for round in 1 2 3 last; do
    [ $round = last ] || held pwrite rank-00001.log "" worker   # the first record of this round
    SLURM_JOB_ID=99 SLURM_RESTART_COUNT=$restart mpirun -np 2 facesdist in -o x.h5 --threads 1 --batch 1 >>log 2>err &
    pid=$!
    if [ $round != last ]; then
        unheld
        held_now
        kill -USR$((round % 2 + 1)) $pid   # USR2, USR1, USR2 to mpirun, as a batch script forwards Slurm's warning
        told err 'asked to stop'
        let_go
        wait $pid
        [ $? = 75 ] || { cat err; die "not 75 in round $round"; }
        cat err >>log
        restart=$((restart + 1))
    fi
done
wait $pid || { cat err; die "the last run failed"; }
cat err >>log
same x.h5 whole.h5
[ "$(grep -c 'interrupted: .*is saved' log)" = 3 ] && [ "$(grep -c 'going on:' log)" = 3 ] || { cat log; die "the log does not tell of three interruptions"; }
got=$("$python" -c "import h5py; print(h5py.File('x.h5')['run'].attrs['slurm restart count'])")
[ "$got" = 3 ] || die "/run says '$got' restarts, not 3"
[ ! -e x.h5.journal ] || die "the journal was left behind"
