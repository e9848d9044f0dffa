#!/usr/bin/env bash
# Fault 1: a corrupt JPEG and a corrupt PNG are recorded; exit 0, with --strict 3.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/good.jpg
"$python" - "$photos" <<'EOF'
import sys, random
random.seed(1)
jpeg = bytearray(open(sys.argv[1] + '/people/p02/1.jpg', 'rb').read())
start = jpeg.index(b'\xff\xda')
jpeg[2:start] = bytes(random.randrange(256) for _ in range(start - 2))   # no header that a decoder could use
open('in/bad.jpg', 'wb').write(jpeg)
png = bytearray(open(sys.argv[1] + '/odd/gray.png', 'rb').read())
for i in range(len(png) // 2, len(png) // 2 + 40):
    png[i] ^= 0x5a
open('in/bad.png', 'wb').write(png)
EOF
job in -o x.h5
is x.h5 bad.jpg status corrupt
is x.h5 bad.png status corrupt
is x.h5 good.jpg status ok
[ -n "$(of x.h5 bad.jpg detail)" ] || die "no reason was recorded"
says out 'corrupt +2'
expect 3 facesdist in -o y.h5 --threads 1 --strict
same x.h5 y.h5
