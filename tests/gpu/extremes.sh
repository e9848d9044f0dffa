#!/usr/bin/env bash
# What is large: a photograph of 20 megapixels of noise, where every place may look like a face, and one of 20,000 x 20,000 pixels, which a GPU gets part
# by part; each on the GPU and on the processor, which must find the same.
#     bash tests/gpu/extremes.sh [--emulator] [BIN_DIR]     # default: build/bin
# 4 GB of memory. --emulator: on tests/emu, with larger faces only; some minutes of two cores.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
noise=20 wide=100
if [ "${1:-}" = --emulator ]; then
    export FACESDIST_EMULATOR=1
    noise=60 wide=600
    shift
fi
bin=$(cd "${1:-$project/build/bin}" && pwd)
export PATH="$bin:$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
/usr/bin/python3 - "$project/data/photos/people/p01/1.jpg" <<'END'
import sys, numpy
from PIL import Image
noise = numpy.random.default_rng(1).integers(0, 256, (800, 1000, 3), dtype='u1')   # in squares of 5 pixels: finer noise is gray in the pyramid, and no face
Image.fromarray(noise.repeat(5, 0).repeat(5, 1)).save('noise.jpg', quality=95)
part = Image.open(sys.argv[1]).convert('RGB')
tile = numpy.asarray(part.resize((5000, 5000 * part.height // part.width)))   # a face of more than a thousand pixels
down = -(-20000 // tile.shape[0])
Image.fromarray(numpy.tile(tile, (down, 4, 1))[:20000]).save('wide.jpg', quality=90)
END

# both NAME MIN_FACE OPTIONS...: on both engines, and what they found.
both()
{
    local name=$1 least=$2 device
    shift 2
    for device in cuda cpu; do
        TIMEFORMAT="$name on $device: %R s, %U s of processor"
        time facesdist "$name.jpg" --device $device --faces all --min-face "$least" --matrix none -q -o "$name-$device.h5" "$@"
    done
    /usr/bin/python3 - "$name-cuda.h5" <<'END'
import sys, h5py
images = h5py.File(sys.argv[1])['images']
status, detail, size, faces = (images[k][0] for k in ('status', 'detail', 'size', 'faces'))
print('%d x %d: status %d, %d faces %s' % (*size, status, faces, detail.decode()))
sys.exit(0 if status in (0, 1) else 1)   # ok, no_face
END
    facesdist-compare --tolerance "$name-cuda.h5" "$name-cpu.h5"
}
both noise "$noise"
both wide "$wide" --max-pixels 400M
