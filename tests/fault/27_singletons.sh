#!/usr/bin/env bash
# Fault 27: a launcher that this MPI does not know starts N tasks that each believe to be alone: refused before anything is done. What only looks like
# it, a program in a batch script or an interactive shell of a job of N tasks, runs.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/a.jpg
step() { expect "$1" env -u PMIX_RANK -u PMI_RANK -u OMPI_COMM_WORLD_SIZE SLURM_STEP_ID="$2" SLURM_STEP_NUM_TASKS="$3" SLURM_PROCID=0 facesdist in -o x.h5 --threads 1; }
step 1 0 4
says err 'error: 4 tasks were launched, but each finds itself alone'
says err 'srun --mpi=pmix'
[ ! -e x.h5 ] && [ ! -e x.h5.journal ] || die "something was done"
step 0 0 1                # srun -n 1
for special in 4294967291 4294967290 4294967292 batch interactive; do
    rm x.h5
    step 0 $special 4
done
# Under an mpirun inside a step of Slurm its own count decides.
rm x.h5
expect 0 env SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=1 mpirun -np 2 facesdist in -o x.h5 --threads 1
