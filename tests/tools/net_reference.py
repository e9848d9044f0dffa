#!/usr/bin/env python3
"""net_reference.py FACESDIST_NET SHARED FOLDER: runs the networks of SHARED/models and FOLDER on every engine and compares all outputs with
those in SHARED/reference/nets/outputs.h5. Bound: the largest difference is 1e-4 of the largest output (about 1e-6 is usual)."""
import os
import subprocess
import sys

import h5py
import numpy as np

program, shared, folder = sys.argv[1:4]
bound, failed = 1e-4, False


def check(device, path, samples, name, wanted, *options):
    global failed
    np.save(f'{folder}/x.npy', samples)
    subprocess.run([program, 'run', path, '--input', f'{folder}/x.npy', '--output', name, '-o', f'{folder}/y.npy', '--device', device, '-q', *options], check=True,
                   stdout=subprocess.DEVNULL)
    got = np.load(f'{folder}/y.npy')
    error = np.abs(got - wanted).max() / np.abs(wanted).max() if got.shape == wanted.shape else np.inf
    failed |= not error < bound
    print(f'{device} {os.path.basename(path):26} {name:10} {error:.1e} {" ".join(options)}{"" if error < bound else "   FAILED"}', flush=True)


has_cpu = subprocess.run([program, 'info', f'{shared}/models/mtcnn-mobilefacenet/rnet.onnx', '--device', 'cpu'], capture_output=True).returncode == 0
outputs = h5py.File(f'{shared}/reference/nets/outputs.h5')
for device in ['cpu', 'ref'] if has_cpu else ['ref']:
    pack = outputs['mtcnn-mobilefacenet']
    for net in pack:
        path, samples = f'{shared}/models/mtcnn-mobilefacenet/{net}.onnx', pack[net]['input'][:]
        n = 1 if (device, net) == ('ref', 'embedder') else len(samples)   # the truth is slow
        for name in pack[net]:
            if name != 'input':
                check(device, path, samples[:n], name, pack[net][name][:n])
                if net == 'pnet':
                    check(device, path, samples[:n], name, pack[net][name][:n], '--no-fused')
    for net in outputs:
        if 'input' in outputs[net]:
            n = 1 if device == 'ref' else 2
            check(device, f'{folder}/{net}.onnx', outputs[net]['input'][:n], 'output', outputs[net]['output'][:n])
sys.exit(failed)
