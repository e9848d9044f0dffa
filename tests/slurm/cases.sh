# shellcheck shell=bash disable=SC2154
# The cases of run.sh; sourced. Each is a function case_NAME that runs in a folder of its own, on the cluster of cluster.sh, with the installed
# programs and scripts in $share. None waits for a time: they wait for states, and the limits are generous.
photos=$scratch/photos        # 240 names of the same few pictures
whole=$scratch/whole.h5       # what an uninterrupted run makes of them

# expect TEXT FILE: a line of the file has it.
expect() { grep -qE -- "$1" "$2" || { cat "$2" >&2; die "$2 lacks: $1"; }; }
lacks() { ! grep -qE -- "$1" "$2" || { cat "$2" >&2; die "$2 has: $1"; }; }
same() { facesdist-compare "$1" "$2" >compare.out 2>&1 || { cat compare.out >&2; die "$1 and $2 differ"; }; }

prepare()
{
    local k picture pictures=("$share"/photos/people/*/*.jpg)
    mkdir "$photos"
    for k in $(seq -w 240); do
        picture=${pictures[10#$k % ${#pictures[@]}]}
        ln "$picture" "$photos/$k.jpg" || return 1
    done
    facesdist "$photos" -o "$whole" --matrix none --topk 5 -q
}

# site NAME=VALUE...: a site file for this case.
site()
{
    cp "$share/slurm/site.env" site.env
    local value
    for value; do printf '%s=%q\n' "${value%%=*}" "${value#*=}" >>site.env; done
    export FACESDIST_SITE=$PWD/site.env
}

# submit ARGUMENTS...: id=... of the job that faces.sh makes of itself.
submit()
{
    local said
    said=$("$share/slurm/faces.sh" "$@") || die "faces.sh does not submit: $said"
    id=${said##* }
    log=facesdist-$id.out
}

field() { scontrol show job "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n 1; }
in_state() { [ "$(field "$1" JobState)" = "$2" ]; }
restarted() { [ "$(field "$1" Restarts)" -ge "${2:-1}" ]; }
ended() { case $(field "$1" JobState) in COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL|PREEMPTED) ;; *) false ;; esac; }
# finish SECONDS ID STATE: the job ends, and in that state.
finish()
{
    await "$1" ended "$2" || { scontrol show job "$2" >&2; cat "$log" >&2; die "job $2 does not end"; }
    in_state "$2" "$3" || { cat "$log" >&2; die "job $2 is $(field "$2" JobState), not $3"; }
}
# at_work RESULT: some batches are in its journal. Its heads and the names of the photographs take 22 kB of 190.
at_work() { [ "$(cat "$1".journal/rank-*.log 2>/dev/null | wc -c)" -gt 40000 ]; }
begun() { await 120 at_work "$1" || { cat "$log" >&2; die "$1: nothing in the journal"; }; }
# goes_on ID RESULT: it was requeued, takes up what was done, and ends with the bytes of a run that nobody disturbed.
goes_on()
{
    await 120 restarted "$1" || { cat "$log" >&2; die "job $1 was not requeued"; }
    finish 300 "$1" COMPLETED
    expect 'going on' "$log"
    expect "job $1, restart 0" "$log"
    expect "job $1, restart 1" "$log"
    same "$2" "${3:-$whole}"
}
arguments=("$photos" -o x.h5 --matrix none --topk 5 --threads 1 --batch 1)

case_finish()
{
    site FACESDIST_SBATCH=--ntasks=2
    submit "${arguments[@]}"
    finish 120 "$id" COMPLETED
    expect 'srun --mpi=pmix --kill-on-bad-exit=1 .*--ntasks=2' "$log"
    expect 'rank 1' "$log"
    same x.h5 "$whole"
    submit "${arguments[@]}"
    finish 120 "$id" COMPLETED
    expect 'already complete' "$log"
}

case_scancel_signal()
{
    site FACESDIST_SBATCH=--ntasks=2
    submit "${arguments[@]}"
    begun x.h5
    scancel --signal=USR1 "$id"
    goes_on "$id" x.h5
}

# The batch script alone is told, as Slurm does before the time limit; and only so many requeues are allowed.
case_restarts_end()
{
    site FACESDIST_SBATCH=--ntasks=2 FACESDIST_RESTARTS=0
    submit "${arguments[@]}"
    begun x.h5
    scancel --batch --signal=USR1 "$id"
    finish 120 "$id" FAILED
    [ "$(field "$id" ExitCode)" = 75:0 ] || die "exit status $(field "$id" ExitCode)"
    expect 'all that FACESDIST_RESTARTS allows' "$log"
    [ ! -e x.h5 ] || die "a result"
}

case_mpirun()
{
    site FACESDIST_LAUNCHER=mpirun FACESDIST_SBATCH=--ntasks-per-node=1 FACESDIST_NODES=2
    submit "${arguments[@]}"
    begun x.h5
    scancel --batch --signal=USR1 "$id"
    goes_on "$id" x.h5
    expect 'mpirun -np 2 --map-by ppr:1:node --bind-to none' "$log"
}

case_two_nodes()
{
    site FACESDIST_SBATCH=--ntasks-per-node=2 FACESDIST_NODES=2
    submit "${arguments[@]}"
    begun x.h5
    scancel --signal=USR2 "$id"
    goes_on "$id" x.h5
    expect 'on n\[1-2\]: srun .*--nodes=2 --ntasks=4' "$log"
}

case_preemption()
{
    local urgent
    site FACESDIST_SBATCH='--ntasks-per-node=1 --cpus-per-task=4' FACESDIST_NODES=2
    submit "${arguments[@]}"
    begun x.h5
    urgent=$(sbatch --parsable --partition=urgent --nodes=2 --ntasks=2 --cpus-per-task=4 --output=urgent.out --wrap 'echo here')
    log=urgent.out finish 180 "$urgent" COMPLETED
    goes_on "$id" x.h5
}

# The node of the job fails with all that runs on it: Slurm requeues to the other one.
case_node_failure()
{
    local node
    site FACESDIST_SBATCH=--ntasks=2
    submit "${arguments[@]}"
    begun x.h5
    node=$(field "$id" NodeList)
    fail_node "$node"
    goes_on "$id" x.h5
    expect "on $([ "$node" = n1 ] && echo n2 || echo n1):" "$log"
    start_node "${node#n}"
    await 60 nodes_idle || die "$node does not come back"
}

# Another command of the same output is a failure like any other: not requeued. So are GPUs that are asked for and cannot be used.
case_failures()
{
    site FACESDIST_SBATCH=--ntasks=2
    submit "$PWD/nothing-here" -o y.h5
    finish 60 "$id" FAILED
    restarted "$id" && die "a failed job was requeued"
    site FACESDIST_SBATCH=--gpus-per-node=2
    submit "${arguments[@]}"
    finish 60 "$id" FAILED
    expect '2 GPUs and 1 cores on a node' "$log"
    site FACESDIST_SBATCH='--gpus-per-node=2 --ntasks-per-node=2 --cpus-per-task=2'
    submit "${arguments[@]}"
    finish 60 "$id" FAILED
    restarted "$id" && die "a failed job was requeued"
    expect '--ntasks=2 --cpus-per-task=2 facesdist --device cuda' "$log"
    expect 'error: .*cuda' "$log"
    site FACESDIST_SBATCH='--gpus-per-node=1'
    submit "${arguments[@]}" --device cpu
    finish 120 "$id" COMPLETED
    same x.h5 "$whole"
}

# What its owner cancels stays cancelled, and what was done is not lost.
case_cancel()
{
    site FACESDIST_SBATCH=--ntasks=2
    submit "${arguments[@]}"
    begun x.h5
    scancel "$id"
    finish 120 "$id" CANCELLED
    await 60 nodes_idle || die "processes are left"
    restarted "$id" && die "a cancelled job was requeued"
    submit "${arguments[@]}"
    finish 120 "$id" COMPLETED
    expect 'going on' "$log"
    same x.h5 "$whole"
}

# Two tasks; the one that is interrupted goes on, the other is left alone. (The last task of an array has the array's own number.)
case_array()
{
    site FACESDIST_SBATCH=--ntasks=1 FACESDIST_ARRAY_AT_ONCE=2
    mkdir 'set 1' set2
    ln "$photos"/?[0-4]?.jpg 'set 1'; ln "$photos"/?[5-9]?.jpg set2
    printf '# photographs and results\nset 1\tone result.h5\n\nset2\ttwo.h5\n' >list
    submit --data-sets list --threads 1 --batch 1 --matrix none --topk 5
    log=facesdist-$id.out
    begun 'one result.h5'
    begun two.h5
    scancel --batch --signal=USR1 "${id}_2"
    finish 240 "${id}_1" COMPLETED
    await 120 restarted "${id}_2" || { cat "$log" >&2; die "the task was not requeued"; }
    finish 240 "${id}_2" COMPLETED
    ! restarted "${id}_1" || die "the other task was requeued as well"
    facesdist 'set 1' -o 1.h5 --matrix none --topk 5 -q; facesdist set2 -o 2.h5 --matrix none --topk 5 -q
    same 'one result.h5' 1.h5
    same two.h5 2.h5
    [ "$(find . -name 'facesdist-*.out' | wc -l)" = 2 ] || die "not two outputs"
}

case_distances()
{
    site FACESDIST_SBATCH=--ntasks=2
    submit --program facesdist-distances "$whole" -o x.h5 --topk 5 --radius 1
    finish 120 "$id" COMPLETED
    facesdist-distances "$whole" -o y.h5 --topk 5 --radius 1 -q
    same x.h5 y.h5
}

# A rank for each GPU of two nodes, and what they found crosses between the GPUs: emulated ones, and a stand-in of NCCL, from the build folder.
case_exchange()
{
    local plugin prefix=${share%/share/*}
    for plugin in emu nccl-emu; do
        cp "$(find "$build" -name "libfacesdist-$plugin.so" -not -path '*/CMakeFiles/*' | head -n 1)" "$(dirname "$(find "$prefix" -name 'libfacesdist-cuda.so')")" ||
            { echo "     no plugins to try"; return; }
    done
    mkdir in
    ln "$photos"/00[1-4].jpg in || die "link"
    site FACESDIST_SBATCH='--gpus-per-node=1 --ntasks-per-node=1' FACESDIST_NODES=2
    export FACESDIST_EMULATOR=1 FACESDIST_EMU_UNIT=SLURM_PROCID
    submit in -o x.h5 --exchange nccl --threads 1
    finish 300 "$id" COMPLETED
    expect 'embeddings cross between 2 GPUs by NCCL' "$log"
    facesdist in -o y.h5 --device cuda --threads 1 -q
    same x.h5 y.h5
}

case_sbatch()
{
    site
    id=$(sbatch --parsable --ntasks=2 "$share/slurm/faces.sh" "${arguments[@]}")
    log=facesdist-$id.out
    finish 120 "$id" COMPLETED
    same x.h5 "$whole"
}

# A run of more than a minute under a limit of one: as often as that takes. The engine that is plain C takes its time; how much, four photographs tell,
# in time of the processor, for other work of the machine makes a run longer and never shorter.
case_time_limit()
{
    local one n k reference slow TIMEFORMAT=%U
    one=$( { time facesdist "$photos"/00[1-4].jpg -o one.h5 --device ref --threads 1 -q; } 2>&1 | tail -n 1)
    one=$((10#${one/[.,]/} / 4))   # ms
    n=$((100000 / (one + 1) + 1))
    mkdir in
    for ((k = 0; k < n; k++)); do ln "$photos/$(printf %03d $((k % 240 + 1))).jpg" "in/$k.jpg" || die "link"; done
    slow=(in --device ref --matrix none --topk 5 --threads 1 --batch 1)
    site FACESDIST_SBATCH=--ntasks=1 FACESDIST_TIME=60
    submit "${slow[@]}" -o reference.h5
    reference=$id
    site FACESDIST_SBATCH='--ntasks=1 --signal=B:USR1@15' FACESDIST_TIME=1
    submit "${slow[@]}" -o x.h5
    log=facesdist-$reference.out finish 3600 "$reference" COMPLETED
    lacks 'restart 1' "facesdist-$reference.out"
    finish 3600 "$id" COMPLETED
    goes_on "$id" x.h5 reference.h5
    echo "     $n photographs of $one ms, $(field "$id" Restarts) requeues at a limit of 1 minute"
}

case_check()
{
    site
    "$share/slurm/check.sh" . >check.out 2>&1 || { cat check.out >&2; die "check.sh is not content on the login node"; }
    srun --nodes=2 --ntasks=2 hostname >/dev/null
    sbatch --wait --nodes=2 --output=job.out "$share/slurm/check.sh" . >/dev/null || { cat job.out >&2; die "check.sh is not content in a job"; }
    expect '^ok .*two nodes|^ok .*nodes' job.out
    site FACESDIST_SRUN_MPI=nothing FACESDIST_LAUNCHER=srun FACESDIST_PARTITION=nowhere FACESDIST_FREE_GB=900000
    "$share/slurm/check.sh" . >check.out 2>&1 && die "check.sh likes a site that cannot work"
    expect '^FAIL .*nothing' check.out
    expect '^FAIL .*nowhere|^FAIL +submission' check.out
    expect '^FAIL .*free' check.out
    [ "$(grep -c '^FAIL' check.out)" = "$(grep -c '^ *hint:' check.out)" ] || die "a failure without a hint"
}
