#!/usr/bin/env bash
# facesdist-bench: every suite on a budget of a moment; the table, the CSV, the HDF5 file and the page tell the same; two results side by side; a network's
# classes against Pillow and NumPy; what is refused.
# Time limit: 300 s
. "$2/tests/tools/lib.sh"
"$python" -c 'import h5py, numpy, PIL' 2>/dev/null || skip "no python3-h5py, python3-numpy, python3-pil"
pack=$source_dir/data/pack

# Each suite has a point that was measured; those that did not fit say so with a prediction. Files appear under their names alone.
expect 0 facesdist-bench --budget 0.05 --threads 2 --cpu-only --net "$pack/rnet.onnx" -o a.h5
says out '^suite +what +device'
says out '^matmul +engine f32'
[ "$(ls)" = "$(printf '%s\n' a.csv a.h5 a.html err out)" ] || die "other files than the three: $(ls)"
"$python" - <<'END' || die "the files do not tell the same"
import csv, math, h5py, numpy
rows = list(csv.DictReader(open('a.csv', newline='')))
try:
    import pandas
    frame = pandas.read_csv('a.csv')
    assert len(frame) == len(rows) and frame['median_s'].dtype == float, frame.dtypes
except ImportError:
    pass
suites = 'ceilings nets matmul invert motion conv decode distances io'.split()
f = h5py.File('a.h5')
text = lambda name: [t.decode() for t in f['trials/' + name][:]]
for suite in suites:
    measured = [r for r in rows if r['suite'] == suite and r['state'] == 'measured']
    assert measured, suite
    for r in measured:
        assert 0 < float(r['min_s']) <= float(r['median_s']) <= float(r['max_s']), r
        assert int(r['samples']) >= 1 and float(r['first_call_s']) > 0, r
        assert not r['upload_s'] and not r['download_s'], r   # the processor's memory is the host's
        for of in ('operations', 'bytes', 'items'):
            if r[of]:
                assert math.isclose(float(r[of + '_per_s']), float(r[of]) / float(r['median_s']), rel_tol=1e-6), r
skipped = [r for r in rows if r['state'] == 'skipped']
assert skipped and all('predicted' in r['note'] or 'budget' in r['note'] or 'needs' in r['note'] or 'free' in r['note'] or 'not written' in r['note'] for r in skipped), skipped
assert all('verified' in r['note'] for r in rows if r['suite'] == 'matmul' and r['state'] == 'measured')
assert not [r for r in rows if r['state'] == 'failed'], [r for r in rows if r['state'] == 'failed']
assert [r['suite'] for r in rows] == text('suite') and [r['state'] for r in rows] == text('state') and [r['series'] for r in rows] == text('series')
for column, name in (('min', 'min_s'), ('median', 'median_s'), ('predicted', 'predicted_s'), ('operations', 'operations'), ('size', 'size')):
    stored = f['trials/' + column][:]
    told = numpy.array([float(r[name]) if r[name] else numpy.nan for r in rows])
    assert numpy.allclose(stored, told, rtol=1e-8, equal_nan=True), column
    assert 'unit' in f['trials/' + column].attrs
assert 'processor J' in open('a.html').read() and len(f['clocks/processor_joules']) == len(suites)
assert len(f['clocks/suite']) == len(suites) and (f['clocks/before_operations_per_s'][:] > 0).all()
assert 'processor' in f['run'].attrs and 'budget' in f['run'].attrs
END
"$python" "$source_dir/tests/tools/page_check.py" a.html || die "the page"
for word in 'How to read this page' Roofline 'The ladder' 'Clock and load' 'No GPU was measured'; do grep -q "$word" a.html || die "the page lacks: $word"; done

# In a browser nothing is complained about, light and dark.
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -n "$browser" ]; then
    for scheme in 0 1; do
        timeout 120 "$browser" --headless=new --no-sandbox --disable-gpu --enable-logging=stderr --user-data-dir="$scratch/profile" \
            --blink-settings=preferredColorScheme=$scheme --dump-dom "file://$PWD/a.html" >shown 2>log || { echo "chromium does not start: not looked at"; break; }
        grep -q 'this page loads nothing' shown || die "the page is not whole"
        grep CONSOLE log && die "the browser complains"
    done
fi

# One suite alone; two results side by side: a result is as fast as itself.
expect 0 facesdist-bench --budget 0.05 --threads 1 --cpu-only --suite invert,io -o b.h5 --price 2
grep -qE '^(matmul|nets),' b.csv && die "a suite that was not asked for"
expect 0 facesdist-bench compare a.h5 a.h5
says out '^A: a.h5'
grep -E '^(matmul|invert) ' out | grep -qvE ' 1\.00$' && die "a result differs from itself"
expect 0 facesdist-bench compare a.h5 b.h5
says out '^points that both have: [1-9]'

# A GPU (the emulator's): its times come with upload and download, and the page says from which size on it is faster, and that it is none.
if [ -n "$(find "$bin/../lib" -name libfacesdist-emu.so 2>/dev/null)" ]; then
    managed=
    if [ -z "${FACESDIST_SANITIZED:-}" ] && command -v "${CC:-cc}" >/dev/null; then   # and NVIDIA's management library, made up: 1234 MHz, 56 C, its power is capped
        mkdir managed
        cat >managed/nvml.c <<'END'
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) { *device = (void *)uuid; return 0; }
int nvmlDeviceGetClockInfo(void *device, int type, unsigned *mhz) { (void)device; *mhz = type == 1 ? 1234 : 1; return 0; }
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *c) { (void)device; *c = 56 + (unsigned)sensor; return 0; }
int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *bits) { (void)device; *bits = 1 | 4; return 0; }
END
        "${CC:-cc}" -shared -fPIC -o managed/libnvidia-ml.so.1 managed/nvml.c && managed=$PWD/managed
    fi
    expect 0 env FACESDIST_EMULATOR=1 LD_LIBRARY_PATH="$managed" facesdist-bench --budget 0.05 --threads 1 --device cuda --suite invert -o emu.h5
    expect 0 env FACESDIST_EMULATOR=1 facesdist-bench --budget 2 --threads 1 --device cuda --suite matmul -o rungs.h5
    "$python" - <<'END' || die "the ladder of a GPU"
import csv
rows = [r for r in csv.DictReader(open('rungs.csv', newline='')) if r['device'] == 'emulator' and r['size'] == '64']
assert [r['series'] for r in rows] == ['engine f32', 'cuBLAS f64', 'GPU 1 naive', 'GPU 2 tiled', 'GPU 3 vectorised', 'GPU 4 tensor cores'], rows
for r in rows:   # on a busy machine what comes last may not fit; nothing may be wrong
    assert r['state'] == 'skipped' or r['state'] == 'measured' and 'verified' in r['note'] and float(r['upload_s']) > 0 and float(r['share_of_ceiling']) > 0, r
assert rows[0]['state'] == 'measured'
END
    "$python" "$source_dir/tests/tools/page_check.py" rungs.html || die "the page with a GPU's ladder"
    grep -q 'The ladder of the GPU' rungs.html || die "the page lacks the ladder of the GPU"
    rm rungs.*
    "$python" - <<'END' || die "points of a GPU"
import csv
rows = [r for r in csv.DictReader(open('emu.csv', newline='')) if r['device'] == 'emulator' and r['state'] == 'measured']
assert {r['series'] for r in rows} >= {'multiply-adds', 'device copy', 'out of place'}, rows
assert all(float(r['upload_s']) > 0 and float(r['download_s']) > 0 and float(r['first_call_s']) > 0 for r in rows if r['series'] != 'multiply-adds'), rows
END
    "$python" "$source_dir/tests/tools/page_check.py" emu.html || die "the page with a GPU"
    [ -z "$managed" ] || "$python" - <<'END' || die "the GPU's clock"
import h5py
clocks = h5py.File('emu.h5')['clocks']
assert all((clocks[f'gpu_{w}_mhz'][:] == 1234).all() and (clocks[f'gpu_{w}_celsius'][:] == 56).all() for w in ('before', 'after'))
assert set(clocks['gpu_held_down_by'][:]) == {b'power'}
assert '<td>1234</td>' in open('emu.html').read() and '<td>power</td>' in open('emu.html').read()
END
    for word in 'emulated on the processor' 'From which size on the GPU is faster' 'with upload and download'; do grep -q "$word" emu.html || die "the page lacks: $word"; done
    grep -q 'No GPU was measured' emu.html && die "there was one"
fi

# Interrupted: what was measured until then is written.
rm -f err   # of the run before: this one's is there as soon as it has begun
facesdist-bench --budget 5 --threads 1 --cpu-only --net "$pack/rnet.onnx" -o late.h5 >out 2>err &
pid=$!
until grep -qs '^ceilings: ' err; do kill -0 $pid 2>/dev/null || { cat err; die "it ended by itself"; }; sleep 0.05; done
kill -TERM $pid
wait $pid
[ $? = 75 ] || die "no exit code 75 after a signal"
grep -q '^ceilings,' late.csv || die "what was measured is not there"
grep -q '^io,' late.csv && die "it went on"
[ -s late.h5 ] && [ -s late.html ] || die "not all files were written"

# Refused, before anything is measured.
expect 2 facesdist-bench --suite nots,matmul -o no.h5
says err "no suite 'nots'; did you mean nets"
expect 2 facesdist-bench --cpu-only --device cuda -o no.h5
expect 2 facesdist-bench compare a.h5
expect 1 facesdist-bench compare a.h5 a.csv
expect 1 facesdist-bench compare a.h5 "$source_dir/data/expected.h5"
says err 'no result of facesdist-bench'
expect 1 facesdist-bench --budget 0.01 --suite io --cpu-only --threads 1 -o no/such/folder/x.h5
[ ! -e no.h5 ] || die "a file was left"

# What a network takes photographs for: the same classes as by Pillow's crop, facesdist-net and NumPy.
seq -f 'number %.0f' 0 511 >labels
expect 0 facesdist-bench --net "$pack/embedder.onnx" --labels labels --topk 3 --cpu-only "$photos/people/p01/1.jpg" "$photos/people/p02"
[ "$(wc -l <out)" = 12 ] || die "not three classes for each of four photographs"
cp out classes
cat >crop.py <<'END'
import subprocess, sys
import numpy as np
from PIL import Image
photo, network, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
image = Image.open(photo).convert('RGB')
side = int(round(0.875 * min(image.size)))
x, y = (image.width - side) // 2, (image.height - side) // 2
square = np.asarray(image.crop((x, y, x + side, y + side)).resize((size, size), Image.BILINEAR), 'f4')
np.save('in.npy', ((square - np.array([123.675, 116.28, 103.53], 'f4')) / np.array([58.395, 57.12, 57.375], 'f4')).transpose(2, 0, 1)[None])
subprocess.run(['facesdist-net', 'run', network, '--input', 'in.npy', '-o', 'out.npy', '--device', 'cpu'], check=True, stdout=subprocess.DEVNULL)
score = np.load('out.npy').ravel().astype('f8')
chance = np.exp(score - score.max())
chance /= chance.sum()
lines = [l.rstrip('\n').split('\t') for l in open('classes')]
mine = [l for l in lines if l[0].endswith('p01/1.jpg')]
order = np.argsort(-chance, kind='stable')[:3]
assert [int(l[2]) for l in mine] == list(order), (mine, order)
assert all(l[3] == f'number {l[2]}' and abs(float(l[4]) - chance[int(l[2])]) < 2e-6 for l in mine), mine
END
size=$(facesdist-net info "$pack/embedder.onnx" --device cpu | sed -n 's/^input.*x\([0-9]*\)$/\1/p')
"$python" crop.py "$photos/people/p01/1.jpg" "$pack/embedder.onnx" "$size" || die "other classes than by Pillow and NumPy"
expect 1 facesdist-bench --net "$pack/rnet.onnx" --cpu-only "$photos/people/p01/1.jpg"
says err 'has 2 outputs'
expect 1 facesdist-bench --net absent.onnx --cpu-only "$photos/people/p01/1.jpg"
