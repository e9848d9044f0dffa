# shellcheck shell=bash disable=SC2034   # program is for those who read this
# What faces.sh and check.sh share. Sourced, with the folder of the scripts in $here.

read_site()
{
    FACESDIST_SITE=${FACESDIST_SITE:-$here/site.env}
    [ -r "$FACESDIST_SITE" ] || return 1
    # shellcheck source=slurm/site.env
    . "$FACESDIST_SITE"
}

# The command `module`, which batch shells may lack. Its own scripts use variables that are not set.
find_module()
{
    local init
    for init in "${LMOD_PKG:-}/init/bash" "${MODULESHOME:-}/init/bash" /etc/profile.d/modules.sh /etc/profile.d/lmod.sh \
        /usr/share/modules/init/bash /usr/share/lmod/lmod/init/bash; do
        ! type module >/dev/null 2>&1 || break
        # shellcheck disable=SC1090
        [ ! -r "$init" ] || { set +u; . "$init"; set -u; }
    done
    type module >/dev/null 2>&1
}

# Loads what FACESDIST_MODULES names; 1, and the reason on standard output, when that fails. `module` itself returns 0 on some sites.
load_modules()
{
    local module
    [ -n "$FACESDIST_MODULES" ] || return 0
    find_module || { echo "there is no command 'module' here"; return 1; }
    for module in $FACESDIST_MODULES; do
        set +u
        if ! module load "$module" >/dev/null || ! module is-loaded "$module" 2>/dev/null; then
            set -u
            echo "module load $module failed"
            return 1
        fi
        set -u
    done
}

# find_programs NAME: program=(...), how it is called, but for its arguments. The host's programs: FACESDIST_BIN, or bin/ of the installed tree
# that these scripts are part of, or the PATH. 1 where there is none.
find_programs()
{
    local installed=$here/../../../bin
    program=("$1")
    if [ -n "$FACESDIST_CONTAINER" ]; then
        program=(apptainer exec "$FACESDIST_CONTAINER" "$1")
        [ "${SLURM_GPUS_ON_NODE:-0}" = 0 ] || program=(apptainer exec --nv "$FACESDIST_CONTAINER" "$1")
        command -v apptainer >/dev/null && [ -r "$FACESDIST_CONTAINER" ]
        return
    fi
    [ -n "$FACESDIST_BIN" ] || [ ! -x "$installed/facesdist" ] || FACESDIST_BIN=$(cd "$installed" && pwd)
    [ -z "$FACESDIST_BIN" ] || export PATH="$FACESDIST_BIN:$PATH"
    command -v "$1" >/dev/null
}

# srun or mpirun. srun --mpi=list writes to standard error.
launcher_of()
{
    case $FACESDIST_LAUNCHER in
    srun|mpirun) echo "$FACESDIST_LAUNCHER" ;;
    auto) if srun --mpi=list 2>&1 | grep -qw "$FACESDIST_SRUN_MPI"; then echo srun; else echo mpirun; fi ;;
    *) return 1 ;;
    esac
}
