"""Every program that reads results, on results with damaged bytes: none may die of a signal, hang, or fail without naming the file.

    damage.py BIN_DIR GOOD.h5 FIRST COUNT      seeds FIRST .. FIRST + COUNT - 1, in the current folder

Each seed damages one file: bytes of a global heap (variable-length texts: HDF5 trusts these least), of another structure that has a signature, or of
anything. A line for each program at the end: how often it succeeded, failed by itself, and said that its reader died or got lost.
"""
import collections
import os
import random
import re
import shutil
import signal
import subprocess
import sys

LIMIT = 400   # seconds: far more than a reader that is lost may take
STRUCTURES = re.compile(rb'TREE|SNOD|HEAP|OHDR|FRHP|FHDB|BTHD|BTLF|\x01\x00[\x01-\x20]\x00\x01\x00\x00\x00')   # the last: headers of objects, version 1


def heaps(data):
    """[first, behind the last) of the used part of each global heap; its objects' own heads are what leads astray."""
    out = []
    for m in re.finditer(rb'GCOL\x01', data):
        size = int.from_bytes(data[m.start() + 8:m.start() + 16], 'little')
        out.append((m.start(), min(m.start() + size, len(data))))
    return out


def object_heads(data, first, last):
    """Offsets of the heads (index, references, size) of a heap's objects."""
    at, out = first + 16, []
    while at + 16 <= last:
        out.append(at)
        index = int.from_bytes(data[at:at + 2], 'little')
        size = int.from_bytes(data[at + 8:at + 16], 'little')
        if index == 0 or size == 0:
            break
        at += 16 + (size + 7) // 8 * 8
    return out


def place(rng, data):
    kind = rng.random()
    gcol = heaps(data)
    if kind < 0.6 and gcol:
        first, last = rng.choice(gcol)
        if rng.random() < 0.3:
            return first + rng.randrange(16)
        return rng.choice(object_heads(data, first, last)) + rng.randrange(16)
    if kind < 0.9:
        return min(rng.choice([m.start() for m in STRUCTURES.finditer(data)]) + rng.randrange(96), len(data) - 1)
    return rng.randrange(len(data))


def damage(good, seed):
    """The bytes of a damaged copy, and what was done."""
    rng = random.Random(seed)
    data, done = bytearray(good), []
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = place(rng, good)
        for i in range(rng.choice([1, 1, 2, 4, 8])):
            if at + i < len(data):
                data[at + i] = rng.choice([0, 1, 0x7f, 0x80, 0xff, rng.randrange(256), data[at + i] ^ 1 << rng.randrange(8)])
                done.append('%d=%02x' % (at + i, data[at + i]))
    return bytes(data), ' '.join(done)


def programs(everything):
    yield 'compare', ['facesdist-compare', 'bad.h5', 'good.h5']
    yield 'compare --tolerance', ['facesdist-compare', '--tolerance', 'good.h5', 'bad.h5']
    yield 'report', ['facesdist-report', 'bad.h5', '-o', 'page.html']
    yield 'export images', ['facesdist-export', 'bad.h5', '--table', 'images', '-o', 'images.csv']
    yield 'export radius', ['facesdist-export', 'bad.h5', '--table', 'radius', '-o', 'radius.jsonl']
    yield 'eval', ['facesdist-eval', 'bad.h5', 'pairs.txt']
    if everything:
        yield 'rerun', ['facesdist-rerun', 'bad.h5', '--photos', 'nowhere']
        yield 'distances of it', ['facesdist-distances', 'bad.h5', '--topk', '2', '--threads', '1', '--force', '-o', 'pairs.h5']
        yield 'distances over it', ['facesdist-distances', 'rows.npy', '--topk', '2', '--threads', '1', '-o', 'bad.h5']
        yield 'job', ['facesdist', 'photos', '--threads', '1', '--topk', '3', '--radius', '1.1', '-o', 'bad.h5']
        yield 'job --update', ['facesdist', 'photos', '--threads', '1', '--topk', '3', '--radius', '1.1', '--update', '-o', 'bad.h5']


def is_named(text):
    return 'bad.h5' in text or 'not reproduced' in text or 'different' in text


def run(command):
    """(exit code, what it said); None: it hung."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        text = process.communicate(timeout=LIMIT)[0].decode(errors='replace')
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        text = process.communicate()[0].decode(errors='replace')
        return None, text
    return process.returncode, text


def judge(code, text):
    """None, or what is wrong."""
    if code is None:
        return 'hung'
    if code < 0 or code >= 128:
        return 'died of a signal (%d)' % code
    if code > 3:
        return 'exit code %d' % code
    if code > 0 and not is_named(text):
        return 'failed without naming the file'
    if 'ERROR: AddressSanitizer' in text and re.search(r'#[0-2] .*/src/(?!.*libhdf5)', text):
        return 'our own memory error'
    return None


def kind_of(code, text):
    return 'fine' if code == 0 else 'reader died' if 'its reader died' in text else 'reader lost' if 'its reader computed' in text else 'refused'


def main():
    bin_dir, good_path, first, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.environ['PATH'] = bin_dir + ':' + os.environ['PATH']
    good = open(good_path, 'rb').read()
    seen, wrong = collections.defaultdict(collections.Counter), 0
    for seed in range(first, first + count):
        data, done = damage(good, seed)
        for name, command in programs(everything=seed % 4 == 0):
            for left in 'bad.h5', 'pairs.h5':
                if os.path.exists(left):
                    os.remove(left)
            shutil.rmtree('bad.h5.journal', ignore_errors=True)
            with open('bad.h5', 'wb') as f:
                f.write(data)
            code, text = run(command)
            complaint = judge(code, text)
            seen[name][kind_of(code, text)] += 1
            if complaint:
                wrong += 1
                print('seed %d (%s): %s: %s\n%s' % (seed, done, name, complaint, text[-2000:]), flush=True)
            leftover = [f for f in os.listdir('.') if f.startswith('.facesdist-') or f.endswith('.tmp') or f.startswith('core')]
            if leftover:
                wrong += 1
                print('seed %d: %s: left %s' % (seed, name, leftover), flush=True)
    for name, kinds in seen.items():
        print('%-20s %s' % (name, ', '.join('%s %d' % k for k in sorted(kinds.items()))))
    sys.exit(1 if wrong else 0)


main()
