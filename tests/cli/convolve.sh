#!/usr/bin/env bash
# facesdist-convolve: pictures, borders, origins, windows and methods against NumPy; ranks and engines; what is refused.
. "$2/tests/tools/lib.sh"
"$python" -c 'import numpy, PIL' 2>/dev/null || skip "no python3-numpy or python3-pil"
export PYTHONPATH=$source_dir/tests/tools
oracle=$source_dir/tests/tools/convolve_oracle.py
mkdir in
"$python" - <<'END' || die "no input"
import numpy as np, png_samples
random = np.random.default_rng(2)
for name, channels, type in (('gray', 1, np.uint8), ('rgb', 3, np.uint8), ('rgba', 4, np.uint8), ('deep', 3, np.uint16), ('deep-gray-alpha', 2, np.uint16)):
    png_samples.write(f'in/{name}.png', random.integers(0, np.iinfo(type).max + 1, (23, 31, channels), type))
def save(name, window):
    window = np.asarray(window, np.float32)
    np.save(name + '.npy', window)
    with open(name + '.txt', 'w') as f:
        f.write('# a window\n\n' + '\n'.join(', '.join('%.9g' % x for x in row) for row in window) + '\n')
save('odd', random.normal(size=(5, 3)))
save('even', random.normal(size=(4, 2)))
save('large', random.normal(size=(15, 15)))
save('apart', np.outer(random.normal(size=7), random.normal(size=6)))
save('sobel', [[1, 0, -1], [2, 0, -2], [1, 0, -1]])
save('box', np.full((5, 5), 0.04))
x = np.arange(-6, 7)
gaussian = np.exp(-0.5 * (x[:, None] ** 2 + x ** 2) / 1.5 ** 2)
save('gaussian', gaussian / gaussian.sum())
END
check() { "$python" "$oracle" "$@" || die "not as NumPy: $*"; }

# Every border, every kind of picture, to floats and to whole numbers.
for border in reflect constant nearest mirror wrap; do
    for window in odd even large apart; do
        expect 0 facesdist-convolve in -o done/$border/$window --filter ./$window.txt --border $border --constant 100 --origin 1,-1 --format npy
        expect 0 facesdist-convolve in -o done/$border/$window --filter ./$window.npy --border $border --constant 100 --origin 1,-1 --correlate --threads 2
    done
done
"$python" - <<'END' || die "not as NumPy"
import convolve_oracle
for border in ('reflect', 'constant', 'nearest', 'mirror', 'wrap'):
    for window in ('odd', 'even', 'large', 'apart'):
        options = (window + '.npy', 'border=' + border, 'constant=100', 'origin=1,-1')
        for name in ('rgb', 'deep'):
            convolve_oracle.main(f'done/{border}/{window}/{name}.npy', f'in/{name}.png', *options)
        for name in ('gray', 'rgba', 'deep-gray-alpha'):
            convolve_oracle.main(f'done/{border}/{window}/{name}.png', f'in/{name}.png', *options, 'correlate')
END

# The library's sums are those of the definition too, within the bound, on every border.
for border in reflect constant nearest mirror wrap; do
    for window in odd even large; do
        expect 0 facesdist-convolve in -o library/$border/$window --filter ./$window.npy --border $border --constant 100 --origin 1,-1 --method library --format npy
    done
    expect 0 facesdist-convolve in -o library/$border/whole --filter ./odd.npy --border $border --method library --threads 2
done
expect 0 facesdist-convolve in -o library/ref --filter ./odd.npy --border mirror --method library --device ref
"$python" - <<'END' || die "the library's sums are not as NumPy's"
import convolve_oracle
for border in ('reflect', 'constant', 'nearest', 'mirror', 'wrap'):
    for window in ('odd', 'even', 'large'):
        for name in ('rgb', 'rgba', 'deep', 'deep-gray-alpha'):
            convolve_oracle.main(f'library/{border}/{window}/{name}.npy', f'in/{name}.png', window + '.npy', 'border=' + border, 'constant=100', 'origin=1,-1')
    for name in ('gray', 'rgb', 'deep'):
        convolve_oracle.main(f'library/{border}/whole/{name}.png', f'in/{name}.png', 'odd.npy', 'border=' + border)
convolve_oracle.main('library/ref/rgb.png', 'in/rgb.png', 'odd.npy', 'border=mirror')
END

# NumPy's definition is scipy's, where that is installed: borders, origins, even sizes.
"$python" - <<'END' || die "the oracle is not scipy"
import numpy as np, convolve_oracle
try:
    from scipy import ndimage
except ImportError:
    print('scipy is not here: the definition in NumPy stands alone')
    raise SystemExit
picture = np.random.default_rng(1).normal(size=(23, 31, 1))
for window in ('odd', 'even', 'large', 'apart'):
    taps = np.load(window + '.npy').astype(np.float64)
    for border in ('reflect', 'constant', 'nearest', 'mirror', 'wrap'):
        for origin in ((0, 0), (1, -1), (-1, 0)):
            for correlate in (False, True):
                ours = convolve_oracle.exact(picture, taps, correlate, border, 100, origin)[0][..., 0]
                call = ndimage.correlate if correlate else ndimage.convolve
                theirs = call(picture[..., 0], taps, mode=border, cval=100, origin=origin)
                assert np.allclose(ours, theirs, rtol=0, atol=1e-12 * np.abs(taps).sum() * 1e3), (window, border, origin, correlate)
END

# Names, methods.
expect 0 facesdist-convolve in/rgb.png -o a.npy --filter sobel-x
check a.npy in/rgb.png sobel.npy
expect 0 facesdist-convolve in/rgb.png -o a.npy --filter gaussian --sigma 1.5
check a.npy in/rgb.png gaussian.npy
expect 0 facesdist-convolve in/rgb.png -o b.npy --filter gaussian --sigma 1.5 --method direct
check b.npy in/rgb.png gaussian.npy
expect 0 facesdist-convolve in/rgb.png -o a.npy --filter box --size 5 -v
says err '5x5, columns, then rows'
check a.npy in/rgb.png box.npy
expect 0 facesdist-convolve in -o same --filter identity
for name in gray rgb rgba deep deep-gray-alpha; do
    "$python" -c "import sys, png_samples as p; sys.exit(not (p.read('in/$name.png') == p.read('same/$name.png')).all())" || die "identity changed $name"
done

# Ranks, engines, instruction sets: the same bytes.
for filter in gaussian ./large.npy; do
    expect 0 facesdist-convolve in -o one --filter $filter --format npy --threads 1
    expect 0 mpirun -np 3 facesdist-convolve in -o ranks --filter $filter --format npy
    expect 0 facesdist-convolve in -o ref --filter $filter --format npy --device ref
    expect 0 facesdist-convolve in -o sse --filter $filter --format npy --isa sse41
    for other in ranks ref sse; do
        diff -r one $other || die "$other: other bytes"
    done
done

expect 2 facesdist-convolve in -o x --filter gausian
says err 'did you mean gaussian'
expect 2 facesdist-convolve in -o x --filter box --size 4
expect 2 facesdist-convolve in -o x --filter sharpen --size 5
expect 2 facesdist-convolve in -o x --filter ./odd.txt --method separable
expect 2 facesdist-convolve in -o x --origin 9,0
says err 'leads out of the window'
expect 2 facesdist-convolve in -o x --border around
printf '1 2\n3\n' >ragged.txt
expect 1 facesdist-convolve in -o x --filter ./ragged.txt
says err 'row 2'
printf '1 two\n' >words.txt
expect 1 facesdist-convolve in -o x --filter ./words.txt
: >empty.txt
expect 1 facesdist-convolve in -o x --filter ./empty.txt
expect 1 facesdist-convolve in -o x --filter ./absent.txt
expect 1 facesdist-convolve in -o x --filter in/rgb.png
[ ! -e x ] || die "a folder for nothing"
