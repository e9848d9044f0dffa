#!/usr/bin/env bash
# Fault 10: 1x1, 13x13, 1x20000, 20000x20000 pixels: no crash, no memory blow-up.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/good.jpg
"$python" - <<'EOF'
import struct, zlib
def chunk(t, d): return struct.pack('>I', len(d)) + t + d + struct.pack('>I', zlib.crc32(t + d))
def png(name, w, h):
    z = zlib.compressobj(9)
    row = b'\0' + bytes([90, 120, 150]) * w
    d = b''.join([z.compress(row) for _ in range(h)] + [z.flush()])
    open('in/' + name, 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, 8, 2, 0, 0, 0)) + chunk(b'IDAT', d) + chunk(b'IEND', b''))
for w, h in ((1, 1), (13, 13), (1, 20000), (20000, 1), (11, 4000), (12, 4000), (3800, 3800)): png(f'{w}x{h}.png', w, h)
png('20000x20000.png', 20000, 20000)
EOF
job in -o x.h5
for size in 1x1 13x13 1x20000 20000x1 11x4000 12x4000 3800x3800; do
    is x.h5 $size.png status no_face
done
is x.h5 20000x20000.png status too_large
is x.h5 good.jpg status ok
most=$("$python" -c "import h5py; print(int(h5py.File('x.h5')['run/usage/resident_bytes'][:].max() / 1e6))")
[ -n "${FACESDIST_SANITIZED:-}" ] || [ "$most" -lt 300 ] || die "$most MB were resident: four times what the largest image has"
# One that takes more than the images of a rank may together (half of --memory) is processed alone, and not waited for until there is room.
mkdir large && mv in/3800x3800.png in/good.jpg large
expect 0 timeout 200 facesdist large -o large.h5 --threads 2 --memory 64M
is large.h5 3800x3800.png status no_face
is large.h5 good.jpg status ok
