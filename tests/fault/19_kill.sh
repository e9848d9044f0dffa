#!/usr/bin/env bash
# Fault 19 (and 22): kill -9 of random ranks at random moments, resumed with other numbers of ranks: the same bytes, at most one batch a rank lost.
#     19_kill.sh BIN_DIR SOURCE_DIR [KILLS]
kills=${3:-4}
. "$(dirname "$0")/../tools/lib.sh"
seed=${SEED:-$$}
RANDOM=$seed
echo "seed $seed, $kills kills"
start=$(date +%s%N)
job "$photos" -o whole.h5 --faces all --matrix full --save-crops
millis=$((($(date +%s%N) - start) / 1000000))
killed=0 finished=0 hung=0
# Whether a rank of this job is alive; what a launcher has not yet reaped is not.
some_rank_lives()
{
    for v in victim.*; do
        state=$(sed -n 's/^State:[[:space:]]*\([A-Z]\).*/\1/p' "/proc/$(cat "$v")/status" 2>/dev/null)
        [ -n "$state" ] && [ "$state" != Z ] && return 0
    done
    return 1
}
# Waits for the job's end. Open MPI 4.1's launcher may lock itself up when a rank dies while it connects to it: its ranks have then all ended, and it is
# ended here.
wait_for_end()
{
    while kill -0 $pid 2>/dev/null; do
        [ $(($(date +%s) - before)) -le 100 ] || die "the job went on for 100 s after a rank was killed"
        if ! some_rank_lives && [ $(($(date +%s) - before)) -ge 20 ]; then
            hung=$((hung + 1))
            kill -9 $pid
        fi
        sleep 0.05
    done
    wait $pid
    code=$?
}
while [ $killed -lt "$kills" ]; do
    ranks=$((RANDOM % 4 + 1)) after=$((RANDOM * 32768 + RANDOM)) victim=$((RANDOM % ranks))
    after=$((after % (millis + 500)))
    rm -f victim.*
    mpirun -np $ranks sh -c 'echo $$ >victim.$OMPI_COMM_WORLD_RANK; exec facesdist "$@"' sh "$photos" -o x.h5 --faces all --matrix full --save-crops --threads 1 --batch 4 >out 2>err &
    pid=$!
    sleep "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))"
    kill -9 "$(cat victim.$victim 2>/dev/null)" 2>/dev/null
    before=$(date +%s)
    wait_for_end
    killed=$((killed + 1))
    echo "kill $killed: $ranks ranks, rank $victim after $after ms: exit code $code"
    if [ $code = 0 ]; then   # it was too late: the result must be whole
        same x.h5 whole.h5
        finished=$((finished + 1))
        rm -rf x.h5 x.h5.journal
    elif [ -e x.h5 ]; then
        same x.h5 whole.h5
    fi
done
echo "$killed kills: $finished came too late to hinder the run, $hung left a launcher that had to be ended"
expect 0 timeout 100 mpirun -np 3 facesdist "$photos" -o x.h5 --faces all --matrix full --save-crops --threads 1
same x.h5 whole.h5
[ ! -e x.h5.journal ] || die "the journal was left behind"
# At most one batch is lost: held in its fourth batch of four, a rank has three of them in its journal.
mkdir many
for k in $(seq -w 24); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" many/$k.jpg; done
held open many/14.jpg many.h5.journal/rank-00000.log
facesdist many -o many.h5 --threads 1 --batch 4 >out 2>err &
pid=$!
kill_held
job many -o many.h5
says err 'going on: 12 of 24'
# What a kill after the commit, or while an existing result was written anew, leaves: cleared away by the same command; a file of somebody else's
# in the journal's folder stays and is no reason to fail.
mkdir one && face one/1.jpg
job one -o left.h5 --keep-journal
echo torn >left.h5.tmp
job one -o left.h5
says err 'already complete'
[ ! -e left.h5.tmp ] && [ ! -e left.h5.journal ] || die "something was left behind"
mkdir left.h5.journal && echo mine >left.h5.journal/notes
job one -o left.h5 --force
says err 'warning: .*notes'
[ "$(cat left.h5.journal/notes)" = mine ] || die "a file that is no log was removed"
