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


def seconds(command, **environment):
    """The fastest of three runs of a process."""
    least = 1e9
    for _ in range(3):
        start = time.time()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **environment})
        least = min(least, time.time() - start)
    return least


def net(make, files, **environment):
    """Seconds of the job on the large file less those on the small one."""
    large, small = files
    return seconds(make(large), **environment) - seconds(make(small), **environment)


def python(code):
    return lambda path: [*PIN, sys.executable, '-c', code, path]


def ours(out, *options):
    return lambda path: [*PIN, f'{BIN}/facesdist-distances', path, '-o', out, '--threads', '1', '--force', '-q', *options]


def rows(folder, n, dim):
    """Unit rows: n of them, and the first 64."""
    x = np.random.default_rng(dim).standard_normal((n, dim)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    paths = [f'{folder}/{k}x{dim}.npy' for k in (n, 64)]
    for path in paths:
        np.save(path, x[:int(path.split('/')[-1].split('x')[0])])
    return paths


def top10(folder, n):
    out = f'{folder}/top.h5'
    for dim in (128, 512):
        files = rows(folder, n, dim)
        peer = net(python(FAISS), files)
        corrected = net(python(FAISS), files, OPENBLAS_CORETYPE='SKYLAKEX')
        for precision, goal in (('f32', {128: 3.5, 512: 3.0}[dim]), ('auto', 10.0)):
            mine = net(ours(out, '--matrix', 'none', '--topk', '10', '--precision', precision), files)
            print(f'top-10 of {n} x {dim}, {precision}: FAISS {peer:.2f} s, facesdist {mine:.3f} s, ratio {peer / mine:.1f} (goal {goal}); '
                  f'FAISS with its BLAS corrected {corrected:.2f} s, ratio {corrected / mine:.1f}', flush=True)
        two = ['mpirun', '-np', '2', f'{BIN}/facesdist-distances', files[0], '-o', out, '--threads', '1', '--force', '-q', '--matrix', 'none', '--topk', '10', '--precision', 'f32']
        one = ['mpirun', '-np', '1', *two[3:]]
        print(f'  -np 2 against -np 1, whole runs: {seconds(one) / seconds(two):.2f}', flush=True)


def full(folder, n):
    files = rows(folder, n, 128)
    memory = '/dev/shm/facesdist-bench.h5'
    mine = net(ours(memory, '--matrix', 'full'), files)
    for name, code, goal in (('scipy pdist', PDIST, 20), ('torch.cdist', CDIST, 2)):
        peer = net(python(code), files)
        print(f'full matrix of {n} x 128 in memory: {name} {peer:.2f} s, facesdist {mine:.2f} s, ratio {peer / mine:.1f} (goal {goal})', flush=True)
    os.unlink(memory)


def disk(folder, n):
    files = rows(folder, n, 128)
    out = f'{folder}/full.h5'
    mine = net(ours(out, '--matrix', 'full'), files)
    size = n * n * 4
    start = time.time()
    subprocess.run(['dd', 'if=/dev/zero', f'of={folder}/dd', 'bs=1M', f'count={size >> 20}', 'conv=fdatasync'], check=True, stderr=subprocess.DEVNULL)
    dd = time.time() - start
    print(f'matrix to disk, {size / 1e9:.1f} GB: dd with fdatasync {size / dd / 1e6:.0f} MB/s, facesdist {size / mine / 1e6:.0f} MB/s, share {dd / mine:.2f} (goal 0.8)', flush=True)


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
