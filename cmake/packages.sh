# Installs the Debian packages that are missing. Sourced: install_packages build|test|slurm
build_packages="build-essential cmake ninja-build pkg-config git ca-certificates openmpi-bin libopenmpi-dev libhdf5-dev hdf5-tools libdnnl-dev
 libjpeg62-turbo-dev libpng-dev libonnx-dev libprotobuf-c-dev protobuf-c-compiler libssl-dev
 zlib1g-dev"
test_packages="libopenblas-dev libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libcmocka-dev python3 python3-numpy python3-h5py python3-pil man-db groff-base xz-utils"
slurm_packages="slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge iproute2"

install_packages()
{
    local wanted=$build_packages missing=""
    [ "$1" = test ] && wanted="$wanted $test_packages"
    [ "$1" = slurm ] && wanted=$slurm_packages
    for package in $wanted; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    local as_root=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || { echo "install these packages first (needs root):$missing" >&2; return 1; }
        as_root=sudo
    fi
    echo "installing:$missing"
    $as_root apt-get update -qq || return 1
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null || return 1
}

# What Open MPI wants to be told where users are root and cores are few.
mpi_environment()
{
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
}
