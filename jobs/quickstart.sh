#!/usr/bin/env bash
# From a bare Debian 12 to a first result: installs what is missing, builds, runs the main job on the sample photographs into ./faces.h5, shows it.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
. "$project/cmake/packages.sh"
install_packages build
mpi_environment
cmake -S "$project" -B "$project/build" -G Ninja -DFACESDIST_TESTS=OFF >/dev/null
cmake --build "$project/build"
export PATH="$project/build/bin:$PATH"
echo "+ mpirun -np 2 facesdist $project/data/photos -o faces.h5 --faces all --force"
mpirun -np 2 facesdist "$project/data/photos" -o faces.h5 --faces all --force
echo
echo "+ h5dump -n faces.h5"
h5dump -n faces.h5
echo
echo "+ facesdist-compare faces.h5 $project/data/expected.h5"
facesdist-compare faces.h5 "$project/data/expected.h5"
