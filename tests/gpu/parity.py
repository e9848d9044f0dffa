#!/usr/bin/env python3
"""CPU against GPU, face by face: how many belong one to one, and each that does not with its distance to the threshold that decided it.

    python3 tests/gpu/parity.py BIN_DIR [--model PACK] [--every N] [--least PERCENT] [--keep FOLDER] [option=value ...] PHOTOS...
    python3 tests/gpu/parity.py BIN_DIR --shared FOLDER        # its pack, each fifth photograph of its lfw and each tenth of its humans; else the project's

PHOTOS: files and folders. --every N takes each Nth of a folder. option=value is handed to both runs of facesdist: min-face=40. The environment
says which GPU that is (FACESDIST_EMULATOR=1: the emulator). Exit code 1 below --least (99.8).

A face that one engine alone found: its photograph is done again by the other engine with one threshold at a time lowered a little, until the face is
there. The least step that brings it back is how far its score was from that threshold. Where none does, an overlap decided, not a score.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import h5py
import numpy

STEPS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
STAGES = ('P-Net', 'R-Net', 'O-Net')
SAME = 0.5   # intersection over union from which two boxes are one face


def run(args, device, photos, output, *more):
    command = [os.path.join(args.bin, 'facesdist'), *photos, '--device', device, '--faces', 'all', '--matrix', 'none', '--force', '-q', '-o', output, *args.options, *more]
    subprocess.run(command, check=True)


class Result:
    def __init__(self, path):
        with h5py.File(path) as f:
            self.paths = [p.decode() if isinstance(p, bytes) else p for p in f['images/path'][:]]
            self.image = f['faces/image'][:]
            self.box = f['faces/box'][:].astype('f8')
            self.score = f['faces/score'][:].astype('f8')
            self.embedding = f['faces/embedding'][:].astype('f8')

    def of(self, i):
        return numpy.nonzero(self.image == i)[0]


def overlaps(a, b):
    """Intersection over union of all boxes of a with all of b."""
    a, b = a[:, None], b[None]
    shared = numpy.clip(numpy.minimum(a[..., 2:], b[..., 2:]) - numpy.maximum(a[..., :2], b[..., :2]), 0, None).prod(-1)
    area = lambda x: (x[..., 2:] - x[..., :2]).prod(-1)
    return shared / (area(a) + area(b) - shared)


def pairs_of(a, b):
    """Faces that belong together, best overlap first: [(i, j)]."""
    if not len(a) or not len(b):
        return []
    iou, pairs = overlaps(a, b), []
    while iou.max() >= SAME:
        i, j = numpy.unravel_index(iou.argmax(), iou.shape)
        pairs.append((i, j, iou[i, j]))
        iou[i], iou[:, j] = -1, -1
    return pairs


def thresholds_of(args):
    path = os.path.join(args.model, 'pack.ini')
    for line in open(path):
        key, _, value = line.partition('=')
        if key.strip() == 'thresholds':
            return [float(v) for v in value.split()]
    sys.exit(path + ': no thresholds')


def deciding(args, device, photo, box, work):
    """Which threshold kept `device` from finding the box, and how far the score was from it."""
    limits = thresholds_of(args)
    for step in STEPS:
        for k, stage in enumerate(STAGES):
            lowered = [t - step * (i == k) for i, t in enumerate(limits)]
            run(args, device, [photo], work, '--thresholds', ','.join('%.9g' % t for t in lowered))
            found = Result(work).box
            if len(found) and overlaps(box[None], found).max() >= SAME:
                return '%s threshold %g, within %g of it' % (stage, limits[k], step)
    return 'no threshold within %g: an overlap decided' % STEPS[-1]


def photographs(args):
    for given, every in args.photos:
        if not os.path.isdir(given):
            yield given
            continue
        names = sorted(os.path.join(at, n) for at, _, names in os.walk(given) for n in names if n.lower().endswith(('.jpg', '.jpeg', '.png')))
        yield from names[::every]


def compare(args, gpu, cpu, work):
    both, alone, off, cosine, scores, least = 0, [], [], [], [], 1.0
    for i, path in enumerate(cpu.paths):
        g, c = gpu.of(i), cpu.of(i)
        pairs = pairs_of(gpu.box[g], cpu.box[c])
        both += len(pairs)
        for x, y, iou in pairs:
            x, y, least = g[x], c[y], min(least, iou)
            off.append(numpy.abs(gpu.box[x] - cpu.box[y]).max())
            scores.append(abs(gpu.score[x] - cpu.score[y]))
            e, f = gpu.embedding[x], cpu.embedding[y]
            cosine.append(e @ f / numpy.sqrt((e @ e) * (f @ f)))
        alone += [('cpu', path, gpu.box[x], gpu.score[x]) for x in sorted(set(g) - {g[p[0]] for p in pairs})]
        alone += [('cuda', path, cpu.box[y], cpu.score[y]) for y in sorted(set(c) - {c[p[1]] for p in pairs})]
    faces = both + len(alone)
    share = 100.0 * both / faces if faces else 100.0
    print('%d photographs, %d faces, %d one to one: %.3f %% (at least %g %%)' % (len(cpu.paths), faces, both, share, args.least))
    if both:
        print('of those: least overlap %.6f, boxes off by %.2g px at most, scores by %.2g, embeddings 1 - cosine %.2g at most'
              % (least, max(off), max(scores), 1 - min(cosine)))
    for device, path, box, score in alone:
        print('not found by %s: %s, box %s, score %.6f: %s' % (device, path, numpy.round(box, 2).tolist(), score, deciding(args, device, path, box, work)))
    return share >= args.least


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bin')
    parser.add_argument('--model')
    parser.add_argument('--shared')
    parser.add_argument('--every', type=int, default=1)
    parser.add_argument('--least', type=float, default=99.8)
    parser.add_argument('--keep')
    parser.add_argument('rest', nargs='*')
    args = parser.parse_intermixed_args()
    own = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../data')
    shared = args.shared and os.path.isdir(os.path.join(args.shared, 'models')) and args.shared
    args.model = args.model or (os.path.join(shared, 'models/mtcnn-mobilefacenet') if shared else os.path.join(own, 'pack'))
    args.photos = [(r, args.every) for r in args.rest if os.path.exists(r)]
    if not args.photos:
        args.photos = [(os.path.join(shared, 'data/lfw'), 5), (os.path.join(shared, 'data/humans'), 10)] if shared else [(os.path.join(own, 'photos'), 1)]
    args.options = ['--model', args.model] + ['--' + r for r in args.rest if not os.path.exists(r)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        photos = list(photographs(args))
        results = {}
        for device in ('cpu', 'cuda'):
            path = os.path.join(folder, device + '.h5')
            run(args, device, photos, path)
            results[device] = Result(path)
        if results['cpu'].paths != results['cuda'].paths:
            sys.exit('the two runs have different photographs')
        sys.exit(0 if compare(args, results['cuda'], results['cpu'], os.path.join(folder, 'again.h5')) else 1)


main()
