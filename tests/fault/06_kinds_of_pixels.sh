#!/usr/bin/env bash
# Fault 6: CMYK, gray, 16 bits, palette, alpha, interlaced: converted; what cannot be is recorded as unsupported.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
"$python" - "$photos" <<'EOF'
import sys
import numpy as np
from PIL import Image
im = Image.open(sys.argv[1] + '/people/p01/1.jpg').convert('RGB')
im.convert('CMYK').save('in/cmyk.jpg', quality=92)
im.convert('L').save('in/gray.jpg', quality=92)
im.convert('L').save('in/gray.png')
im.convert('P', palette=Image.ADAPTIVE).save('in/palette.png')
im.convert('RGBA').save('in/alpha.png')
im.convert('LA').save('in/gray-alpha.png')
im.save('in/progressive.jpg', progressive=True, quality=92)
Image.fromarray(np.asarray(im.convert('L')).astype(np.uint16) * 257).save('in/gray16.png')
data = open(sys.argv[1] + '/people/p01/1.jpg', 'rb').read()
sof = next(i for i in range(len(data)) if data[i:i + 2] == b'\xff\xc0')
open('in/twelve-bit.jpg', 'wb').write(data[:sof + 1] + b'\xc1' + data[sof + 2:sof + 4] + b'\x0c' + data[sof + 5:])
EOF
job in -o x.h5
for file in cmyk.jpg gray.jpg gray.png palette.png alpha.png gray-alpha.png progressive.jpg gray16.png; do
    is x.h5 $file status ok
    is x.h5 $file faces 1
done
is x.h5 twelve-bit.jpg status unsupported
