# What the benchmarks against other libraries share. Sourced with the script's arguments: [BIN_DIR], by default build-ci/bin, built first.
# peers NAME PACKAGES...: a Python virtual environment with these packages, build/NAME; or the one that PEERS names.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
if [ $# = 0 ]; then
    (cd "$project" && cmake --preset ci && cmake --build --preset ci) >/dev/null
fi
bin=$(cd "${1:-$project/build-ci/bin}" && pwd)
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1

peers()
{
    [ -z "${PEERS:-}" ] || return 0
    PEERS=$project/build/$1
    shift
    [ "$(cat "$PEERS/holds" 2>/dev/null)" != "$*" ] || return 0
    python3 -m venv "$PEERS"
    "$PEERS/bin/pip" install -q "$@"
    echo "$*" >"$PEERS/holds"
}
