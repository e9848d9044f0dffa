#!/usr/bin/env python3
"""Makes data/clip: 40 frames of 160x120, a disc that falls and bounces past a box that comes and goes, before a still, grainy wall.

    python3 data/make/clip.py data/clip        # needs NumPy and Pillow
"""
import os
import sys

import numpy as np
from PIL import Image

WIDTH, HEIGHT, FRAMES = 160, 120, 40


def wall():
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    shade = 90 + 30 * (x / WIDTH) + 12 * ((x // 20 + y // 10) % 2)
    grain = np.random.RandomState(7).randint(-4, 5, (HEIGHT, WIDTH))
    return np.stack([shade + grain, shade * 0.9 + grain, shade * 0.75 + grain], axis=-1)


def frame(t):
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    picture = wall() + np.random.RandomState(100 + t).randint(-3, 4, (HEIGHT, WIDTH, 1))   # a camera's noise, below the threshold
    if 12 <= t < 28:
        picture[70:110, 20:50] = (215, 225, 240)
    fall = abs((t % 20) - 10) / 10
    disc = (x - (10 + 3.6 * t)) ** 2 + (y - (20 + 80 * (1 - fall ** 2))) ** 2 < 13 ** 2
    picture[disc] = (230, 200, 60)
    return np.clip(picture, 0, 255).astype(np.uint8)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for t in range(FRAMES):
        Image.fromarray(frame(t)).save(os.path.join(folder, f'{t}.jpg'), quality=92)


if __name__ == '__main__':
    main(*sys.argv[1:])
