"""Called by jobs.sh: bench_raster and the peers by turns, the least of all runs of each."""
import platform
import subprocess
import sys
import time

import cv2
import numpy as np

TURNS, SECONDS = 3, 0.5
BARS = {'invert': 0.8, 'invert_in_place': 0.8, 'motion_all': 2, 'motion_tenth': 2, 'convolve_3': 1, 'convolve_5': 1, 'convolve_15': 1}


def least(run):
    best, start = 1e9, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        mark = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - mark)
    return best


def motion():
    """The same definition by OpenCV's functions, in place."""
    frames = [np.random.randint(0, 256, (1080, 1920, 3), np.uint8) for _ in range(4)]
    state = {'gray': cv2.cvtColor(frames[0], cv2.COLOR_RGB2GRAY), 'turn': 0}
    window = np.ones((3, 3), np.uint8)

    def run():
        state['turn'] += 1
        frame = frames[state['turn'] % 4]
        gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        mask = cv2.threshold(cv2.absdiff(gray, state['gray']), 25, 255, cv2.THRESH_BINARY)[1]
        mask = cv2.erode(mask, window)
        np.maximum(frame[..., 0], mask, out=frame[..., 0])
        state['gray'] = gray
    return least(run)


def convolve(size):
    picture = np.random.rand(1080, 1920).astype(np.float32)
    out, window = np.empty_like(picture), np.random.rand(size, size).astype(np.float32)
    return least(lambda: cv2.filter2D(picture, -1, window, dst=out, borderType=cv2.BORDER_REFLECT))


def main(bin_folder):
    cv2.setNumThreads(1)
    own, peer = {}, {}
    keep = lambda table, name, seconds: table.update({name: min(table.get(name, 1e9), seconds)})
    for _ in range(TURNS):
        for line in subprocess.run([bin_folder + '/bench_raster'], check=True, capture_output=True, text=True).stdout.splitlines():
            name, seconds = line.split()
            keep(own, name, float(seconds))
        keep(peer, 'motion', motion())
        for size in (3, 5, 15):
            keep(peer, f'convolve_{size}', convolve(size))
    with open('/proc/cpuinfo') as f:
        cpu = next((l.split(':')[1].strip() for l in f if l.startswith('model name')), platform.machine())
    print(f'{cpu}; one core, one thread; OpenCV {cv2.__version__}\n')
    print(f'{"1080p, or 300 MB":22} {"facesdist":>10} {"peer":>10} {"ratio":>6} {"bar":>5}')
    for name, bar in BARS.items():
        base = own['copy'] if name.startswith('invert') else peer.get(name, peer['motion'])
        print(f'{name:22} {own[name] * 1e3:7.2f} ms {base * 1e3:7.2f} ms {base / own[name]:6.2f} {bar:5}   '
              f'{"memcpy" if name.startswith("invert") else "OpenCV"}')


if __name__ == '__main__':
    main(*sys.argv[1:])
