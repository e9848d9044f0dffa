"""Pictures filtered by NumPy in float64, by definition, against those of facesdist-convolve.

    convolve_oracle.py RESULT PICTURE WINDOW.npy [correlate] [border=...] [constant=V] [origin=R,C]

RESULT is .npy (float32: within the rounding of a float32 sum) or .png (equal to the rounded and clamped exact value, or its neighbour where that is
so near to a half that a float32 sum may fall on the other side).
"""
import sys

import numpy as np
import png_samples

PAD = {'reflect': 'symmetric', 'constant': 'constant', 'nearest': 'edge', 'mirror': 'reflect', 'wrap': 'wrap'}


def exact(picture, window, correlate, border, constant, origin):
    """The sum, and the sum of absolute values, of which the bound of the error is a part."""
    anchor = []
    for size, o in zip(window.shape, origin):
        anchor.append(size // 2 + (o if correlate else -o - (size % 2 == 0)))
    taps = window if correlate else window[::-1, ::-1]
    rows, columns = taps.shape
    width = ((anchor[0], rows - 1 - anchor[0]), (anchor[1], columns - 1 - anchor[1]), (0, 0))
    extra = {'constant_values': constant} if border == 'constant' else {}
    padded = np.pad(picture.astype(np.float64), width, PAD[border], **extra)
    height, across = picture.shape[:2]
    total, size = np.zeros(picture.shape), np.zeros(picture.shape)
    for i in range(rows):
        for j in range(columns):
            part = padded[i:i + height, j:j + across]
            total += taps[i, j] * part
            size += np.abs(taps[i, j] * part) + 1e-7 * np.abs(window).max() * np.abs(part)
    return total, size


def main(result, path, window, *options):
    o = dict(x.split('=') for x in options if '=' in x)
    window = np.load(window).astype(np.float64)
    origin = [int(x) for x in o.get('origin', '0,0').split(',')]
    picture = png_samples.read(path)
    total, size = exact(picture, window, 'correlate' in options, o.get('border', 'reflect'), float(o.get('constant', 0)), origin)
    bound = (2 * window.size + 4) * 2.0 ** -24 * size    # a rounding for each tap and each sum, twice where columns and rows are apart
    if result.endswith('.npy'):
        got = np.load(result)
        assert got.dtype == np.float32 and got.shape == picture.shape, (got.dtype, got.shape)
        wrong = np.abs(got - total) > bound
    else:
        got = png_samples.read(result)
        assert got.dtype == picture.dtype and got.shape == picture.shape
        most = np.iinfo(got.dtype).max
        low, high = (np.clip(np.rint(total + s * bound), 0, most) for s in (-1, 1))
        wrong = (got < low) | (got > high)
    if wrong.any():
        sys.exit(f'{wrong.sum()} of {wrong.size} samples of {result} are wrong')


if __name__ == '__main__':
    main(*sys.argv[1:])
