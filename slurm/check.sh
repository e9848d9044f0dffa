#!/usr/bin/env bash
# check.sh [FOLDER]: whether this cluster is ready for slurm/faces.sh, in ten seconds: programs, MPI launcher, PMIx, GPUs, the locks and the free
# space of the file system that FOLDER (default: the present one) for the results is on. Each failure comes with a hint. Run it on a login node,
# and once inside a job of the size that you mean to use (sbatch --nodes=2 slurm/check.sh), for the nodes may differ.
# Exit status: 0 ready; 1 something is missing.
set -u
failures=0

ok() { printf 'ok    %-12s %s\n' "$1" "$2"; }
note() { printf 'note  %-12s %s\n' "$1" "$2"; }
bad() { printf 'FAIL  %-12s %s\n      hint: %s\n' "$1" "$2" "$3"; failures=$((failures + 1)); }
have() { command -v "$1" >/dev/null 2>&1; }
first_line() { head -n 1 "$1" 2>/dev/null; }

own_folder()
{
    local script=$0
    [ -z "${SLURM_JOB_ID:-}" ] || [ -f "$(dirname "$0")/site.env" ] || script=$(scontrol show job "$SLURM_JOB_ID" | sed -n 's/^ *Command=//p' | head -n 1)
    while [ ! -f "$script" ] && [ "$script" != "${script% *}" ]; do script=${script% *}; done
    cd "$(dirname "$script")" 2>/dev/null && pwd
}

check_site()
{
    FACESDIST_SITE=${FACESDIST_SITE:-$here/site.env}
    if [ -r "$FACESDIST_SITE" ]; then
        # shellcheck source=slurm/site.env
        . "$FACESDIST_SITE"
        ok "site file" "$FACESDIST_SITE"
    else
        bad "site file" "cannot read $FACESDIST_SITE" "set FACESDIST_SITE to a filled-in copy of slurm/site.env"
    fi
}

check_programs()
{
    local module
    for module in ${FACESDIST_MODULES:-}; do
        module load "$module" || bad modules "module load $module failed" "FACESDIST_MODULES in the site file; 'module avail' lists what there is"
    done
    [ -n "${FACESDIST_BIN:-}" ] || { [ ! -x "$here/../../../bin/facesdist" ] || FACESDIST_BIN=$(cd "$here/../../../bin" && pwd); }
    [ -z "${FACESDIST_BIN:-}" ] || PATH=$FACESDIST_BIN:$PATH
    if ! have facesdist; then
        bad programs "no facesdist" "set FACESDIST_BIN or FACESDIST_MODULES in the site file"
    elif ! timeout 5 facesdist --version >"$tmp/version" 2>&1; then
        bad programs "facesdist does not start: $(first_line "$tmp/version")" "load the modules that it was built with: FACESDIST_MODULES; 'ldd $(command -v facesdist)' names what is missing"
    else
        ok programs "$(first_line "$tmp/version"), $(command -v facesdist)"
    fi
}

# Slurm answers, and would take the job of faces.sh.
check_slurm()
{
    if ! have scontrol; then
        bad Slurm "no scontrol here" "run this on a login node of the cluster"
    elif ! timeout 4 scontrol ping >"$tmp/ping" 2>&1; then
        bad Slurm "the controller does not answer: $(first_line "$tmp/ping")" "wait, or ask the site's help desk; 'scontrol ping'"
    else
        ok Slurm "$(first_line "$tmp/ping")"
    fi
    [ -z "${SLURM_JOB_ID:-}" ] || return 0
    # shellcheck disable=SC2086
    if timeout 5 sbatch --test-only --nodes="${FACESDIST_NODES:-1}" --time="${FACESDIST_TIME:-1}" ${FACESDIST_PARTITION:+--partition="$FACESDIST_PARTITION"} \
        ${FACESDIST_ACCOUNT:+--account="$FACESDIST_ACCOUNT"} ${FACESDIST_SBATCH:-} "$here/faces.sh" >"$tmp/test" 2>&1; then
        ok submission "$(sed -n 's/^sbatch: //p' "$tmp/test" | head -n 1)"
    else
        bad submission "Slurm refuses the job (partition ${FACESDIST_PARTITION:-default}): $(grep -m 1 -i -E 'error|fail' "$tmp/test")" \
            "FACESDIST_PARTITION, _ACCOUNT, _NODES, _TIME and _SBATCH in the site file; 'sinfo -s', 'sacctmgr show associations user=$(id -un)'"
    fi
}

check_pmix()
{
    local launcher=${FACESDIST_LAUNCHER:-auto} protocol=${FACESDIST_SRUN_MPI:-pmix}
    [ "$launcher" != mpirun ] || return 0
    timeout 4 srun --mpi=list >"$tmp/mpi" 2>&1
    if grep -qw "$protocol" "$tmp/mpi"; then
        ok PMIx "srun speaks $protocol"
    elif [ "$launcher" = srun ]; then
        bad PMIx "srun does not speak $protocol, only: $(sed 1d "$tmp/mpi" | grep -v version | xargs)" "set FACESDIST_SRUN_MPI to one of these that the MPI library knows, or FACESDIST_LAUNCHER=mpirun"
    else
        note PMIx "srun does not speak $protocol: mpirun will be taken"
    fi
}

# Two ranks that must find each other, and write one file together in the folder of the results. In a job of several nodes they are on two.
check_ranks()
{
    local launcher=${FACESDIST_LAUNCHER:-auto} where="on this host" command
    [ "$launcher" != auto ] || { launcher=mpirun; ! grep -qw "${FACESDIST_SRUN_MPI:-pmix}" "$tmp/mpi" 2>/dev/null || launcher=srun; }
    [ "${SLURM_JOB_NUM_NODES:-1}" = 1 ] || where="on two nodes"
    if [ "$launcher" = srun ] && [ -n "${SLURM_JOB_ID:-}" ]; then
        command=(srun "--mpi=$FACESDIST_SRUN_MPI" --overlap --ntasks=2 --nodes="$([ "$where" = "on two nodes" ] && echo 2 || echo 1)")
    elif [ "$launcher" = srun ] || ! have mpirun; then
        note ranks "not tried: srun would have to wait for nodes. Inside a job this is checked (sbatch --ntasks=2 $here/check.sh)"
        return
    else
        command=(mpirun -np 2 --oversubscribe --bind-to none)
        [ "$where" = "on this host" ] || command+=(--map-by ppr:1:node)
    fi
    # shellcheck disable=SC2086
    if timeout 8 "${command[@]}" ${FACESDIST_LAUNCH:-} facesdist --glob 'one-face*' --demo --threads 1 --timeout 6 -o "$tmp/ranks.h5" >"$tmp/ranks" 2>&1 &&
        grep -q 'rank 1' "$tmp/ranks"; then
        ok ranks "two ranks $where, by $launcher, wrote one file together"
    else
        bad ranks "two ranks $where do not work together: $(grep -m 1 -E 'error|refused|unable|not found' "$tmp/ranks" || echo 'no answer within 8 s')" \
            "the mpirun, or the protocol of srun (FACESDIST_SRUN_MPI), must be that of the MPI which facesdist was built with: 'ldd $(command -v facesdist) | grep mpi'"
    fi
}

check_gpus()
{
    local wanted=${SLURM_GPUS_ON_NODE:-0}
    case "${FACESDIST_SBATCH:-}" in *gpu*|*gres*) [ -n "${SLURM_JOB_ID:-}" ] || { note GPUs "asked for by FACESDIST_SBATCH; inside a job this is checked"; return; } ;; esac
    if ! have nvidia-smi || ! timeout 5 nvidia-smi -L >"$tmp/gpus" 2>&1 || ! grep -q '^GPU' "$tmp/gpus"; then
        [ "$wanted" = 0 ] && note GPUs "none here: the cpu engine computes" && return
        bad GPUs "the job has $wanted, and nvidia-smi sees none" "is this a GPU node, and its driver loaded? 'nvidia-smi'; without GPUs leave --gpus-per-node out"
    else
        ok GPUs "$(grep -c '^GPU' "$tmp/gpus"): $(sed -n 's/^GPU 0: \(.*\) (UUID.*/\1/p' "$tmp/gpus")"
    fi
}

# One holder of a lock shuts out a second process, and a second node: two jobs must not write one result.
check_locks()
{
    local type other=() where="between processes"
    type=$(stat -f -c %T "$folder")
    have flock || { note locks "no flock program here; facesdist takes its lock by itself"; return; }
    if [ "${SLURM_JOB_NUM_NODES:-1}" -gt 1 ]; then
        other=(srun --overlap --nodes=2 --ntasks=2)
        where="between nodes"
    fi
    # Each of the two holds it for a second if it can; just one may.
    : >"$tmp/lock"
    if [ ${#other[@]} = 0 ]; then
        for _ in 1 2; do flock --nonblock "$tmp/lock" sh -c 'echo held; sleep 1' & done >"$tmp/held" 2>/dev/null
        wait
    else
        timeout 8 "${other[@]}" flock --nonblock "$tmp/lock" sh -c 'echo held; sleep 2' >"$tmp/held" 2>/dev/null
    fi
    case $(grep -c held "$tmp/held") in
    1) ok locks "work $where on $type" ;;
    2) bad locks "$folder ($type) lets two hold one lock $where" "take another file system for results, or ask for a mount with locks (Lustre: -o flock; NFS: without nolock)" ;;
    *) bad locks "$folder ($type) gives no locks" "take another file system for results (Lustre: a mount with -o flock). For h5py on such a one: export HDF5_USE_FILE_LOCKING=FALSE" ;;
    esac
}

check_space()
{
    local free
    free=$(($(stat -f -c '%a * %S' "$folder") / 1000000000))
    if [ "$free" -ge "${FACESDIST_FREE_GB:-5}" ]; then
        ok "free space" "$free GB in $folder (a quota may allow less: 'quota -s', 'lfs quota -h $folder')"
    else
        bad "free space" "$free GB in $folder, ${FACESDIST_FREE_GB:-5} are wanted (FACESDIST_FREE_GB)" "take another folder, clean up, or store the nearest only: --matrix none --topk 50"
    fi
    free=$(($(stat -f -c '%a * %S' "${FACESDIST_SCRATCH:-${TMPDIR:-/tmp}}" 2>/dev/null || echo 0) / 1000000))
    [ "$free" -ge 100 ] || bad "session space" "$free MB in ${FACESDIST_SCRATCH:-${TMPDIR:-/tmp}}" "MPI keeps its session files there: set FACESDIST_SCRATCH to a folder on a disk of the node"
}

folder=$(cd "${1:-.}" 2>/dev/null && pwd) || { echo "check.sh: no folder ${1:-.}" >&2; exit 1; }
tmp=$(mktemp -d "$folder/.facesdist-check.XXXXXX") || { echo "check.sh: cannot write in $folder: choose a folder of yours for the results" >&2; exit 1; }
trap 'rm -rf "$tmp"' EXIT
here=$(own_folder) || here=.
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
