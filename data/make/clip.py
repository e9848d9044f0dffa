#!/usr/bin/env python3
"""Makes data/clip: 40 frames of 160x120, a disc that falls and bounces past a box that comes and goes, before a still, grainy wall; and data/clip.avi, the same
at 20 frames a second, with a thud where it bounces.

    python3 data/make/clip.py data/clip        # needs NumPy and Pillow
"""
import os
import struct
import sys

import numpy as np
from PIL import Image

WIDTH, HEIGHT, FRAMES = 160, 120, 40
FRAME_RATE, SOUND_RATE = 20, 8000


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


def thuds():
    """Unsigned bytes: a low tone that fades, each time the disc is at the floor."""
    t = np.arange(FRAMES * SOUND_RATE // FRAME_RATE) / SOUND_RATE
    since = (t * FRAME_RATE - 10) % 20 / FRAME_RATE
    return (128 + 90 * np.exp(-since * 18) * np.sin(2 * np.pi * 90 * since) * (t * FRAME_RATE >= 10)).astype(np.uint8).tobytes()


def chunk(name, *parts):
    body = b''.join(parts)
    return name + struct.pack('<I', len(body)) + body + bytes(len(body) % 2)


def avi(frames, sound):
    """Motion JPEG and PCM, a frame's sound behind each frame."""
    per = SOUND_RATE // FRAME_RATE
    movie, index, at = [], [], 4
    for i, frame in enumerate(frames):
        for name, part in ((b'00dc', frame), (b'01wb', sound[i * per:(i + 1) * per])):
            index.append(struct.pack('<4sIII', name, 16, at, len(part)))
            movie.append(chunk(name, part))
            at += len(movie[-1])
    size = max(map(len, frames))
    header = struct.pack('<14I', 1000000 // FRAME_RATE, 0, 0, 0x10, len(frames), 0, 2, size, WIDTH, HEIGHT, 0, 0, 0, 0)
    pictures = struct.pack('<4s4sIHHIIIIIIIIHHHH', b'vids', b'MJPG', 0, 0, 0, 0, 1, FRAME_RATE, 0, len(frames), size, 0, 0, 0, 0, WIDTH, HEIGHT)
    heard = struct.pack('<4sIIHHIIIIIIIIHHHH', b'auds', 1, 0, 0, 0, 0, 1, SOUND_RATE, 0, len(sound), per, 0, 1, 0, 0, 0, 0)
    streams = (chunk(b'LIST', b'strl', chunk(b'strh', pictures), chunk(b'strf', struct.pack('<IiiHH4sIiiII', 40, WIDTH, HEIGHT, 1, 24, b'MJPG', 3 * WIDTH * HEIGHT, 0, 0, 0, 0))),
               chunk(b'LIST', b'strl', chunk(b'strh', heard), chunk(b'strf', struct.pack('<HHIIHH', 1, 1, SOUND_RATE, SOUND_RATE, 1, 8))))
    return chunk(b'RIFF', b'AVI ', chunk(b'LIST', b'hdrl', chunk(b'avih', header), *streams), chunk(b'LIST', b'movi', *movie), chunk(b'idx1', *index))


def main(folder):
    os.makedirs(folder, exist_ok=True)
    names = [os.path.join(folder, f'{t}.jpg') for t in range(FRAMES)]
    for t, name in enumerate(names):
        Image.fromarray(frame(t)).save(name, quality=92)
    with open(folder.rstrip('/') + '.avi', 'wb') as f:
        f.write(avi([open(name, 'rb').read() for name in names], thuds()))


if __name__ == '__main__':
    main(*sys.argv[1:])
