#!/usr/bin/env python3
"""distances.py BIN CORE: facesdist-distances against FAISS, scipy and torch; see distances.sh. Whole processes, less those of a run with 64 rows."""
import os
import platform
import subprocess
import sys
import tempfile
import time

import numpy as np

BIN, CORE = sys.argv[1:3]
PIN = ['taskset', '-c', CORE]
ROUNDS = int(os.environ.get('ROUNDS', '5'))

FAISS = """
import sys, numpy, faiss
faiss.omp_set_num_threads(1)
x = numpy.load(sys.argv[1])
index = faiss.IndexFlatL2(x.shape[1])
index.add(x)
index.search(x, 10)
"""
PDIST = "import sys, numpy; from scipy.spatial.distance import pdist; pdist(numpy.load(sys.argv[1]))"
CDIST = "import sys, numpy, torch; torch.set_num_threads(1); x = torch.from_numpy(numpy.load(sys.argv[1])); torch.cdist(x, x)"


# The rate of large products in float32, GFLOP/s of processor time: what no f32 path can pass.
SGEMM = """
import time, torch
torch.set_num_threads(1)
x, least = torch.rand(2048, 2048), 1e9
for _ in range(8):
    start = time.process_time()
    torch.mm(x, x)
    least = min(least, time.process_time() - start)
print(2e-9 * 2048 ** 3 / least)
"""


class Times:
    """The least of several runs: seconds by the clock, and of the processor. The machine may be shared: the second is what others disturb least."""

    def __init__(self, wall=1e9, cpu=1e9):
        self.wall, self.cpu = wall, cpu

    def least(self, other):
        return Times(min(self.wall, other.wall), min(self.cpu, other.cpu))

    def __sub__(self, other):
        return Times(self.wall - other.wall, self.cpu - other.cpu)


def once(command, environment):
    start = time.time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **environment})
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f'{" ".join(command)}: failed')
    return Times(time.time() - start, used.ru_utime + used.ru_stime)


def race(jobs, rounds=ROUNDS):
    """jobs: name to (command of a file, its files, environment). Each on its large file less on its small one, taken in turns."""
    large, small = {}, {}
    for _ in range(rounds):
        for name, (make, files, environment) in jobs.items():
            for taken, path in ((large, files[0]), (small, files[1])):
                taken[name] = taken.get(name, Times()).least(once(make(path), environment))
    return {name: large[name] - small[name] for name in jobs}


def ratio(peer, mine, goal):
    return f'ratio {peer.wall / mine.wall:.1f}, of processor time {peer.cpu / mine.cpu:.1f} (goal {goal})'


def text(name, t):
    return f'{name} {t.wall:.3f} s ({t.cpu:.3f} s of processor)'


def python(code):
    return lambda path: [*PIN, sys.executable, '-c', code, path]


def ours(out, *options):
    return lambda path: [*PIN, f'{BIN}/facesdist-distances', path, '-o', out, '--threads', '1', '--force', '-q', *options]


def sgemm(cores):
    """GFLOP/s of each of so many processes at once, each on a core of its own."""
    first = [subprocess.Popen(['taskset', '-c', str(core), sys.executable, '-c', SGEMM], stdout=subprocess.PIPE, text=True) for core in cores]
    return [float(process.communicate()[0]) for process in first]


def rows(folder, n, dim):
    """Unit rows: n of them, and the first 64."""
    x = np.random.default_rng(dim).standard_normal((n, dim)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    paths = [f'{folder}/{k}x{dim}.npy' for k in (n, 64)]
    for path in paths:
        np.save(path, x[:int(path.split('/')[-1].split('x')[0])])
    return paths


def top10(folder, n):
    for dim in (128, 512):
        files = rows(folder, n, dim)
        nearest = ('--matrix', 'none', '--topk', '10')
        t = race({'FAISS': (python(FAISS), files, {}), 'FAISS, its BLAS corrected,': (python(FAISS), files, {'OPENBLAS_CORETYPE': 'SKYLAKEX'}),
                  'f32': (ours(f'{folder}/f32.h5', *nearest, '--precision', 'f32'), files, {}),
                  'auto': (ours(f'{folder}/auto.h5', *nearest, '--precision', 'auto'), files, {})})
        peer, corrected = t['FAISS'], t['FAISS, its BLAS corrected,']
        print(f'top-10 of {n} x {dim}: {text("FAISS", peer)}, with its BLAS corrected {corrected.wall:.3f} s ({corrected.cpu:.3f} s)')
        rate = max(max(sgemm([CORE])) for _ in range(3))
        limit = n * (n - 1) * dim / rate * 1e-9
        print(f'  the products of half of the pairs at sgemm\'s {rate:.0f} GFLOP/s: {limit:.3f} s, the limit of f32; FAISS {peer.cpu / limit:.1f} times that, '
              f'facesdist {t["f32"].cpu / limit:.2f} times', flush=True)
        for precision, goal in (('f32', {128: 3.5, 512: 3.0}[dim]), ('auto', 10.0)):
            print(f'  {text(f"facesdist, {precision},", t[precision])}: {ratio(peer, t[precision], goal)}; '
                  f'against FAISS with its BLAS corrected {corrected.wall / t[precision].wall:.1f}, {corrected.cpu / t[precision].cpu:.1f}', flush=True)
        two_ranks(files, nearest)
    two_ranks(rows(folder, 3 * n, 128), nearest)


def two_ranks(files, nearest):
    folder = os.path.dirname(files[0])
    two = race({p: (lambda path, p=p: ['mpirun', '-np', p, *ours(f'{folder}/{p}.h5', *nearest, '--precision', 'f32')(path)[len(PIN):]], files, {}) for p in '12'})
    alone, both = max(max(sgemm([CORE])) for _ in range(3)), [max(rates) for rates in zip(*(sgemm((int(CORE), int(CORE) ^ 1)) for _ in range(3)))]
    print(f'  {os.path.basename(files[0])[:-4]}, -np 2 against -np 1: {two["1"].wall:.2f} s, {two["2"].wall:.2f} s, ratio {two["1"].wall / two["2"].wall:.2f} (goal 1.9; both cores '
          f'must be free: sgemm on both at once does {sum(both) / alone:.2f} times what it does on one)', flush=True)


def full(folder, n):
    files = rows(folder, n, 128)
    memory = '/dev/shm/facesdist-bench.h5'
    t = race({'facesdist': (ours(memory, '--matrix', 'full'), files, {}), 'scipy pdist': (python(PDIST), files, {}), 'torch.cdist': (python(CDIST), files, {})}, 3)
    os.unlink(memory)
    zeros = ['dd', 'if=/dev/zero', f'of={memory}', 'bs=1M', f'count={n * n * 4 >> 20}', 'status=none']
    written = Times()
    for _ in range(3):
        written = written.least(once([*PIN, *zeros], {}))
        os.unlink(memory)
    print(f'{n * n * 4 / 1e9:.1f} GB into memory by dd: {written.wall:.3f} s ({written.cpu:.3f} s of processor), the limit of a matrix; pdist {t["scipy pdist"].cpu / written.cpu:.1f} '
          f'times that, facesdist {t["facesdist"].cpu / written.cpu:.1f} times', flush=True)
    for name, goal in (('scipy pdist', 20), ('torch.cdist', 2)):
        print(f'full matrix of {n} x 128 in memory: {text(name, t[name])}, {text("facesdist", t["facesdist"])}, {ratio(t[name], t["facesdist"], goal)}', flush=True)


def disk(folder, n):
    """In turns: what else writes to the disk meanwhile slows both."""
    files = rows(folder, n, 128)
    size = n * n * 4
    zeros = ['dd', 'if=/dev/zero', f'of={folder}/dd', 'bs=1M', f'count={size >> 20}', 'conv=fdatasync', 'status=none']
    mine, dd = Times(), Times()
    for _ in range(3):
        mine = mine.least(once(ours(f'{folder}/full.h5', '--matrix', 'full')(files[0]), {}))
        dd = dd.least(once(zeros, {}))
        for name in ('full.h5', 'dd'):
            os.unlink(f'{folder}/{name}')
    bound = 'compute-bound' if mine.cpu > 0.9 * mine.wall else f'{mine.cpu:.2f} of {mine.wall:.2f} s computing'
    print(f'matrix to disk, {size / 1e9:.1f} GB: dd with fdatasync {size / dd.wall / 1e6:.0f} MB/s, facesdist {size / mine.wall / 1e6:.0f} MB/s, '
          f'share {dd.wall / mine.wall:.2f} (goal 0.8, or compute-bound: {bound})', flush=True)


def large(folder):
    n = 1000000
    files = rows(folder, n, 32)
    start = time.time()
    subprocess.run(['mpirun', '-np', '2', f'{BIN}/facesdist-distances', files[0], '-o', f'{folder}/large.h5', '--threads', '1', '--force', '-q', '--matrix', 'none', '--topk', '10',
                    '--memory', '256M'], check=True)
    whole = time.time() - start
    print(f'n = {n}, dim 32, two ranks, --memory 256M: {whole:.0f} s, {n * (n - 1) / 2 / whole / 1e6:.0f} Mpairs/s', flush=True)


cpu = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')), platform.processor())
print(f'{cpu}, one core', flush=True)
with tempfile.TemporaryDirectory() as scratch:
    top10(scratch, 20000)
    full(scratch, 16000)
    disk(scratch, 16000)
    if os.environ.get('LARGE'):
        large(scratch)
