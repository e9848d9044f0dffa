#!/usr/bin/env bash
# faces.sh: facesdist under Slurm, on CPU or GPU partitions, until it is done: interrupted by the time limit, a preemption or a node that
# failed, the job queues itself again and goes on.
#
#   slurm/faces.sh photos/ -o faces.h5                     on a login node: submits itself with the values of site.env
#   slurm/faces.sh --data-sets LIST [options]              an array job: a task for each line "FOLDER TAB RESULT" of LIST
#   slurm/faces.sh --program facesdist-distances rows.npy -o d.h5 --topk 100     another program that goes on after exit status 75
#   sbatch [options] slurm/faces.sh photos/ -o faces.h5    the same, with options of your own in place of site.env's
#
# All other arguments are those of the program. Paths are as seen from the folder of submission, which all nodes must see.
#
#SBATCH --job-name=facesdist
#SBATCH --output=%x-%j.out
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
set -u
readonly GOES_ON=75   # facesdist's exit status after an interruption: all is saved, the same command goes on

say() { echo "faces.sh: $*" >&2; }
fail() { say "$*"; exit 1; }

# The folder of this script. Inside a job it is a copy in Slurm's spool; the job knows the original.
own_folder()
{
    local script=$0
    [ -z "${SLURM_JOB_ID:-}" ] || script=$(scontrol show job "$SLURM_JOB_ID" | sed -n 's/^ *Command=//p' | head -n 1)
    while [ ! -f "$script" ] && [ "$script" != "${script% *}" ]; do script=${script% *}; done   # without the arguments
    cd "$(dirname "$script")" 2>/dev/null && pwd
}

# The lines of LIST that name a data set.
data_sets() { grep -vE '^[[:space:]]*(#|$)' "$1"; }

# --- on a login node ---

submit()
{
    # shellcheck disable=SC2206   # options, separated by blanks
    local options=(--nodes="$FACESDIST_NODES" --time="$FACESDIST_TIME" $FACESDIST_SBATCH) n
    [ -z "$FACESDIST_PARTITION" ] || options+=(--partition="$FACESDIST_PARTITION")
    [ -z "$FACESDIST_ACCOUNT" ] || options+=(--account="$FACESDIST_ACCOUNT")
    if [ -n "$list" ]; then
        [ -r "$list" ] || fail "cannot read the list $list"
        n=$(data_sets "$list" | wc -l)
        [ "$n" -gt 0 ] || fail "$list names no data set: a line is FOLDER TAB RESULT"
        options+=(--array="1-$n${FACESDIST_ARRAY_AT_ONCE:+%$FACESDIST_ARRAY_AT_ONCE}")
        set -- --data-sets "$list" "$@"
    fi
    [ "$name" = facesdist ] || set -- --program "$name" "$@"
    command -v sbatch >/dev/null || fail "no sbatch here: this is not a login node of a Slurm cluster (mpirun -np N facesdist runs without one)"
    FACESDIST_SITE=$(realpath "$FACESDIST_SITE") exec sbatch "${options[@]}" "$here/faces.sh" "$@"
}

# --- inside a job ---

enter_environment()
{
    load_modules || fail "see FACESDIST_MODULES in $FACESDIST_SITE; 'module avail' lists what there is"
    find_programs "$name" || fail "no ${program[*]} here: see FACESDIST_BIN, FACESDIST_MODULES and FACESDIST_CONTAINER in $FACESDIST_SITE"
    [ -z "$FACESDIST_SCRATCH" ] || { export TMPDIR=$FACESDIST_SCRATCH; mkdir -p "$TMPDIR" || fail "cannot make $TMPDIR (FACESDIST_SCRATCH)"; }
}

# GPUs of this job on each node; 0 on a CPU partition.
gpus_per_node()
{
    local n=${SLURM_GPUS_ON_NODE:-0}
    case $n in *[!0-9]*) n=${n##*:} ;; esac
    echo "$n"
}

# How many ranks, and cores of each: with GPUs one rank for each of them, else the tasks that the job has.
count_ranks()
{
    local cores=${SLURM_CPUS_ON_NODE:-1}
    nodes=${SLURM_JOB_NUM_NODES:-1}
    gpus=$(gpus_per_node)
    ranks=${SLURM_NTASKS:-$nodes}
    cores_each=${SLURM_CPUS_PER_TASK:-1}
    [ "$gpus" != 0 ] || return 0
    [ "$cores" -ge "$gpus" ] ||
        fail "$gpus GPUs and $cores cores on a node, and each GPU wants a rank: ask for --ntasks-per-node=$gpus --cpus-per-task=8"
    ranks=$((gpus * nodes))
    cores_each=$((cores / gpus))
}

# launch=(...): the command that starts the ranks.
choose_launch()
{
    local launcher nodes gpus ranks cores_each
    launcher=$(launcher_of) || fail "FACESDIST_LAUNCHER is $FACESDIST_LAUNCHER, not auto, srun or mpirun ($FACESDIST_SITE)"
    count_ranks
    case $launcher in
    srun)   # the numbers are repeated: srun takes over neither --cpus-per-task of sbatch (since Slurm 22.05) nor tasks that GPUs decide
        launch=(srun "--mpi=$FACESDIST_SRUN_MPI" --kill-on-bad-exit=1 --nodes="$nodes" --ntasks="$ranks" --cpus-per-task="$cores_each") ;;
    mpirun) # without --bind-to none each rank has one core, whatever the number of its threads
        launch=(mpirun -np "$ranks" --map-by "ppr:$(((ranks + nodes - 1) / nodes)):node" --bind-to none) ;;
    esac
    # shellcheck disable=SC2206   # options, separated by blanks
    launch+=($FACESDIST_LAUNCH "${program[@]}")
    [ "$gpus" = 0 ] || launch+=(--device cuda)   # a GPU that is paid for and not used is an error; --device of the command line counts more
}

# arguments=(...): those of facesdist; of an array's task those of its line of the list.
choose_arguments()
{
    local line
    arguments=("$@")
    [ -n "$list" ] || return 0
    line=$(data_sets "$list" | sed -n "${SLURM_ARRAY_TASK_ID:?--data-sets needs an array job: sbatch --array=1-N}p")
    case $line in
    *$'\t'*) arguments=("${line%%$'\t'*}" -o "${line#*$'\t'}" "$@") ;;
    *) fail "line $SLURM_ARRAY_TASK_ID of $list is not FOLDER TAB RESULT: $line" ;;
    esac
}

# Runs it and forwards what Slurm says as USR1, which srun and mpirun pass on to every rank. Never as TERM: mpirun kills its ranks then.
run()
{
    local code
    child='' asked=no heard=no
    forward() { heard=yes asked=yes; [ -z "$child" ] || kill -USR1 "$child" 2>/dev/null; }
    trap forward USR1 USR2 TERM INT
    "$@" &
    child=$!
    [ $asked = no ] || kill -USR1 "$child"   # it came before there was anybody to tell
    while heard=no; do
        wait "$child"
        code=$?
        [ $heard = yes ] || break   # else a signal ended the wait, not the command
    done
    child=''
    # Told to stop before the ranks had begun to listen, they died of it, or of the TERM that srun then sends to the others: nothing was lost.
    [ $asked = no ] || case $code in 138|143) code=$GOES_ON ;; esac   # 128 and the number of the signal
    return $code
}

# Back into the queue. A job that its owner has cancelled is left alone, for Slurm would requeue that as well.
requeue()
{
    local state restarts=${SLURM_RESTART_COUNT:-0} job=$SLURM_JOB_ID
    # The plain number of one task is that of the whole array as well.
    [ -z "${SLURM_ARRAY_JOB_ID:-}" ] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
    if [ "$restarts" -ge "$FACESDIST_RESTARTS" ]; then
        say "interrupted after $restarts requeues, which is all that FACESDIST_RESTARTS allows. Is the time limit long enough for a batch?"
        return
    fi
    state=$(squeue --noheader --jobs="$job" --format=%T)
    if [ "$state" != RUNNING ]; then
        say "interrupted; the job is ${state:-gone} and stays so. The same command goes on"
    elif scontrol requeue "$job"; then
        say "interrupted; everything is saved, the job is in the queue again"
    else
        say "interrupted, and Slurm refuses to requeue: submit the same command again (is JobRequeue=0, or --no-requeue given?)"
    fi
}

work()
{
    local code
    enter_environment
    choose_launch
    choose_arguments "$@"
    say "$(date -u +%FT%TZ) job $SLURM_JOB_ID, restart ${SLURM_RESTART_COUNT:-0}, on $SLURM_JOB_NODELIST: ${launch[*]} ${arguments[*]}"
    run "${launch[@]}" "${arguments[@]}"
    code=$?
    say "$(date -u +%FT%TZ) exit status $code"
    [ $code != $GOES_ON ] || requeue
    return $code
}

list='' name=facesdist
while case ${1:-} in --data-sets|--program) true ;; *) false ;; esac; do
    [ $# -ge 2 ] || { say "$1 needs a value"; exit 2; }
    [ "$1" = --program ] || list=$2
    [ "$1" = --data-sets ] || name=$2
    shift 2
done
here=$(own_folder)
[ -r "$here/lib.sh" ] || fail "cannot find the folder of this script, and lib.sh in it"
# shellcheck source=slurm/lib.sh
. "$here/lib.sh"
read_site || fail "no site file $FACESDIST_SITE: set FACESDIST_SITE to a filled-in copy of slurm/site.env"
if [ -n "${SLURM_JOB_ID:-}" ] && [ "${SLURM_PROCID:-0}" = 0 ] && [ -n "${SLURM_JOB_NODELIST:-}" ]; then
    work "$@"
else
    submit "$@"
fi
