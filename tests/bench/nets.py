"""Called by nets.sh: facesdist and its peers by turns, the least of all turns of each; processor time, so that other programs on the machine count little."""
import platform
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime
import openvino

BIN, TURNS, RUNS = sys.argv[1], 4, 20


def each(run):
    """Milliseconds of this process for one run."""
    run()
    mark = time.process_time()
    for _ in range(RUNS):
        run()
    return 1e3 * (time.process_time() - mark) / RUNS


def each_of_ours(path):
    """The same for facesdist-net: what more runs take more."""
    spent = []
    for runs in (1, 1 + RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([f'{BIN}/facesdist-net', 'time', path, '--size', '224x224', '--device', 'cpu', '--runs', str(runs)], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return 1e3 * (spent[1] - spent[0]) / RUNS


def ort_session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])


def network(name, folder):
    """Batch 1 at 224. Outputs must agree before times mean anything."""
    path = f'{folder}/{name}.onnx'
    subprocess.run([f'{BIN}/facesdist-net', 'make', name, '-o', path], check=True)
    x = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype('f4')
    np.save(f'{folder}/x.npy', x)
    ort = ort_session(path)
    feed = {ort.get_inputs()[0].name: x}
    model = openvino.Core().read_model(path)
    model.reshape(x.shape)
    request = openvino.Core().compile_model(model, 'CPU', {'INFERENCE_NUM_THREADS': 1, 'INFERENCE_PRECISION_HINT': 'f32'}).create_infer_request()
    subprocess.run([f'{BIN}/facesdist-net', 'run', path, '--input', f'{folder}/x.npy', '-o', f'{folder}/y.npy', '--device', 'cpu'], check=True, stdout=subprocess.DEVNULL)
    mine, theirs = np.load(f'{folder}/y.npy'), ort.run(None, feed)[0]
    off = np.abs(mine - theirs).max() / np.abs(theirs).max()
    best = {'facesdist': 1e9, 'ONNX Runtime': 1e9, 'OpenVINO': 1e9}
    for _ in range(TURNS):
        best['facesdist'] = min(best['facesdist'], each_of_ours(path))
        best['ONNX Runtime'] = min(best['ONNX Runtime'], each(lambda: ort.run(None, feed)))
        best['OpenVINO'] = min(best['OpenVINO'], each(lambda: request.infer([x])))
    for peer, goal in (('ONNX Runtime', 1.0), ('OpenVINO', 0.9)):
        print(f'{name} 224, batch 1: {peer} {best[peer]:.2f} ms, facesdist {best["facesdist"]:.2f} ms, ratio {best[peer] / best["facesdist"]:.2f} (goal {goal})')
    print(f'{name} against ONNX Runtime: max|a-b| / max|b| = {off:.1e} (goal below 1e-4)', flush=True)


def product(n):
    """NumPy's product, into memory that is there, against the engine's."""
    a, b = (np.random.default_rng(k).standard_normal((n, n), 'f4') for k in range(2))
    c = np.empty((n, n), 'f4')
    ours = once = numpys = 1e9
    for _ in range(TURNS):
        for _ in range(2):
            mark = time.thread_time()
            np.matmul(a, b, out=c)
            numpys = min(numpys, time.thread_time() - mark)
        lines = dict(l.split()[:2] for l in subprocess.run([f'{BIN}/bench_matmul', str(n), '2'], check=True, capture_output=True, text=True).stdout.splitlines())
        ours, once = min(ours, float(lines['matmul_engine'])), min(once, float(lines['matmul_engine_prepared_once']))
    print(f'matmul {n} f32: NumPy {numpys:.3f} s, facesdist {ours:.3f} s, ratio {numpys / ours:.2f} (goal 0.95); second factor prepared once {once:.3f} s, {numpys / once:.2f}',
          flush=True)


cpu = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')), platform.processor())
print(f'{cpu}, one core; NumPy {np.__version__}, ONNX Runtime {onnxruntime.__version__}, OpenVINO {openvino.__version__}', flush=True)
with tempfile.TemporaryDirectory() as scratch:
    for net in ('resnet18', 'mobilenetv2'):
        network(net, scratch)
for size in (1024, 4096):
    product(size)
