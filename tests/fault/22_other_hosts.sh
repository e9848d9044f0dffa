#!/usr/bin/env bash
# Fault 22: other numbers of ranks, and hosts with other processors. All ranks compute with the best instruction set that every one has: the bytes are
# those of that set on one host. (A rank that is started with a lower --isa stands for such a host.)
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in $(seq -w 12); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
facesdist in -o lower.h5 --threads 1 --isa sse41 >/dev/null 2>err || skip "no cpu engine: $(tail -1 err)"
job in -o best.h5
says err 'engine cpu: .*(avx2|avx512)' 2>/dev/null || skip "this processor has no more than sse41"
best=$(grep -oE 'avx2|avx512' err | head -1)
expect 0 mpirun -np 3 sh -c '[ $OMPI_COMM_WORLD_RANK != 1 ] || set -- "$@" --isa sse41; exec facesdist "$@"' sh in -o x.h5 --threads 1
says err "warning: rank 0 \(.*\) has $best, rank 1 \(.*\) has sse41: all ranks compute with sse41"
same x.h5 lower.h5
got=$("$python" -c "import h5py; print(h5py.File('x.h5')['run'].attrs['instruction set'])")
[ "$got" = sse41 ] || die "/run says '$got'"
# A run that was interrupted goes on with another number of ranks, to the same bytes.
for ranks in 1 2 3; do
    rm -rf y.h5*
    held open in/07.jpg y.h5.journal/rank-00000.log
    mpirun -np $((4 - ranks)) facesdist in -o y.h5 --threads 1 --batch 1 >out 2>err &
    pid=$!
    unheld
    held_now
    tell USR1 "$holder"
    let_go
    wait $pid
    [ $? = 75 ] || { cat err; die "not interrupted"; }
    expect 0 mpirun -np $ranks facesdist in -o y.h5 --threads 1
    says err 'going on'
    same y.h5 best.h5
done
