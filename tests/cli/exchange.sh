#!/usr/bin/env bash
# --exchange: embeddings cross between (emulated) GPUs by a stand-in of NCCL, or by MPI, and the result has the same bytes; what NCCL cannot
# do is told before anything is computed, and recorded.
# Time limit: 400 s
. "$(dirname "$0")/../tools/lib.sh"
command -v mpirun >/dev/null || skip "no mpirun"
for plugin in emu nccl-emu; do
    [ -n "$(find "$bin/.." -name libfacesdist-$plugin.so -not -path '*/CMakeFiles/*' | head -n 1)" ] || skip "no emulator (no C++ compiler)"
done
export FACESDIST_EMULATOR=1
two=("$photos/people/p01/1.jpg" "$photos/people/p02/1.jpg" --gpu-memory 16M --min-face 80)   # little to do for the emulator
# on RANKS ARGUMENTS...: ranks with an emulated GPU each.
on() { FACESDIST_EMU_UNIT=OMPI_COMM_WORLD_RANK timeout 300 mpirun -np "$1" facesdist --device cuda --threads 1 "${two[@]}" "${@:2}"; }
# recorded FILE NAME REGEX: attribute of /run.
recorded()
{
    "$python" -c "
import h5py, re, sys
text = h5py.File(sys.argv[1])['run'].attrs[sys.argv[2]]
text = text.decode() if isinstance(text, bytes) else str(text)
sys.exit(not re.search(sys.argv[3], text) and sys.argv[2] + ': ' + text)" "$@" || die "/run lacks: $3"
}

expect 0 facesdist --device cuda --threads 1 "${two[@]}" -o one.h5
recorded one.h5 exchange '^MPI$'
export NCCL_DEBUG=VERSION
expect 0 on 2 -o nccl.h5
says err '^embeddings cross between 2 GPUs by NCCL 2\.99\.0$'
same one.h5 nccl.h5
recorded nccl.h5 exchange '^NCCL 2\.99\.0 \(built with 2\.99\.0\): [1-9][0-9]* bytes in [01] padded rounds and [01] of broadcasts$'
recorded nccl.h5 environment '(^|\n)NCCL_DEBUG=VERSION(\n|$)'
recorded nccl.h5 'option exchange' '^auto$'

# Without it: asked for, or because there is no GPU for each rank.
expect 0 timeout 300 mpirun -np 2 facesdist --device cuda --threads 1 --share-gpu "${two[@]}" -o mpi.h5
says err '^embeddings cross between ranks by MPI, not NCCL: ranks 0 and 1 \(.*\) share one GPU, GPU-656d756c-.*, and NCCL takes one for each rank$'
same one.h5 mpi.h5
recorded mpi.h5 exchange '^MPI: ranks 0 and 1 .* share one GPU'
expect 1 timeout 300 mpirun -np 2 facesdist --device cuda --threads 1 --share-gpu "${two[@]}" -o no.h5 --exchange nccl
says err 'error: .*--exchange nccl: ranks 0 and 1 .* share one GPU'
expect 1 facesdist --device cpu --threads 1 "${two[@]}" -o no.h5 --exchange nccl
says err 'error: --exchange nccl: rank 0 \(.*\) computes with engine cpu, on no GPU'
expect 1 env FACESDIST_EMU_NCCL=version:21800:0 facesdist --device cuda --threads 1 "${two[@]}" -o no.h5 --exchange nccl
says err 'NCCL 2\.18\.0 is loaded, and this program was built with 2\.99\.0'
[ ! -e no.h5 ] || die "a result was written"

# A failure on the way: nothing is lost but the exchange, and the same command goes on, here by MPI.
FACESDIST_EMU_NCCL=error:gather:1 on 2 -o x.h5 >out 2>err && die "an exchange that failed ends with 0"
says err 'error: rank 1 \(.*\): NCCL all-gather'
expect 0 on 2 -o x.h5 --exchange mpi
says err 'going on'
same one.h5 x.h5

# Ranks that compute with other arithmetic are refused.
expect 1 timeout 300 mpirun -np 2 sh -c 'NVIDIA_TF32_OVERRIDE=$OMPI_COMM_WORLD_RANK exec facesdist "$@"' sh --device cuda --threads 1 --share-gpu "${two[@]}" -o no.h5
says err "rank 0 computes with 'NVIDIA_TF32_OVERRIDE=0' in its environment, rank 1 with 'NVIDIA_TF32_OVERRIDE=1'"
