#!/usr/bin/env bash
# Fault 23: a file system that does not answer: --stall ends the job, and tells rank, stage and file; what is in the journal is kept.
. "$(dirname "$0")/../tools/lib.sh"
patience=${FACESDIST_SANITIZED:+25}   # seconds in which a step that is at work ends, however busy the machine
patience=${patience:-10}
mkdir in
for k in $(seq -w 12); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
job in -o whole.h5
# stalled NAME CALL FILE AFTER STAGE command...: in a folder of its own, in the background
stalled()
{
    local name=$1 stage=$5 code
    mkdir "$name" && cd "$name" || exit 1
    held "$2" "$3" "$4"
    HOLD_MARK=$PWD/held   # its own: the cases run side by side
    shift 5
    timeout 300 "$@" ../in -o x.h5 --threads 1 --batch 1 --stall $patience >out 2>err
    code=$?
    unheld
    [ $code = 1 ] || { cat err; die "$name: exit code $code, not 1"; }
    mv err told
    says told "error: rank [0-9]+ \(.*\): no progress for [0-9]+ s in stage $stage: "
    [ "$(grep -c "error: " told)" = 1 ] || { cat told; die "$name: told more than once"; }
    [ ! -e x.h5 ] || die "$name: a result was written"
    job ../in -o x.h5
    case $stage in read|write|commit) says err "going on" ;; esac   # the others had not begun to record
    same x.h5 ../whole.h5
    touch passed
}
stalled read open in/07.jpg x.h5.journal/rank-00000.log read facesdist &
stalled ranks open in/07.jpg x.h5.journal/rank-00001.log read mpirun -np 2 facesdist &
stalled scan open in/07.jpg "" scan facesdist &
stalled journal pwrite journal/rank-00000.log x.h5.journal/rank-00000.log journal facesdist &
stalled write pwrite x.h5.tmp "" write mpirun -np 2 facesdist &
stalled commit rename x.h5 "" commit facesdist &
wait
for name in read ranks scan journal write commit; do [ -e $name/passed ] || die "$name"; done
says read/told 'rank 0 .* stage read: \.\./in/07\.jpg'
