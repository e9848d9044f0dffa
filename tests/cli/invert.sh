#!/usr/bin/env bash
# facesdist-invert: every sample of every kind of picture against NumPy; names, ranks, what is refused.
. "$2/tests/tools/lib.sh"
"$python" -c 'import numpy, PIL' 2>/dev/null || skip "no python3-numpy or python3-pil"
export PYTHONPATH=$source_dir/tests/tools
mkdir -p in/sub
"$python" - <<'END' || die "no input"
import numpy as np, png_samples
from PIL import Image
random = np.random.default_rng(1)
for channels, name in ((1, 'gray'), (2, 'gray-alpha'), (3, 'rgb'), (4, 'rgb-alpha')):
    for depth, type in ((8, np.uint8), (16, np.uint16)):
        png_samples.write(f'in/{name}-{depth}.png', random.integers(0, 256 ** (depth // 8), (13, 17, channels), type))
photo = random.integers(0, 256, (40, 60, 3), np.uint8)
Image.fromarray(photo).save('in/sub/photo.jpg', quality=95)
Image.fromarray(photo).save('in/photo.jpg', quality=80)      # the same name as the next, but for its end
Image.fromarray(photo).save('in/photo.png')
exif = Image.Exif()
exif[0x112] = 6
Image.fromarray(photo).save('in/turned.jpg', exif=exif)
Image.fromarray(photo[..., 0]).save('in/gray.jpg')
Image.fromarray(photo).quantize(16).save('in/palette.png')
Image.fromarray(photo[..., 0] > 128).save('in/bits.png')
END
head -c 500 in/photo.jpg >in/short.jpg
: >in/empty.png
echo 'no picture' >in/notes.txt

expect 0 facesdist-invert in -o done --threads 1 --ledger ledger.tsv
says err '^short.jpg: truncated'
says out 'inverted +15$'
says ledger.tsv '^empty.png	empty	'
says ledger.tsv '^sub/photo.jpg	ok		done/sub/photo.png$'
"$python" - <<'END' || die "samples"
import os, sys, numpy as np, png_samples
from PIL import Image, ImageOps
def same(name, wanted):
    got = png_samples.read("done/" + name)
    if got.dtype != wanted.dtype or not np.array_equal(got, wanted):
        sys.exit(name)
for channels, name in ((1, 'gray'), (2, 'gray-alpha'), (3, 'rgb'), (4, 'rgb-alpha')):
    for depth in (8, 16):
        a = png_samples.read(f'in/{name}-{depth}.png')
        wanted = np.iinfo(a.dtype).max - a
        if channels % 2 == 0:
            wanted[..., -1] = a[..., -1]
        same(f'{name}-{depth}.png', wanted)
read = lambda name, mode: np.asarray(ImageOps.exif_transpose(Image.open('in/' + name)).convert(mode))
same('sub/photo.png', 255 - read('sub/photo.jpg', 'RGB'))
same('photo.png', 255 - read('photo.png', 'RGB'))
same('photo.jpg.png', 255 - read('photo.jpg', 'RGB'))
same('turned.png', 255 - read('turned.jpg', 'RGB'))
same('gray.png', 255 - read('gray.jpg', 'L')[..., None])
same('palette.png', 255 - read('palette.png', 'RGB'))
same('bits.png', 255 - read('bits.png', 'L')[..., None])
found = sum(len(files) for _, _, files in os.walk("done"))
if found != 15:
    sys.exit(f'{found} files, not 15')
END

# The same bytes for any number of ranks and on every engine.
expect 0 mpirun -np 3 facesdist-invert in -o ranks --threads 2
diff -r done ranks || die "three ranks, other bytes"
expect 0 facesdist-invert in -o ref --device ref
diff -r done ref || die "the reference engine, other bytes"

# Single channels; alpha when asked for; one picture by its name; JPEG.
expect 0 facesdist-invert in/rgb-alpha-8.png -o one.png --channels ga
expect 0 facesdist-invert in/photo.png -o small.jpg
says err 'JPEG is lossy'
expect 0 facesdist-invert in/gray-alpha-16.png in/rgb-8.png -o jpegs --format jpeg
"$python" - <<'END' || die "channels, or JPEG"
import numpy as np, png_samples
from PIL import Image
a, b = png_samples.read('in/rgb-alpha-8.png'), png_samples.read('one.png')
assert np.array_equal(b, np.where([False, True, False, True], 255 - a, a))
assert Image.open('small.jpg').format == 'JPEG' and Image.open('small.jpg').size == (60, 40)
assert Image.open('jpegs/in/gray-alpha-16.jpg').mode == 'L' and Image.open('jpegs/in/rgb-8.jpg').mode == 'RGB'
END

# Twice into a folder inside the input: the first run's pictures are no inputs of the second.
cp -r in nested
expect 0 facesdist-invert nested -o nested/done
expect 0 facesdist-invert nested -o nested/done
says err 'files of the output folder are no inputs'
diff -r done nested/done || die "a second run made more"

# Levels of compression: other files, the same samples.
expect 0 facesdist-invert "$photos/group-of-2.jpg" -o small.png --compression 9
expect 0 facesdist-invert "$photos/group-of-2.jpg" -o plain.png --compression 0
[ "$(stat -c %s small.png)" -lt "$(stat -c %s plain.png)" ] || die "compression does nothing"
"$python" -c "import sys, numpy as n; from PIL import Image as i; sys.exit(not (n.asarray(i.open('small.png')) == n.asarray(i.open('plain.png'))).all())" || die "compression changes samples"

# Asked to stop: what is there is whole, and the same command makes the rest.
mkdir many
for i in $(seq 400); do ln -s "$photos/group-of-7.jpg" many/$i.jpg; done
facesdist-invert many -o stopped --threads 1 >/dev/null 2>stopped.err &
job=$!
until [ -n "$(find stopped -name '*.png' 2>/dev/null | head -1)" ]; do sleep 0.05; done
kill -TERM $job
wait $job
[ $? = 75 ] || { cat stopped.err >&2; die "not told that it was interrupted"; }
[ "$(find stopped -type f ! -name '*.png' | wc -l)" = 0 ] || die "something half-written was left"

# Refused or told.
expect 3 facesdist-invert in -o done --strict
expect 2 facesdist-invert in/photo.png -o in/photo.png
says err 'over itself'
cmp -s in/photo.png nested/photo.png || die "an input was touched"
expect 2 facesdist-invert in -o in
expect 2 facesdist-invert in
says err 'where shall the pictures go'
expect 2 facesdist-invert in -o done --channels xyz
expect 2 facesdist-invert absent -o done
expect 2 facesdist-invert -o done
expect 2 facesdist-invert in/photo.png -o x.jpg --format png
: >file
expect 1 facesdist-invert in -o file
mkdir full && mkdir full/photo.png
expect 1 facesdist-invert in/photo.jpg -o full
says err 'photo.png'

# One kernel in six launches: what each of them reaches, counted; a page that loads nothing.
for stride in --no-grid-stride --grid-stride; do
    expect 0 facesdist-invert --experiment "$photos/group-of-2.jpg" -o page.html --sizes 0.01,0.5 --threads 2 --device cpu --block 64 $stride
    cp out table.$stride
    says page.html '^<!DOCTYPE html>'
    "$python" - $stride <<'END' || die "not what a launch reaches"
import math, re, sys
rows = [re.split(r'  +', line.strip()) for line in open('table.' + sys.argv[1]) if re.match(r'(whole|half|twice|first|last|largest)', line)]
assert len(rows) == 18, len(rows)
for name, *cells in rows:
    n, grid, block, expected, changed = map(int, cells[:5])
    reach = {'first half': n // 2, 'last half': n - n // 2}.get(name, n)
    if name == 'half the threads':
        assert grid == (math.ceil(n / 64) + 1) // 2 and block == 64
        reach = n if sys.argv[1] == '--grid-stride' else grid * 64
    assert changed == expected == reach, (name, cells)
    assert float(cells[5]) > 0 and cells[6].endswith('%')
END
done
expect 2 facesdist-invert --experiment "$photos" "$photos" -o page.html
expect 1 facesdist-invert --experiment "$photos/odd/empty.jpg" -o page.html
