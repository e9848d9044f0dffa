#!/usr/bin/env bash
# Fault 35: two jobs on two hosts, one output. A lock that the kernel does not see is known by its owner's signs of life: while they come the output is
# taken, and once they have been absent for long it is free again, as it is at once when the owner was of this host and is no more.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in 1 2 3 4; do cp "$photos/people/p0$k/1.jpg" in/$k.jpg; done
job in -o whole.h5
boot=$(cat /proc/sys/kernel/random/boot_id)
owned_by()   # HOST PROCESS STARTED BOOT, AGE in seconds: what such a run leaves
{
    rm -rf x.h5*
    mkdir x.h5.journal
    printf 'host %s process %s started %s boot %s end\n' "$1" "$2" "$3" "$4" >x.h5.journal/owner
    touch -d "-$5 seconds" x.h5.journal/owner
}
taken_over() { job in -o x.h5; same x.h5 whole.h5; [ ! -e x.h5.journal ] || die "the lock was left behind"; }

owned_by node7 4242 17 other-boot 3600   # long dead
taken_over
owned_by node7 4242 17 other-boot 21     # may yet be alive: waited for
taken_over
says err 'x\.h5 is held by process 4242 on node7, .*waiting'
owned_by node7 4242 17 other-boot 5      # lives
(for _ in $(seq 600); do touch x.h5.journal/owner 2>/dev/null; sleep 0.1; done) &
signs=$!
expect 1 facesdist in -o x.h5 --threads 1
kill $signs
says err 'another run is writing this output \(process 4242 on node7\)'
[ -e x.h5.journal/owner ] || die "the lock of a run at work was removed"
owned_by "$(uname -n)" 4242 17 other-boot 1   # this host, before it was started anew
taken_over
owned_by "$(uname -n)" $$ 17 "$boot" 1        # a process of this host that has its number from another one since
taken_over

# The owner is asked to save and stop while somebody waits for its lock: the wait ends too.
owned_by node7 4242 17 other-boot 2
rm err
facesdist in -o x.h5 --threads 1 >out 2>err &
pid=$!
until grep -qs waiting err || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
kill -TERM $pid
wait $pid
[ $? = 75 ] || { cat err; die "the wait for a lock was not interrupted"; }

# A run whose lock was taken by another ends, and leaves the other's alone.
rm -rf x.h5*
held open in/3.jpg x.h5.journal/rank-00000.log
facesdist in -o x.h5 --threads 1 --batch 1 >out 2>err &
pid=$!
unheld
held_now
grep -q "process $pid started" x.h5.journal/owner || die "the owner does not say who it is: $(cat x.h5.journal/owner)"
printf 'host node8 process 1 started 1 boot other-boot end\n%0500d' 0 >x.h5.journal/owner
wait $pid
code=$?
let_go
[ $code = 1 ] || { cat err; die "exit code $code of a run that lost its lock"; }
says err 'error: another run has taken this output'
grep -q node8 x.h5.journal/owner || die "the other's lock was removed"
[ ! -e x.h5 ] || die "a result was written"
