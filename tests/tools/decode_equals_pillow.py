#!/usr/bin/env python3
"""decode_equals_pillow.py DECODE_DUMP FOLDER [PHOTO...]: makes photographs of every kind in FOLDER and compares each pixel that decode_dump
gives with Pillow's, for these and for the PHOTOs named. Prints one line per file; exit 1 when any differs."""
import os
import subprocess
import sys
import zlib
import struct

import numpy as np
from PIL import Image, ImageFile, ImageOps

Image.MAX_IMAGE_PIXELS = None


def scene(width, height, seed=1):
    """Smooth colours, edges and noise, so that every stage of a decoder matters."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    rgb = np.stack([127 + 100 * np.sin(x / 9) * np.cos(y / 13), 255 * x / max(width - 1, 1), 255 * y / max(height - 1, 1)], -1)
    rgb += rng.normal(0, 20, rgb.shape)
    rgb[height // 4:height // 2, width // 3:width // 2] = [255, 0, 30]
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))


def exif(orientation, big):
    head = b"MM\0*\0\0\0\x08" if big else b"II*\0\x08\0\0\0"
    order = ">" if big else "<"
    return b"Exif\0\0" + head + struct.pack(order + "HHHIHHI", 1, 0x112, 3, 1, orientation, 0, 0)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(path, width, height, depth, colour, rows, before=b""):
    """A PNG of raw rows (filter 0 each), for the depths that Pillow does not write."""
    body = b"".join(b"\0" + row for row in rows)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before)
        f.write(chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b""))


def adam7(path, picture):
    """An interlaced PNG of an RGB picture."""
    a = np.asarray(picture)
    body = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        part = a[y0::dy, x0::dx]
        if part.size:
            body += b"".join(b"\0" + row.tobytes() for row in part)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", picture.width, picture.height, 8, 2, 0, 0, 1)))
        f.write(chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b""))


def make_jpegs(folder):
    picture = scene(203, 151)
    kinds = {"baseline": {}, "progressive": {"progressive": True}, "optimised": {"optimize": True}, "q30": {"quality": 30},
             "q100": {"quality": 100}, "s444": {"subsampling": 0}, "s422": {"subsampling": 1}, "s420": {"subsampling": 2}}
    for name, options in kinds.items():
        picture.save(f"{folder}/{name}.jpg", **options)
    picture.convert("L").save(f"{folder}/gray.jpg")
    picture.convert("L").save(f"{folder}/gray-progressive.jpg", progressive=True)
    picture.convert("CMYK").save(f"{folder}/cmyk.jpg", quality=95)
    Image.merge("CMYK", [scene(90, 70, s).convert("L") for s in range(4)]).save(f"{folder}/cmyk-ink.jpg", progressive=True)
    for orientation in range(1, 9):
        picture.save(f"{folder}/turned-{orientation}.jpg", exif=exif(orientation, orientation % 2 == 0))
        scene(37, 70).save(f"{folder}/turned-{orientation}.png", exif=exif(orientation, orientation % 2 == 1))
    for width, height in ((1, 1), (13, 13), (1, 2000), (2000, 1), (8, 8), (17, 33), (64, 1)):
        scene(width, height).save(f"{folder}/size-{width}x{height}.jpg")
        scene(width, height).save(f"{folder}/size-{width}x{height}.png")


def make_pngs(folder):
    picture = scene(101, 67)
    picture.save(f"{folder}/rgb.png")
    picture.save(f"{folder}/rgb-transparent-colour.png", transparency=(255, 0, 30))
    picture.save(f"{folder}/profile.png", icc_profile=b"not a profile", dpi=(72, 72))
    picture.convert("L").save(f"{folder}/gray8.png")
    picture.convert("L").save(f"{folder}/gray8-transparent.png", transparency=7)
    picture.convert("1").save(f"{folder}/gray1.png")
    picture.quantize(200).save(f"{folder}/palette8.png")
    picture.quantize(200).save(f"{folder}/palette-transparent.png", transparency=3)
    picture.quantize(16).save(f"{folder}/palette4.png", bits=4)
    picture.quantize(4).save(f"{folder}/palette2.png", bits=2)
    picture.quantize(2).save(f"{folder}/palette1.png", bits=1)
    alpha = Image.fromarray((np.arange(101 * 67) % 256).astype(np.uint8).reshape(67, 101))
    rgba = picture.copy()
    rgba.putalpha(alpha)
    rgba.save(f"{folder}/rgba.png")
    Image.merge("LA", (picture.convert("L"), alpha)).save(f"{folder}/gray-alpha.png")
    rng = np.random.default_rng(5)
    png(f"{folder}/gray2.png", 102, 40, 2, 0, [rng.bytes(26) for _ in range(40)])
    png(f"{folder}/gray4.png", 101, 40, 4, 0, [rng.bytes(51) for _ in range(40)])
    png(f"{folder}/rgb16.png", 31, 40, 16, 2, [rng.bytes(31 * 6) for _ in range(40)])
    png(f"{folder}/rgba16.png", 31, 40, 16, 6, [rng.bytes(31 * 8) for _ in range(40)])
    png(f"{folder}/gray-alpha16.png", 31, 40, 16, 4, [rng.bytes(31 * 4) for _ in range(40)])
    png(f"{folder}/gray16.png", 31, 40, 16, 0, [rng.bytes(31 * 2) for _ in range(40)])
    png(f"{folder}/short-palette.png", 16, 2, 4, 3, [bytes(range(0, 128, 16))] * 2, chunk(b"PLTE", bytes(range(24))))
    adam7(f"{folder}/interlaced.png", picture)
    adam7(f"{folder}/interlaced-3x2.png", scene(3, 2))


def high_byte(path):
    """16-bit gray, where Pillow saturates and facesdist takes the high byte."""
    values = np.asarray(Image.open(path)).astype(np.int64)
    return np.repeat((values >> 8).astype(np.uint8)[:, :, None], 3, 2)


def expected(path):
    image = Image.open(path)
    if image.mode.startswith("I"):
        return high_byte(path)
    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def decoded(program, path, *options):
    """(status, pixels or None, the rest of the line)"""
    out = subprocess.run([program, *options, path], stdout=subprocess.PIPE, check=True).stdout
    line, pixels = out.split(b"\n", 1)
    status, flags, width, height, detail = line.decode().split(" ", 4)
    if status != "ok":
        return status, None, detail
    return status, np.frombuffer(pixels, np.uint8).reshape(int(height), int(width), 3), f"flags {flags} {detail}"


def compare(program, path, *options):
    status, got, rest = decoded(program, path, *options)
    try:
        want = expected(path)
    except Exception as error:
        good = status != "ok"
        print(f"{'same' if good else 'DIFFERENT'}  {os.path.basename(path)}: Pillow refuses ({error}), decoded as {status} ({rest})")
        return good
    good = got is not None and got.shape == want.shape and bool((got == want).all())
    worst = "" if good or got is None or got.shape != want.shape else f"differ by up to {np.abs(got.astype(int) - want).max()}"
    print(f"{'same' if good else 'DIFFERENT'}  {os.path.basename(path)}: {want.shape[1]}x{want.shape[0]} {status} {rest} {worst}")
    return good


def main():
    program, folder, photos = sys.argv[1], sys.argv[2], sys.argv[3:]   # the folder may hold pictures already
    make_jpegs(folder)
    make_pngs(folder)
    made = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    results = [compare(program, path) for path in made + photos]
    # A file cut short: refused as Pillow does, and kept as Pillow keeps it when told to.
    cut = []
    for name in ("baseline.jpg", "progressive.jpg", "gray.jpg", "rgb.png", "turned-6.png", "turned-6.jpg"):
        data = open(f"{folder}/{name}", "rb").read()
        for keep in (len(data) - 2 if name.endswith("jpg") else len(data) - 30, len(data) // 2):
            path = f"{folder}/cut-{keep}-{name}"
            open(path, "wb").write(data[:keep])
            cut.append(path)
    results += [compare(program, path) for path in cut]
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    results += [compare(program, path, "--accept-truncated") for path in cut]
    print(f"{sum(results)} of {len(results)} the same")
    return 0 if all(results) and len(results) >= 20 else 1


if __name__ == "__main__":
    sys.exit(main())
