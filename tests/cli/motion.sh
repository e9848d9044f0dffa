#!/usr/bin/env bash
# facesdist-motion on folders of frames: pictures, masks, table and curve against NumPy; order of frames; frames that fail or change their size; ranks.
. "$2/tests/tools/lib.sh"
"$python" -c 'import numpy, PIL' 2>/dev/null || skip "no python3-numpy or python3-pil"
export PYTHONPATH=$source_dir/tests/tools
"$python" - <<'END' || die "no input"
import os, numpy as np, png_samples
random = np.random.default_rng(4)
os.makedirs('in/a b'), os.makedirs('in/turning')
still = random.integers(0, 256, (45, 70, 3), np.uint8)
for t in range(37):                       # 0.png .. 36.png: the numbers count, not the letters
    frame = still.copy()
    frame[5 + t % 20:25 + t % 20, t:t + 18] = random.integers(0, 256, 3)
    frame[40:45, 60:70] = (t * 29) % 256
    frame[30, 40] = 255 * (t % 2)
    png_samples.write(f'in/a b/{t}.png', frame)
for t in range(6):
    png_samples.write(f'in/turning/f{t:02}.png', np.full((20, 30) if t < 3 else (30, 20), 60 * (t % 2), np.uint8)[..., None].repeat(3, 2))
END
head -c 100 'in/a b/20.png' >short && cp short 'in/a b/20.png'

expect 0 facesdist-motion in -o painted --masks masks --table table.tsv --plot plot.svg --threads 1
says err '^a b/20.png: truncated'
says out 'compared +42$'
cat >oracle.py <<'END'
"""By definition, one frame after the other."""
import re, sys, numpy as np, png_samples
threshold = int(sys.argv[1])

def regions(mask):
    todo, boxes = mask.copy(), []
    for y, x in np.argwhere(mask):
        if not todo[y, x]:
            continue
        stack, seen = [(y, x)], []
        todo[y, x] = False
        while stack:
            p = stack.pop()
            seen.append(p)
            for i in range(max(p[0] - 1, 0), min(p[0] + 2, mask.shape[0])):
                for j in range(max(p[1] - 1, 0), min(p[1] + 2, mask.shape[1])):
                    if todo[i, j]:
                        todo[i, j] = False
                        stack.append((i, j))
        ys, xs = zip(*seen)
        boxes.append((-len(seen), min(ys), min(xs), max(xs) + 1, max(ys) + 1))
    return ' '.join(f'{x1},{y1},{x2},{y2}' for _, y1, x1, x2, y2 in sorted(boxes))

lines, before = ['frame\tmoving_pixels\tmoving_share\tregions\tboxes_x1_y1_x2_y2'], None
for folder, names in (('a b', [f'{t}.png' for t in range(37)]), ('turning', [f'f{t:02}.png' for t in range(6)])):
    before = None
    for name in names:
        key = f'{folder}/{name}'
        if key == 'a b/20.png':
            before = None
            continue
        rgb = png_samples.read('in/' + key).astype(np.int64)
        gray = (4899 * rgb[..., 0] + 9617 * rgb[..., 1] + 1868 * rgb[..., 2] + 8192) >> 14
        moves = np.abs(gray - before) > threshold if before is not None and before.shape == gray.shape else np.zeros(gray.shape, bool)
        padded = np.pad(moves, 1, constant_values=True)
        mask = np.ones(gray.shape, bool)
        for i in range(3):
            for j in range(3):
                mask &= padded[i:i + gray.shape[0], j:j + gray.shape[1]]
        before = gray
        rgb[..., 0] = np.maximum(rgb[..., 0], 255 * mask)
        assert np.array_equal(png_samples.read('painted/' + key), rgb), key
        assert np.array_equal(png_samples.read('masks/' + key)[..., 0], 255 * mask), key
        boxes = regions(mask)
        lines.append(f'{key}\t{mask.sum()}\t{mask.mean():.9f}\t{len(boxes.split())}\t{boxes}')
got = open('table.tsv').read().splitlines()
assert got == lines, [x for x in zip(got, lines) if x[0] != x[1]][:3] or (len(got), len(lines))
assert sum(int(l.split('\t')[1]) > 0 for l in lines[1:]) > 30
END
"$python" oracle.py 25 || die "not as NumPy"
"$python" -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse("plot.svg")' || die "the plot is not XML"

# The same for any number of ranks and threads, and on every engine.
for how in "mpirun -np 3" "env"; do
    device=auto
    [ "$how" = env ] && device=ref
    expect 0 $how facesdist-motion in -o painted2 --masks masks2 --table table2.tsv --plot plot2.svg --threads 2 --device $device
    for pair in "painted painted2" "masks masks2" "table.tsv table2.tsv" "plot.svg plot2.svg"; do
        diff -r $pair || die "$how: other bytes"
    done
    rm -r painted2 masks2
done
expect 0 facesdist-motion in -o painted --masks masks --table table.tsv --threshold 0
"$python" oracle.py 0 || die "not as NumPy with threshold 0"

expect 0 mpirun -np 2 facesdist-motion in -o staged --masks staged-masks --threshold 0 --by-stage
says out '[0-9]+ frames computed, in the engine'
says out '^one pass +9 '
diff -r painted staged || die "--by-stage paints other bytes"
diff -r masks staged-masks || die "--by-stage gives other masks"
expect 3 facesdist-motion in -o painted --strict
expect 2 facesdist-motion in -o painted --threshold 256
expect 2 facesdist-motion in
expect 1 facesdist-motion in -o painted --table no/such/folder.tsv
