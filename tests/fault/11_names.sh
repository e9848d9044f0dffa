#!/usr/bin/env bash
# Fault 11: names that are not UTF-8, with newlines, paths of 4,000 characters: stored as bytes, escaped where printed.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
"$python" - "$photos" <<'EOF'
import os, sys
data = open(sys.argv[1] + '/people/p01/1.jpg', 'rb').read()
os.chdir('in')
for name in (b'not-utf8-\xff\xfe.jpg', b'new\nline.jpg', b'tab\tand\x1b[31mcolour.jpg', b'space and (brackets).jpg', b'%s%n.jpg', '面.jpg'.encode()):
    open(name, 'wb').write(data)
open(b'bad\xff\n.jpg', 'wb').write(b'\xff\xd8\xff no')
here = os.open('.', os.O_RDONLY)
for k in range(20):   # 20 folders of 200 letters
    name = 'abcdefghijklmnopqrst'[k] * 200
    os.mkdir(name, dir_fd=here)
    here = os.open(name, os.O_RDONLY, dir_fd=here)
os.write(os.open('deep.jpg', os.O_WRONLY | os.O_CREAT, dir_fd=here), data)
EOF
job in -o x.h5 -v
"$python" - <<'EOF' || die "names are not stored as they are"
import h5py
f = h5py.File('x.h5')
raw = f['images/path'].asstr('latin-1')[:] if hasattr(f['images/path'], 'asstr') else f['images/path'][:]
names = {n.encode('latin-1') for n in raw}
for name in (b'not-utf8-\xff\xfe.jpg', b'new\nline.jpg', b'tab\tand\x1b[31mcolour.jpg', b'space and (brackets).jpg', b'%s%n.jpg', '面.jpg'.encode()):
    assert name in names, name
deep = [n for n in names if n.endswith(b'deep.jpg')]
assert len(deep) == 1 and len(deep[0]) > 4000
assert len(names) == 8 and (f['images/faces'][:] == 1).sum() == 7
EOF
LC_ALL=C grep -q $'\x1b\\[31m' out err && die "a name reached the terminal unescaped"
rm -rf in/aaaa*
# the output's own name, in the end table and in messages
output=$(printf 'o\033[31mut\nput.h5')
job in -o "$output"
LC_ALL=C grep -q $'\x1b\\[31m' out err && die "the output's name reached the terminal unescaped"
expect 1 facesdist in -o "$output" --threads 1 --faces all
LC_ALL=C grep -q $'\x1b\\[31m' out err && die "the output's name reached the terminal unescaped in an error"
exit 0
