#!/usr/bin/env python3
"""peer.py BIN SHARED: times facesdist and its peers on the same images, one core; see peer.sh."""
import os
import platform
import re
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np
import onnxruntime
import openvino
import torch
from facenet_pytorch import MTCNN, InceptionResnetV1
from PIL import Image

BIN, SHARED = sys.argv[1:3]
PACK = f'{SHARED}/models/mtcnn-mobilefacenet'
torch.set_num_threads(1)
torch.manual_seed(0)


def images_of(folder):
    return [os.path.join(folder, n) for n in sorted(os.listdir(folder))]


def ours(folder, *options):
    """Seconds of the main job from the first image to the last, by stage, and of the whole process."""
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, 'x.h5')
        start = time.time()
        subprocess.run([f'{BIN}/facesdist', folder, '-o', out, '--model', PACK, '--threads', '1', '-q', *options], check=True, stdout=subprocess.DEVNULL)
        whole = time.time() - start
        with h5py.File(out) as f:
            names = [n.decode() if isinstance(n, bytes) else n for n in f['run/stages/stage'][:]]
            stages = dict(zip(names, f['run/stages/seconds'][:]))
    return stages, whole


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])


def usual_script(paths, embed):
    """Seconds per part of the usual script: open, detect and cut, embed, an image at a time."""
    mtcnn = MTCNN(image_size=160, margin=0, select_largest=True)
    spent = dict(decode=0.0, detect=0.0, embed=0.0)
    for path in paths:
        t = time.time()
        image = Image.open(path).convert('RGB')
        spent['decode'] += time.time() - t
        t = time.time()
        face = mtcnn(image)
        spent['detect'] += time.time() - t
        t = time.time()
        if face is not None:
            embed(face)
        spent['embed'] += time.time() - t
    return spent


def best(run, seconds):
    """Milliseconds of the fastest of many runs."""
    run()
    least, until = 1e9, time.time() + seconds
    while time.time() < until:
        t = time.perf_counter()
        run()
        least = min(least, time.perf_counter() - t)
    return 1e3 * least


def pipeline():
    resnet = InceptionResnetV1(pretrained=None).eval()
    mobile = session(f'{PACK}/embedder.onnx')
    mobile_input = mobile.get_inputs()[0].name

    def by_resnet(face):
        with torch.no_grad():
            resnet(face.unsqueeze(0))

    def by_mobile(face):
        small = torch.nn.functional.interpolate(face.unsqueeze(0), size=112, mode='bilinear')
        mobile.run(None, {mobile_input: small.numpy()})

    for name, goal, detector_goal in (('humans', 6.0, 6.0), ('lfw', 5.0, 3.0)):
        paths = images_of(f'{SHARED}/data/{name}')
        if name == 'lfw':
            paths = paths[::4]   # the peer takes 0.1 s an image; ours runs on all, per image
        n, all_images = len(paths), len(images_of(f'{SHARED}/data/{name}'))
        theirs = usual_script(paths, by_resnet)
        same = usual_script(paths, by_mobile)
        stages, whole = ours(f'{SHARED}/data/{name}', '--matrix', 'none', '--faces', 'all')
        per = 1e3 / all_images
        theirs_ms = 1e3 * sum(theirs.values()) / n
        ours_ms = stages['images'] * per
        print(f'{name}: {n} images (peer), {all_images} (facesdist)')
        print('  facenet-pytorch ms/image   %.1f  (decode %.1f, detector %.1f, embedder %.1f)' % (theirs_ms, *(1e3 * theirs[k] / n for k in ('decode', 'detect', 'embed'))))
        print('  facesdist ms/image         %.1f  (read %.1f, decode %.1f, detector %.1f, embedder %.1f, journal %.1f); whole process %.1f'
              % (ours_ms, *(stages[k] * per for k in ('read', 'decode', 'detect', 'embed', 'journal')), whole * per))
        print(f'  ratio, whole pipeline      {theirs_ms / ours_ms:.2f}  (goal {goal})')
        print(f'  ratio, same embedder       {1e3 * sum(same.values()) / n / ours_ms:.2f}')
        print(f"  ratio, detector alone      {1e3 * theirs['detect'] / n / (stages['detect'] * per):.2f}  (goal {detector_goal})", flush=True)


def pnet_figures():
    """ns per pixel of the fused P-Net by size, with the widest vectors of this core."""
    figures = {}
    for line in subprocess.run([f'{BIN}/bench_pnet'], capture_output=True, text=True, check=True).stdout.splitlines():
        match = re.match(r'(\S+) +(\d+) x (\d+) +([\d.]+) ns', line)
        if match:   # the widest come last
            figures['isa'] = match[1]
            figures[int(match[2]), int(match[3])] = float(match[4])
    return figures


def networks():
    pnet = pnet_figures()
    core = openvino.Core()
    settings = {'INFERENCE_NUM_THREADS': 1, 'INFERENCE_PRECISION_HINT': 'f32'}
    for h, w in ((360, 480), (138, 138)):
        model = core.read_model(f'{PACK}/pnet.onnx')
        model.reshape((1, 3, h, w))
        request = core.compile_model(model, 'CPU', settings).create_infer_request()
        x = np.random.default_rng(0).standard_normal((1, 3, h, w)).astype(np.float32)
        theirs = best(lambda: request.infer([x]), 3) * 1e6 / (h * w)
        mine = pnet[h, w]
        print(f'P-Net {h}x{w}, {pnet["isa"]}: OpenVINO {theirs:.1f} ns/pixel, facesdist {mine:.1f}, ratio {theirs / mine:.2f}  (goal 2.0 with AVX-512, 1.25 with AVX2)')
    for net, batch, side in (('rnet', 64, 24), ('onet', 32, 48), ('embedder', 1, 112), ('embedder', 8, 112)):
        x = np.random.default_rng(0).standard_normal((batch, 3, side, side)).astype(np.float32)
        model = core.read_model(f'{PACK}/{net}.onnx')
        model.reshape(x.shape)
        request = core.compile_model(model, 'CPU', settings).create_infer_request()
        ort = session(f'{PACK}/{net}.onnx')
        name = ort.get_inputs()[0].name
        a, b = best(lambda: request.infer([x]), 3) / batch, best(lambda: ort.run(None, {name: x}), 3) / batch
        line = subprocess.run([f'{BIN}/facesdist-net', 'time', f'{PACK}/{net}.onnx', '--batch', str(batch), '--threads', '1'], capture_output=True, text=True, check=True)
        mine = float(line.stdout.split()[1])
        print(f'{net} batch {batch}: OpenVINO {a:.3f} ms, ONNX Runtime {b:.3f} ms, facesdist {mine:.3f} ms; ratios {a / mine:.2f} {b / mine:.2f}', flush=True)


cpu = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')), platform.processor())
print(f'{cpu}, one core; torch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}, OpenVINO {openvino.__version__}', flush=True)
networks()
pipeline()
