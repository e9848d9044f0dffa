#!/usr/bin/env bash
# The cuda engine on the emulator, whole: five photographs within the bars of the comparison, the same bytes again, ranks that share a GPU or must
# not, memory that is short, a GPU that is lost.
# Time limit: 600 s
. "$(dirname "$0")/../tools/lib.sh"
plugin=$bin/../lib/facesdist/libfacesdist-emu.so
[ -e "$plugin" ] || plugin=$(echo "$bin"/../lib/*/facesdist/libfacesdist-emu.so)
[ -e "$plugin" ] || skip "no emulator (no C++ compiler)"
export FACESDIST_EMULATOR=1
emulated() { expect 0 facesdist --device cuda --threads 2 "$@"; }
large=(--min-face 100)   # a small pyramid, where it is not the detector that is tested

# The whole way, and what it says of itself.
five=("$photos/group-of-2.jpg" "$photos"/people/p0[1-4]/1.jpg)
emulated "${five[@]}" -o gpu.h5 --faces all --topk 3 --matrix full -v
says err '^engine cuda: emulator'
says err 'batches of fixed shape run as CUDA graphs'
job "${five[@]}" -o cpu.h5 --faces all --topk 3 --matrix full --device cpu
expect 0 facesdist-compare --tolerance gpu.h5 cpu.h5
"$python" - <<'END' || die "distances between the GPU's embeddings are not those between the processor's"
import h5py, numpy
gpu, cpu = h5py.File('gpu.h5'), h5py.File('cpu.h5')
a, b = gpu['distances/full'][:], cpu['distances/full'][:]
e = cpu['faces/embedding'][:].astype('f8')
# Each embedding is off by at most the largest difference of two; a distance by at most twice that (triangle inequality), and a rounding.
off = numpy.sqrt(((gpu['faces/embedding'][:].astype('f8') - e) ** 2).sum(1)).max()
assert numpy.abs(a - b).max() <= 2 * off + 2e-7 * b.max(), (numpy.abs(a - b).max(), off)
assert (a == a.T).all() and (numpy.diag(a) == 0).all()
END

# From equal rows every engine has the same lists, counts and pairs.
"$python" - <<'END'
import numpy
x = numpy.random.default_rng(5).standard_normal((300, 40), dtype='f4')
x[17], x[200], x[250] = x[3], numpy.nan, 0
numpy.save('rows.npy', x)
END
for metric in euclidean cosine; do
    for device in cuda cpu; do
        expect 0 facesdist-distances rows.npy -o of_$device.h5 --metric $metric --topk 5 --radius 0.9 --histogram --matrix none --device $device --threads 2
    done
    "$python" - <<'END' || die "$metric: sweeps differ between the engines"
import h5py, numpy
gpu, cpu = h5py.File("of_cuda.h5"), h5py.File("of_cpu.h5")
for name in ('topk/index', 'topk/distance', 'radius/indptr', 'radius/index', 'radius/distance', 'histogram'):
    numpy.testing.assert_array_equal(gpu['distances/' + name][:], cpu['distances/' + name][:], name)
END
    rm of_cuda.h5 of_cpu.h5
done

# Rows for which the GPU has no room are sent there panel by panel: the same bytes.
"$python" -c "
import numpy as np
r = np.random.default_rng(3)
np.save('many.npy', r.standard_normal((12000, 300), dtype='f4'))
np.save('few.npy', r.standard_normal((20, 300), dtype='f4'))"
search=(many.npy --queries few.npy --topk 3 --matrix none --threads 1)
expect 0 facesdist-distances "${search[@]}" --device cuda -o all.h5
expect 0 facesdist-distances "${search[@]}" --device cuda --gpu-memory 24M -o panels.h5
says err 'rows do not fit into --gpu-memory 25[0-9.]* MB: they are read [0-9]+ at a time'
same all.h5 panels.h5

# The same bytes without graphs, and from ranks that share the GPU; refused where nobody said so.
one=("$photos/people/p01/1.jpg" "$photos/people/p02/1.jpg")
expect 0 env FACESDIST_EMU_FAIL=capture:1 facesdist --device cuda --threads 1 "${one[@]}" "${large[@]}" -o one.h5
says err 'no CUDA graph could be made .*kernel by kernel'   # the bytes are those of runs with graphs, below
if command -v mpirun >/dev/null; then
    expect 0 timeout 400 mpirun -np 2 facesdist --device cuda --threads 1 --share-gpu "${one[@]}" "${large[@]}" -o two.h5
    same one.h5 two.h5
    expect 1 timeout 400 mpirun -np 2 facesdist --device cuda --threads 1 "${one[@]}" -o no.h5
    says err 'ranks 0 and 1 .* have the same GPU, GPU-656d756c-.*--share-gpu'
fi

# Too little memory: smaller batches before the first photograph. A photograph that has no room is sent in parts, with the same bytes; where the face
# alone is too large as well, that is recorded, and the others are done.
mkdir in && face in/one.jpg
"$python" -c "
from PIL import Image
im = Image.open('$photos/people/p02/1.jpg')
im.resize((im.width * 4, im.height * 4), Image.BICUBIC).save('in/wide.png', compress_level=1)"
for room in 16M 24M 3G; do emulated in --min-face 200 -o "$room.h5" -v --gpu-memory "$room"; cp err "$room.err"; done
says 16M.err 'batches of 8 faces do not fit'
is 16M.h5 one.jpg status ok
is 16M.h5 wide.png status out_of_memory
of 16M.h5 wide.png detail | grep -q "out of GPU memory" || die "it does not say whose memory"
says 24M.err 'batches of 8 faces do not fit'
is 24M.h5 wide.png status ok
same 24M.h5 3G.h5
expect 1 facesdist --device cuda "${one[0]}" -o no.h5 --gpu-memory 64G
says err 'has [0-9]+ MiB free, --gpu-memory asks for 65536'

# A lost GPU ends the run; what was saved before is not done again.
expect 1 env FACESDIST_EMU_FAIL=launch:60 facesdist --device cuda --threads 1 "${one[@]}" "${large[@]}" -o lost.h5
says err 'GPU 0 \(emulator\) is lost: '
[ ! -e lost.h5 ] || die "a result was written by a lost GPU"
emulated "${one[@]}" "${large[@]}" -o lost.h5
same one.h5 lost.h5
# A GPU that another process has for itself.
expect 1 env FACESDIST_EMU_FAIL=device:1 facesdist --device cuda "${one[@]}" -o no.h5
says err 'engine cuda: GPU 0 \(emulator\) is taken: it is in exclusive-process mode'
# What only a GPU can do.
expect 2 facesdist --device cuda "${one[@]}" -o no.h5 --precision nonsense
expect 1 facesdist --device cpu "${one[@]}" -o no.h5 --precision tf32
says err 'engine cpu computes in f32 only'
