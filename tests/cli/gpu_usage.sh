#!/usr/bin/env bash
# What a run on a GPU tells of it: its load and clocks over time, where its time went, what bounded the run, names for profilers. The GPU is the
# emulator's, NVIDIA's management library is made up (tests/nvml).
# Time limit: 300 s
. "$(dirname "$0")/../tools/lib.sh"
[ -n "$(find "$bin/../lib" -name libfacesdist-emu.so)" ] || skip "no emulator (no C++ compiler)"
"$python" -c 'import h5py' 2>/dev/null || skip "no python3-h5py"
face one.jpg
one=(one.jpg --min-face 150 --threads 1)   # a small pyramid: the emulator is slow
export FACESDIST_EMULATOR=1

# With the library: samples, and the driver's version.
expect 0 env LD_LIBRARY_PATH="$bin/nvml:${LD_LIBRARY_PATH:-}" FACESDIST_EMU_RANGES="$PWD/ranges" facesdist --device cuda "${one[@]}" -o told.h5
says out '^bounded by [a-zG]'
grep -q 'not recorded' err && die "the GPU could be asked"
"$python" - <<'PY' || die "what the GPU told is not in /run"
import h5py, numpy
run = h5py.File('told.h5')['run']
usage, gpu = run['usage'], run['gpu']
assert run.attrs['NVIDIA driver'] == '999.12.34' and run.attrs['bounded by']
n = len(usage['rank'])
assert n > 0 and len(usage['seconds']) == n
for name, value in {'percent': 87, 'memory_bytes': 3 << 30, 'sm_mhz': 1755, 'memory_mhz': 2619, 'celsius': 61}.items():
    assert (usage['gpu_' + name][:] == numpy.full(n, value)).all(), name
assert set(usage['gpu_held_down_by'][:]) == {b'power, heat'}
# Device times: all that was asked for took some, and together they are at least the time that any lane was busy (lanes at once count each).
seconds = dict(zip((w.decode() for w in gpu['work'][:]), gpu['seconds'][:]))
assert set(seconds) == {'other', 'upload', 'detect', 'embed', 'distances', 'download', 'busy'}, seconds
assert min(seconds[w] for w in ('upload', 'detect', 'embed', 'distances', 'busy')) > 0, seconds
busy = seconds.pop('busy')
assert 0 < busy <= sum(seconds.values()) * (1 + 1e-6) + 1e-5, (busy, seconds)
# Lines of ranges: what stands within a batch of photographs, and no deeper than it should.
lines = open('ranges').read().split('\n')[:-1]
names = {line.strip() for line in lines}
assert any(' photographs from ' in n for n in names) and any(' tiles from (' in n for n in names), names
assert {' upload', ' detect', '  P-Net', ' embed'} <= set(lines), names
for within in ('  R-Net, ', '  O-Net, ', '  1 faces'):
    assert any(line.startswith(within) for line in lines), (within, names)
PY
expect 0 facesdist-report told.h5 -o told.html
for word in 'GPU clock (SM), MHz' 'GPU memory in use, MB' 'that a kernel ran' 'the first time by: power, heat' '999.12.34' 'bounded by' 'on the GPU</th>' '<td>busy</td>'; do
    grep -qF "$word" told.html || die "the page lacks: $word"
done
"$python" "$source_dir/tests/tools/page_check.py" told.html told.h5 || die "the page of a GPU"

# Where it does not start a line says so, and the same bytes come out.
expect 0 env LD_LIBRARY_PATH="$bin/nvml:${LD_LIBRARY_PATH:-}" FACESDIST_NVML_FAIL=init facesdist --device cuda "${one[@]}" -o untold.h5
[ "$(grep -c 'load, memory and clocks of the GPU are not recorded: nvmlInit_v2 gives error 999' err)" = 1 ] || die "no line, or more than one"
same told.h5 untold.h5
"$python" -c "
import h5py
usage = h5py.File('untold.h5')['run/usage']
assert 'resident_bytes' in usage and not [k for k in usage if k.startswith('gpu')]" || die "columns of a GPU that told nothing"

# A processor has neither columns nor device times, and its run was bounded by something, too.
expect 0 facesdist --device cpu "${one[@]}" -o cpu.h5
says out '^bounded by (start|decode|detect|embed|disk|distances|writing|exchange)'
"$python" -c "
import h5py
run = h5py.File('cpu.h5')['run']
assert 'gpu' not in run and not [k for k in run['usage'] if k.startswith('gpu')] and run.attrs['bounded by']" || die "a processor's run"
