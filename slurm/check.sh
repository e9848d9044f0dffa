#!/usr/bin/env bash
# check.sh [FOLDER]: whether this cluster is ready for slurm/faces.sh, in ten seconds: programs, MPI launcher, PMIx, GPUs, the locks and the
# free space of the file system that FOLDER (default: the present one) for the results is on. Each failure comes with a hint. Run it on a login
# node, and once inside a job of the size that you mean to use (sbatch --nodes=2 slurm/check.sh), for the nodes may differ.
# Nothing is waited for longer than eight seconds; FACESDIST_PATIENCE=5 gives a slow site five times as long.
# Exit status: 0 ready; 1 something is missing.
set -u
failures=0

ok() { printf 'ok    %-12s %s\n' "$1" "$2"; }
note() { printf 'note  %-12s %s\n' "$1" "$2"; }
bad() { printf 'FAIL  %-12s %s\n      hint: %s\n' "$1" "$2" "$3"; failures=$((failures + 1)); }
have() { command -v "$1" >/dev/null 2>&1; }
# limit SECONDS command...: not longer than that, or FACESDIST_PATIENCE times as long.
limit() { timeout $(($1 * ${FACESDIST_PATIENCE:-1})) "${@:2}"; }
first_line() { head -n 1 "$1" 2>/dev/null; }

own_folder()
{
    local script=$0
    [ -z "${SLURM_JOB_ID:-}" ] || [ -f "$(dirname "$0")/lib.sh" ] ||
        script=$(scontrol show job "$SLURM_JOB_ID" | sed -n 's/^ *Command=//p' | head -n 1)
    while [ ! -f "$script" ] && [ "$script" != "${script% *}" ]; do script=${script% *}; done
    cd "$(dirname "$script")" 2>/dev/null && pwd
}

check_site()
{
    if read_site; then
        ok "site file" "$FACESDIST_SITE"
    else
        bad "site file" "cannot read $FACESDIST_SITE" "set FACESDIST_SITE to a filled-in copy of slurm/site.env"
        # shellcheck source=slurm/site.env
        . "$here/site.env"   # so that the rest is looked at all the same
    fi
}

check_programs()
{
    local reason
    load_modules >"$tmp/module" 2>/dev/null ||
        bad modules "$(first_line "$tmp/module")" "FACESDIST_MODULES in the site file; 'module avail' lists what there is"
    if ! find_programs facesdist; then
        bad programs "no ${program[*]}" "set FACESDIST_BIN, FACESDIST_MODULES or FACESDIST_CONTAINER in the site file"
    elif ! limit 5 "${program[@]}" --version --features >"$tmp/features" 2>"$tmp/reason"; then
        reason=$(first_line "$tmp/reason")
        bad programs "facesdist does not start: $reason" \
            "load the modules that it was built with (FACESDIST_MODULES); 'ldd $(command -v "${program[0]}")' names what is missing"
    else
        ok programs "$(first_line "$tmp/features"), $(sed -n 's/^ranks: //p' "$tmp/features"), ${FACESDIST_CONTAINER:-$(command -v facesdist)}"
    fi
}

# Slurm answers, and would take the job of faces.sh.
check_slurm()
{
    local reason
    if ! have scontrol; then
        bad Slurm "no scontrol here" "run this on a login node of the cluster"
    elif ! limit 4 scontrol ping >"$tmp/ping" 2>&1; then
        bad Slurm "the controller does not answer: $(first_line "$tmp/ping")" "wait, or ask the site's help desk; 'scontrol ping'"
    else
        ok Slurm "$(first_line "$tmp/ping")"
    fi
    [ -z "${SLURM_JOB_ID:-}" ] || return 0
    # shellcheck disable=SC2086
    if limit 5 sbatch --test-only --nodes="$FACESDIST_NODES" --time="$FACESDIST_TIME" \
        ${FACESDIST_PARTITION:+--partition="$FACESDIST_PARTITION"} ${FACESDIST_ACCOUNT:+--account="$FACESDIST_ACCOUNT"} $FACESDIST_SBATCH \
        "$here/faces.sh" >"$tmp/test" 2>&1; then
        ok submission "$(sed -n 's/^sbatch: //p' "$tmp/test" | head -n 1)"
    else
        reason=$(grep -m 1 -i -E 'error|fail' "$tmp/test")
        bad submission "Slurm refuses the job (partition ${FACESDIST_PARTITION:-default}): $reason" \
            "FACESDIST_PARTITION, _ACCOUNT, _NODES, _TIME and _SBATCH in the site file; 'sinfo -s', 'sacctmgr show associations user=$(id -un)'"
    fi
}

check_pmix()
{
    local other
    launcher=$(launcher_of) || { bad launcher "FACESDIST_LAUNCHER is $FACESDIST_LAUNCHER" "auto, srun or mpirun"; launcher=mpirun; }
    [ "$FACESDIST_LAUNCHER" != mpirun ] || return 0
    limit 4 srun --mpi=list >"$tmp/mpi" 2>&1
    if grep -qw "$FACESDIST_SRUN_MPI" "$tmp/mpi"; then
        ok PMIx "srun speaks $FACESDIST_SRUN_MPI"
    elif [ "$FACESDIST_LAUNCHER" = srun ]; then
        other=$(sed 1d "$tmp/mpi" | grep -v version | xargs)
        bad PMIx "srun does not speak $FACESDIST_SRUN_MPI, only: $other" \
            "set FACESDIST_SRUN_MPI to one of these that the MPI library knows, or FACESDIST_LAUNCHER=mpirun"
    else
        note PMIx "srun does not speak $FACESDIST_SRUN_MPI: mpirun will be taken"
    fi
}

# Two ranks that must find each other, and write one file together in the folder of the results. In a job of several nodes they are on two.
check_ranks()
{
    local nodes=1 where="on this host" command reason
    [ "${SLURM_JOB_NUM_NODES:-1}" = 1 ] || { nodes=2; where="on two nodes"; }
    if [ "$launcher" = srun ] && [ -n "${SLURM_JOB_ID:-}" ]; then
        command=(srun "--mpi=$FACESDIST_SRUN_MPI" --overlap --ntasks=2 "--nodes=$nodes")
    elif [ "$launcher" = srun ] || ! have mpirun; then
        note ranks "not tried: srun would have to wait for nodes. Inside a job this is checked (sbatch --ntasks=2 $here/check.sh)"
        return
    else
        command=(mpirun -np 2 --oversubscribe --bind-to none)
        [ $nodes = 1 ] || command+=(--map-by ppr:1:node)
    fi
    # shellcheck disable=SC2206   # options, separated by blanks
    command+=($FACESDIST_LAUNCH "${program[@]}" --glob 'one-face*' --demo --threads 1 --timeout 6 -o "$tmp/ranks.h5")
    if limit 8 "${command[@]}" >"$tmp/ranks" 2>&1 &&
        grep -q 'rank 1' "$tmp/ranks"; then
        ok ranks "two ranks $where, by $launcher, wrote one file together"
    else
        reason=$(grep -m 1 -E 'error|refused|unable|not found' "$tmp/ranks" || echo 'no answer within 8 s')
        bad ranks "two ranks $where do not work together: $reason" \
            "mpirun, or srun's protocol (FACESDIST_SRUN_MPI), must be that of the MPI of facesdist: 'ldd $(command -v facesdist) | grep mpi'"
    fi
}

check_gpus()
{
    local wanted=${SLURM_GPUS_ON_NODE:-0} engine
    engine=$(sed -n 's/^engine cuda: //p' "$tmp/features" 2>/dev/null)
    case $FACESDIST_SBATCH in
    *gpu*|*gres*) [ -n "${SLURM_JOB_ID:-}" ] || { note GPUs "asked for by FACESDIST_SBATCH; inside a job this is checked"; return; } ;;
    esac
    if ! have nvidia-smi || ! limit 5 nvidia-smi -L >"$tmp/gpus" 2>&1 || ! grep -q '^GPU' "$tmp/gpus"; then
        [ "$wanted" = 0 ] && note GPUs "none here: the cpu engine computes" && return
        bad GPUs "the job has $wanted, and nvidia-smi sees none" "is this a GPU node, its driver loaded? without GPUs leave --gpus-per-node out"
    elif case $engine in "not here"*) true ;; *) false ;; esac; then
        bad GPUs "there are $(grep -c '^GPU' "$tmp/gpus"), but facesdist cannot use them: $engine" "facesdist --features; was it built with CUDA?"
    else
        ok GPUs "$(grep -c '^GPU' "$tmp/gpus"): $(sed -n 's/^GPU 0: \(.*\) (UUID.*/\1/p' "$tmp/gpus")"
    fi
}

# While this process holds a lock no other gets it, on no node of the job: two jobs must not write one result.
check_locks()
{
    local type others=() where="between processes"
    type=$(stat -f -c %T "$folder")
    have flock || { note locks "no flock program here; facesdist takes its lock by itself"; return; }
    if [ "${SLURM_JOB_NUM_NODES:-1}" -gt 1 ]; then
        others=(srun --overlap "--nodes=$SLURM_JOB_NUM_NODES" "--ntasks=$SLURM_JOB_NUM_NODES")
        where="between nodes"
    fi
    # shellcheck disable=SC2016   # expanded by the other shell
    if ! exec 9>"$tmp/lock" || ! flock --nonblock 9; then
        bad locks "$folder ($type) gives no locks" \
            "take another file system for results (Lustre: a mount with -o flock). For h5py on such a one: export HDF5_USE_FILE_LOCKING=FALSE"
    elif [ "$(limit 8 "${others[@]}" sh -c 'flock --nonblock "$1" true || echo shut' sh "$tmp/lock" 2>/dev/null | grep -c shut)" != \
        "${SLURM_JOB_NUM_NODES:-1}" ]; then
        bad locks "$folder ($type) lets two hold one lock $where" \
            "take another file system for results, or ask for a mount with locks (Lustre: -o flock; NFS: without nolock)"
    else
        ok locks "work $where on $type"
    fi
    exec 9>&-
}

check_space()
{
    local free
    free=$(($(stat -f -c '%a * %S' "$folder") / 1000000000))
    if [ "$free" -ge "$FACESDIST_FREE_GB" ]; then
        ok "free space" "$free GB in $folder (a quota may allow less: 'quota -s', 'lfs quota -h $folder')"
    else
        bad "free space" "$free GB in $folder, $FACESDIST_FREE_GB are wanted (FACESDIST_FREE_GB)" \
            "take another folder, clean up, or store the nearest only: --matrix none --topk 50"
    fi
    free=$(($(stat -f -c '%a * %S' "${FACESDIST_SCRATCH:-${TMPDIR:-/tmp}}" 2>/dev/null || echo 0) / 1000000))
    [ "$free" -ge 100 ] || bad "session space" "$free MB in ${FACESDIST_SCRATCH:-${TMPDIR:-/tmp}}" \
        "MPI keeps its session files there: set FACESDIST_SCRATCH to a folder on a disk of the node"
}

folder=$(cd "${1:-.}" 2>/dev/null && pwd) || { echo "check.sh: no folder ${1:-.}" >&2; exit 1; }
tmp=$(mktemp -d "$folder/.facesdist-check.XXXXXX") || { echo "check.sh: cannot write in $folder: name a folder for results" >&2; exit 1; }
trap 'rm -rf "$tmp"' EXIT
here=$(own_folder)
[ -r "$here/lib.sh" ] || { echo "check.sh: cannot find the folder of this script, and lib.sh in it" >&2; exit 1; }
# shellcheck source=slurm/lib.sh
. "$here/lib.sh"
check_site
check_programs
check_slurm
check_pmix
check_ranks
check_gpus
check_locks
check_space
[ $failures = 0 ] && echo "ready: slurm/faces.sh photos/ -o faces.h5" && exit 0
echo "$failures to be seen to"
exit 1
