#!/usr/bin/env bash
# Fault 5: decompression bombs are refused by limits on pixels, memory and scans, which options raise.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/good.jpg
"$python" - "$photos" <<'EOF'
import struct, sys, zlib
def chunk(t, d): return struct.pack('>I', len(d)) + t + d + struct.pack('>I', zlib.crc32(t + d))
def png(name, w, h, rows): open(name, 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, 8, 2, 0, 0, 0)) +
                                                   chunk(b'IDAT', zlib.compress(bytes((3 * w + 1) * rows), 9)) + chunk(b'IEND', b''))
png('in/bomb.png', 60000, 60000, 10)
jpeg = bytearray(open(sys.argv[1] + '/people/p02/1.jpg', 'rb').read())
sof = next(i for i in range(len(jpeg)) if jpeg[i:i + 2] in (b'\xff\xc0', b'\xff\xc2'))
jpeg[sof + 5:sof + 9] = struct.pack('>HH', 65500, 65500)
open('in/bomb.jpg', 'wb').write(jpeg)
# a progressive file whose scans are repeated two thousand times
p = open(sys.argv[1] + '/odd/progressive.jpg', 'rb').read()
last = p.rindex(b'\xff\xda')
open('in/scans.jpg', 'wb').write(p[:last] + p[last:-2] * 2000 + p[-2:])
EOF
( [ -n "${FACESDIST_SANITIZED:-}" ] || ulimit -v 4000000   # a sanitizer reserves terabytes of addresses
  facesdist in -o x.h5 --threads 1 --matrix none >out 2>err ) || { cat err >&2; die "the run failed"; }
is x.h5 bomb.png status too_large
is x.h5 bomb.jpg status too_large
is x.h5 scans.jpg status too_large
is x.h5 good.jpg status ok
mkdir many && mv in/scans.jpg many
job many -o scans.h5 --max-scans 5000
is scans.h5 scans.jpg status ok
job "$photos/people/p01" -o small.h5 --max-pixels 100K
is small.h5 1.jpg status too_large
job "$photos/people/p01" -o large.h5 --max-pixels 1M
is large.h5 1.jpg status ok
