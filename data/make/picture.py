#!/usr/bin/env python3
"""picture.py RESULT.h5 PHOTOS OUT.jpg: what a result holds, as one picture: some photographs with their faces, and the distances of all pairs.

Needs python3-h5py, python3-numpy, python3-pil."""
import os
import sys

import h5py
import numpy as np
from PIL import Image, ImageDraw, ImageOps

TILE, COLUMNS, ROWS, SIDE = 150, 4, 4, 600


def photograph(folder, path, boxes, landmarks, edge):
    """An upright photograph with boxes and landmarks, fitted into edge x edge."""
    im = ImageOps.exif_transpose(Image.open(os.path.join(os.fsencode(folder), path))).convert('RGB')
    k = edge / max(im.size)
    im = im.resize((round(im.width * k), round(im.height * k)), Image.LANCZOS)
    draw = ImageDraw.Draw(im)
    for box, points in zip(boxes * k, landmarks * k):
        draw.rectangle(tuple(box), outline=(40, 220, 90), width=2)
        for x, y in points:
            draw.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=(255, 210, 0))
    out = Image.new('RGB', (edge, edge), 'white')
    out.paste(im, ((edge - im.width) // 2, (edge - im.height) // 2))
    return out


def heat(distances, side):
    """Near is dark blue, far is light yellow; NaN is gray."""
    stops = np.array([(8, 29, 88), (34, 94, 168), (65, 182, 196), (199, 233, 180), (255, 255, 217)], float)
    t = np.clip(distances / 1.6, 0, 1) * (len(stops) - 1)
    known = np.isfinite(t)
    i = np.where(known, np.floor(np.where(known, t, 0)), 0).astype(int).clip(0, len(stops) - 2)
    f = (np.where(known, t, 0) - i)[..., None]
    rgb = stops[i] * (1 - f) + stops[i + 1] * f
    rgb[~known] = 128
    return Image.fromarray(rgb.astype(np.uint8)).resize((side, side), Image.NEAREST)


def main(result, photos, out):
    with h5py.File(result) as f:
        paths = [p if isinstance(p, bytes) else os.fsencode(p) for p in f['images/path'][:]]
        first, count = f['images/first_face'][:], f['images/faces'][:]
        box, landmarks, distances = f['faces/box'][:], f['faces/landmarks'][:], f['distances/full'][:]
    shown = [i for i in np.argsort(-count, kind='stable')[:3]] + [i for i in range(len(paths)) if count[i] == 1]
    page = Image.new('RGB', (COLUMNS * TILE + SIDE + 30, ROWS * TILE + 20), 'white')
    for k, i in enumerate(shown[:COLUMNS * ROWS]):
        rows = slice(first[i], first[i] + count[i])
        page.paste(photograph(photos, paths[i], box[rows], landmarks[rows], TILE - 6), (10 + k % COLUMNS * TILE, 10 + k // COLUMNS * TILE))
    page.paste(heat(distances, SIDE), (20 + COLUMNS * TILE, 10))
    page.save(out, quality=88, optimize=True)


main(*sys.argv[1:4])
