#!/usr/bin/env bash
# slurm/faces.sh and check.sh where there is no Slurm: its commands are stand-ins that write down how they were called. (tests/slurm has a real one.)
. "$2/tests/tools/lib.sh"
mkdir tools site
stand_in() { printf '#!/usr/bin/env bash\n%s\n' "$2" >"tools/$1"; chmod +x "tools/$1"; }
stand_in sbatch 'printf "%s\n" "$@" >sbatch.called; echo Submitted batch job 7'
stand_in squeue 'cat state'
stand_in scontrol 'case $1 in show) echo "   Command='"$source_dir"'/slurm/faces.sh in -o x.h5" ;; requeue) echo "requeue $2" >>requeued ;; ping) echo is UP ;; esac'
# srun is a rank of its own: it says what it was given, and ends as the file `ends` says; with `wait` it waits for USR1 first.
stand_in srun '[ "$1" != --mpi=list ] || { echo pmix >&2; exit; }
printf "%s\n" "$@" >srun.called
if [ -e wait ]; then   # no more in a trap than this: one in which the time of `read` runs out is left half way
    asked=; trap asked=told USR1; trap asked=term TERM; echo >waiting
    while [ -z "$asked" ]; do read -r -t 0.05 <>fifo; done
    echo $asked >>told
    [ $asked = told ] || exit 1
fi
exit "$(cat ends)"'
mkfifo fifo
export PATH=$scratch/tools:$PATH
faces=$source_dir/slurm/faces.sh
cp "$source_dir/slurm/site.env" site/site.env
export FACESDIST_SITE=$scratch/site/site.env

# On a login node: sbatch, with what the site file and the environment say.
FACESDIST_PARTITION=long FACESDIST_ACCOUNT=me FACESDIST_NODES=3 FACESDIST_SBATCH='--ntasks-per-node=2 --qos=x' expect 0 "$faces" 'my photos' -o x.h5
says out 'Submitted batch job 7'
printf '%s\n' --nodes=3 --time=01:00:00 --ntasks-per-node=2 --qos=x --partition=long --account=me "$faces" 'my photos' -o x.h5 | cmp - sbatch.called || die "sbatch"
printf '#a\na\tb.h5\n\n  \nc\td.h5' >list
FACESDIST_ARRAY_AT_ONCE=9 expect 0 "$faces" --data-sets list --topk 5
grep -qx -- '--array=1-2%9' sbatch.called || die "an array of two: $(cat sbatch.called)"
expect 0 "$faces" --program facesdist-distances rows.npy -o d.h5
tail -n 6 sbatch.called | cmp - <(printf '%s\n' "$faces" --program facesdist-distances rows.npy -o d.h5) || die "another program"
printf '# nothing\n' >empty
expect 1 "$faces" --data-sets empty
says err 'names no data set'
expect 1 "$faces" --data-sets absent
expect 2 "$faces" --data-sets
expect 2 "$faces" --program
FACESDIST_SITE=absent expect 1 "$faces" in
says err 'no site file absent'

# In a job.
export SLURM_JOB_ID=7 SLURM_JOB_NODELIST=n1 SLURM_JOB_NUM_NODES=1 SLURM_NTASKS=2 SLURM_CPUS_PER_TASK=3
echo RUNNING >state
run() { rm -f srun.called requeued told; echo "$1" >ends; shift; expect "$@"; }
run 0 0 "$faces" 'in put' -o x.h5
printf '%s\n' --mpi=pmix --kill-on-bad-exit=1 --nodes=1 --ntasks=2 --cpus-per-task=3 facesdist 'in put' -o x.h5 | cmp - srun.called || die "srun"
[ ! -e requeued ] || die "requeued though done"
SLURM_ARRAY_TASK_ID=2 run 0 0 "$faces" --program facesdist-distances --data-sets list --topk 5
tail -n 6 srun.called | cmp - <(printf '%s\n' facesdist-distances c -o d.h5 --topk 5) || die "another program, in a job"
run 0 1 "$faces" --program no-such-program in
says err 'no no-such-program here'
for code in 1 2 3 137; do
    run $code $code "$faces" in
    [ ! -e requeued ] || die "requeued after exit status $code"
done
run 75 75 "$faces" in
[ "$(cat requeued)" = "requeue 7" ] || die "not requeued"
says err 'in the queue again'
FACESDIST_RESTARTS=3 SLURM_RESTART_COUNT=3 run 75 75 "$faces" in
[ ! -e requeued ] || die "requeued for ever"
for state in CANCELLED COMPLETING ''; do
    echo "$state" >state
    run 75 75 "$faces" in
    [ ! -e requeued ] || die "a job that is '$state' was requeued"
done
echo RUNNING >state

# Signals to the script become USR1 to the launcher, and never TERM; twice is as good as once.
: >wait
for signal in USR1 USR2 TERM; do
    rm -f srun.called requeued told waiting
    echo 75 >ends
    "$faces" in >out 2>err &
    pid=$!
    until [ -e waiting ]; do kill -0 $pid 2>/dev/null || { cat err; die "faces.sh ended"; }; sleep 0.01; done
    kill -$signal $pid
    wait $pid
    [ $? = 75 ] || { cat err; die "$signal: not 75"; }
    [ "$(cat told)" = told ] || die "$signal: the launcher got '$(cat told)'"
    [ -e requeued ] || die "$signal: not requeued"
done
# Told so early that they died of it; but who dies of a signal that nobody has sent is a failure.
for code in 138 143 137; do
    rm -f srun.called requeued told waiting
    echo $code >ends
    "$faces" in >out 2>err &
    pid=$!
    until [ -e waiting ]; do kill -0 $pid 2>/dev/null || { cat err; die "faces.sh ended"; }; sleep 0.01; done
    kill -USR1 $pid
    wait $pid
    case $?:$code in 75:138|75:143) [ -e requeued ] || die "$code: not requeued" ;; 137:137) ;; *) cat err; die "$code: wrong exit status" ;; esac
done
[ ! -e requeued ] || die "requeued after a kill"
rm wait
for code in 138 143; do
    run $code $code "$faces" in
    [ ! -e requeued ] || die "requeued after exit status $code"
done
SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 run 75 75 "$faces" --data-sets list
[ "$(cat requeued)" = "requeue 7_2" ] || die "the whole array was requeued: $(cat requeued)"

# GPUs: one rank on each, and the engine is asked for. Containers, launchers, arrays, data sets.
SLURM_GPUS_ON_NODE=4 SLURM_JOB_NUM_NODES=2 SLURM_CPUS_ON_NODE=32 run 0 0 "$faces" in
printf '%s\n' --mpi=pmix --kill-on-bad-exit=1 --nodes=2 --ntasks=8 --cpus-per-task=8 facesdist --device cuda in | cmp - srun.called || die "srun with GPUs"
SLURM_GPUS_ON_NODE=4 SLURM_CPUS_ON_NODE=2 run 0 1 "$faces" in
says err '4 GPUs and 2 cores'
stand_in mpirun 'printf "%s\n" "$@" >mpirun.called'
FACESDIST_LAUNCHER=mpirun FACESDIST_LAUNCH='--mca x y' SLURM_JOB_NUM_NODES=2 SLURM_NTASKS=6 run 0 0 "$faces" in
printf '%s\n' -np 6 --map-by ppr:3:node --bind-to none --mca x y facesdist in | cmp - mpirun.called || die "mpirun"
FACESDIST_LAUNCHER=carrier-pigeon run 0 1 "$faces" in
says err 'not auto, srun or mpirun'
FACESDIST_SRUN_MPI=none-such run 0 0 "$faces" in
[ -s mpirun.called ] && [ ! -e srun.called ] || die "auto takes srun though it speaks no PMIx"
: >'an image.sif'
FACESDIST_CONTAINER='an image.sif' run 0 1 "$faces" in
says err 'no apptainer exec'
stand_in apptainer true
FACESDIST_CONTAINER='an image.sif' run 0 0 "$faces" in
tail -n 5 srun.called | cmp - <(printf '%s\n' apptainer exec 'an image.sif' facesdist in) || die "srun of a container"
SLURM_ARRAY_TASK_ID=2 run 0 0 "$faces" --data-sets list --topk 5
tail -n 6 srun.called | cmp - <(printf '%s\n' facesdist c -o d.h5 --topk 5) || die "the second data set"
printf 'one two\n' >bad
SLURM_ARRAY_TASK_ID=1 run 0 1 "$faces" --data-sets bad
says err 'not FOLDER TAB RESULT'
FACESDIST_MODULES=none-such/1 run 0 1 "$faces" in
says err "FACESDIST_MODULES"

# check.sh on a login node: ready, or as many hints as failures.
unset SLURM_JOB_ID SLURM_JOB_NUM_NODES
export FACESDIST_PATIENCE=20
FACESDIST_FREE_GB=0 expect 0 "$source_dir/slurm/check.sh" .
says out '^ok +programs +facesdist '
says out '^ready: '
FACESDIST_LAUNCHER=srun FACESDIST_SRUN_MPI=other FACESDIST_FREE_GB=99999999 expect 1 "$source_dir/slurm/check.sh" .
says out '^FAIL +PMIx'
says out '^FAIL +free space'
[ "$(grep -c ^FAIL out)" = "$(grep -c '^ *hint: ' out)" ] || die "a failure without a hint"
[ -z "$(find . -name '.facesdist-check*')" ] || die "check.sh leaves a folder"
command -v shellcheck >/dev/null || exit 0
( cd "$source_dir" && shellcheck -x -S warning slurm/*.sh tests/slurm/*.sh ) || die "shellcheck"
