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

# A failure on the way: nothing is lost but the exchange, and the same command goes on; by MPI where ranks share a GPU.
FACESDIST_EMU_NCCL=error:gather:1 on 2 -o x.h5 >out 2>err && die "an exchange that failed ends with 0"
says err 'error: rank 1 \(.*\): NCCL all-gather'
expect 0 timeout 300 mpirun -np 2 facesdist --device cuda --threads 1 --share-gpu "${two[@]}" -o x.h5
says err 'going on'
says err '^embeddings cross between ranks by MPI, not NCCL: ranks 0 and 1 \(.*\) share one GPU, GPU-656d756c-.*, and NCCL takes one for each rank$'
same one.h5 x.h5
recorded x.h5 exchange '^MPI: ranks 0 and 1 .* share one GPU'

# The rows of facesdist-distances likewise.
"$python" -c "
import numpy
numpy.save('rows.npy', numpy.random.default_rng(3).standard_normal((200, 24), dtype='f4'))"
rows() { FACESDIST_EMU_UNIT=OMPI_COMM_WORLD_RANK timeout 300 mpirun -np 3 facesdist-distances rows.npy --device cuda --threads 1 --topk 4 --radius 4 "$@"; }
expect 0 facesdist-distances rows.npy --device cuda --threads 1 --topk 4 --radius 4 -o d1.h5
expect 0 rows -o d3.h5
says err '^rows cross between 3 GPUs by NCCL 2\.99\.0$'
same d1.h5 d3.h5
recorded d3.h5 transport '^NCCL 2\.99\.0 .*: 19200 bytes in 0 padded rounds and 1 of broadcasts$'   # 200 rows of 24 numbers

# What cannot be had is refused before anything is computed; so are ranks that compute with other arithmetic.
expect 2 facesdist-distances rows.npy --topk 4 -o no.h5 --exchange ring --transport nccl
says err 'error: --transport nccl is for an all-gather'
expect 1 timeout 300 mpirun -np 2 facesdist-distances rows.npy --device cuda --threads 1 --share-gpu --topk 4 -o no.h5 --transport nccl
says err 'error: .*--transport nccl: ranks 0 and 1 .* share one GPU'
expect 1 facesdist --device cpu --threads 1 "${two[@]}" -o not.h5 --exchange nccl
says err 'error: --exchange nccl: rank 0 \(.*\) computes with engine cpu, on no GPU'
expect 1 timeout 300 mpirun -np 2 sh -c 'NVIDIA_TF32_OVERRIDE=$OMPI_COMM_WORLD_RANK exec facesdist-distances "$@"' sh rows.npy --device cuda --share-gpu \
    --threads 1 --topk 4 -o no.h5
says err "rank 0 computes with 'NVIDIA_TF32_OVERRIDE=0' in its environment, rank 1 with 'NVIDIA_TF32_OVERRIDE=1'"
[ ! -e no.h5 ] && [ ! -e not.h5 ] || die "a result was written"
