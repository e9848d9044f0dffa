#!/usr/bin/env bash
# Fault 23 between GPUs (on a stand-in of NCCL): a rank whose communicator fails, hangs, stops or dies ends the job, which names rank, host
# and what it was at.
# Time limit: 120 s
. "$(dirname "$0")/../tools/lib.sh"
command -v mpirun >/dev/null || skip "no mpirun"
[ -n "$(find "$bin/.." -name libfacesdist-nccl-emu.so -not -path '*/CMakeFiles/*' | head -n 1)" ] || skip "no stand-in of NCCL"
patience=${FACESDIST_SANITIZED:+6}   # seconds in which a rank at work answers, however busy the machine
patience=${patience:-2}

# fails TIMEOUT FAULT REGEX: three ranks end with it, soon, and say so.
fails()
{
    local before code
    before=$(date +%s)
    FACESDIST_EMU_NCCL=$2 timeout 100 mpirun -np 3 nccl_ranks "$1" >out 2>err
    code=$?
    [ $code != 0 ] || die "$2: exit code 0"
    [ $code != 124 ] || { cat err; die "$2: the job went on for $(($(date +%s) - before)) s"; }
    says err "$3"
}

expect 0 timeout 100 mpirun -np 3 nccl_ranks 60
# Nobody waits for the time-out where NCCL knows.
fails 200 error:start:1 'error: rank 1 \(.+\): start of NCCL: communicator: unhandled system error: injected .*--exchange mpi'
fails 200 error:gather:2 'error: rank 2 \(.+\): NCCL all-gather \(number 1, from byte 0\): communicator: unhandled system error'
fails 200 error:finish:0 'error: rank 0 \(.+\): end of NCCL: communicator: '
fails 200 error:gather:1,hang:abort:1 'error: rank 1 \(.+\): NCCL all-gather'   # its end does not come back either
fails "$patience" stop:start:1 'error: rank 0 \(.+\) has waited [0-9]+ s in a start of NCCL; missing: rank 1 \('
fails "$patience" hang:gather:0 'error: rank [01] \(.+\) has waited [0-9]+ s in a NCCL all-gather .*missing: (rank 0 \(|the others wait)'
fails 200 die:start:2 'rank 2'
fails 200 die:gather:0 'rank 0'
