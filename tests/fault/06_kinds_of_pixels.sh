#!/usr/bin/env bash
# Fault 6: CMYK and YCCK, gray, 16 bits, palette, alpha, interlaced, arithmetic-coded: converted; what cannot be, as 12 bits in a JPEG, is recorded as unsupported.
# (Each pixel of such files: tests/cli/decode_equals_pillow.sh.)
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
PYTHONPATH=$source_dir/tests/tools "$python" -B - "$photos" <<'EOF'
import sys
import numpy as np
from PIL import Image
from decode_equals_pillow import adam7
im = Image.open(sys.argv[1] + '/people/p01/1.jpg').convert('RGB')
im.convert('CMYK').save('in/cmyk.jpg', quality=92)
im.convert('L').save('in/gray.jpg', quality=92)
im.convert('L').save('in/gray.png')
im.convert('P', palette=Image.ADAPTIVE).save('in/palette.png')
im.convert('RGBA').save('in/alpha.png')
im.convert('LA').save('in/gray-alpha.png')
im.save('in/progressive.jpg', progressive=True, quality=92)
adam7('in/interlaced.png', im)
Image.fromarray(np.asarray(im.convert('L')).astype(np.uint16) * 257).save('in/gray16.png')
data = open(sys.argv[1] + '/people/p01/1.jpg', 'rb').read()
sof = next(i for i in range(len(data)) if data[i:i + 2] == b'\xff\xc0')
open('in/twelve-bit.jpg', 'wb').write(data[:sof + 1] + b'\xc1' + data[sof + 2:sof + 4] + b'\x0c' + data[sof + 5:])
EOF
jpeg_make in   # the same waves in all of them: what can be read has no face
job in -o x.h5
for file in cmyk.jpg gray.jpg gray.png palette.png alpha.png gray-alpha.png progressive.jpg gray16.png interlaced.png; do
    is x.h5 $file status ok
    is x.h5 $file faces 1
done
for file in ycck ycck-progressive cmyk-sampled arithmetic arithmetic-progressive rgb; do
    is x.h5 $file.jpg status no_face
done
for file in twelve-bit two-components; do
    is x.h5 $file.jpg status unsupported
done
