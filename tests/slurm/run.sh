#!/usr/bin/env bash
# run.sh BUILD_DIR SOURCE_DIR [CASE...]: slurm/faces.sh on a real Slurm (cluster.sh): submit and finish, scancel --signal, the time limit, preemption,
# two nodes, srun and mpirun, arrays, GPUs that are not there. Takes minutes, for Slurm counts in them: `cmake --build build --target test-slurm`.
# Needs root, or sudo, and Linux namespaces; nothing outside them is touched but a folder in /var/tmp, which goes at the end.
set -u
build=$(cd "$1" && pwd)
source_dir=$(cd "$2" && pwd)
shift 2

if [ -z "${FACESDIST_SLURM_TEST:-}" ]; then
    [ "$(id -u)" = 0 ] || exec sudo -E "$0" "$build" "$source_dir" "$@"
    # shellcheck source=cmake/packages.sh
    . "$source_dir/cmake/packages.sh"
    install_packages slurm || exit 1
    scratch=$(mktemp -d /var/tmp/facesdist-slurm.XXXXXX) || exit 1
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT TERM
    chmod 755 "$scratch"
    DESTDIR='' cmake --install "$build" --prefix "$scratch/prefix" >/dev/null || exit 1
    FACESDIST_SLURM_TEST=$scratch unshare --net --mount --uts --pid --fork --kill-child --mount-proc bash "$0" "$build" "$source_dir" "$@" <&0 &
    wait $!
    exit $?
fi

scratch=$FACESDIST_SLURM_TEST
die() { echo "FAILED: $*" >&2; exit 1; }
# shellcheck source=tests/slurm/cluster.sh
. "$source_dir/tests/slurm/cluster.sh"
start_cluster
export build source_dir scratch slurm share=$scratch/prefix/share/facesdist PATH="$scratch/prefix/bin:$PATH"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
[ "${1:-}" != shell ] || exec bash   # a cluster to try things on
# shellcheck source=tests/slurm/cases.sh
. "$source_dir/tests/slurm/cases.sh"
prepare || die "cannot prepare the photographs"
[ $# -gt 0 ] || set -- check finish sbatch scancel_signal restarts_end mpirun two_nodes preemption node_failure failures cancel array distances exchange time_limit
for name; do
    start=$SECONDS
    mkdir "$scratch/$name"
    ( cd "$scratch/$name" && "case_$name" ) || die "$name"
    echo "ok   $name ($((SECONDS - start)) s)"
done
