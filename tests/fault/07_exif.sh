#!/usr/bin/env bash
# Fault 7: all eight EXIF orientations come out upright; a malformed block is ignored with a note.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
"$python" - "$photos" <<'EOF'
import sys
from PIL import Image, ImageOps
im = Image.open(sys.argv[1] + '/people/p01/1.jpg').convert('RGB')
lay = {1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE, 6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270}
for o, how in lay.items():
    exif = Image.Exif()
    exif[274] = o
    (im if how is None else im.transpose(how)).save(f'in/{o}.png', exif=exif)
im.save('in/bad.jpg', exif=b'Exif\0\0II*\0\xff\xff\xff\x7f', quality=95)
EOF
job in -o x.h5 --matrix full
"$python" - <<'EOF' || die "the orientations do not agree"
import h5py, numpy as np
f = h5py.File('x.h5')
n = 8
assert (f['images/faces'][:n] == 1).all() and len(set(map(tuple, f['images/size'][:n]))) == 1
assert (f['distances/full'][:n, :n] == 0).all(), 'the upright pixels are not the same'
EOF
is x.h5 bad.jpg status ok
[ $(($(of x.h5 bad.jpg flags) & 4)) = 4 ] || die "the bad EXIF block is not noted"
job in -o y.h5 --exif ignore
[ "$(of y.h5 6.png size)" != "$(of x.h5 6.png size)" ] || die "--exif ignore turned the picture"
