"""Motion between frames, by definition, in NumPy: what facesdist-motion-video makes of a sequence."""
import numpy as np


def masks(frames, threshold):
    """[height][width] bool of each frame."""
    out, before = [], None
    for rgb in frames:
        rgb = rgb.astype(np.int64)
        gray = (4899 * rgb[..., 0] + 9617 * rgb[..., 1] + 1868 * rgb[..., 2] + 8192) >> 14
        moves = np.abs(gray - before) > threshold if before is not None else np.zeros(gray.shape, bool)
        padded = np.pad(moves, 1, constant_values=True)
        mask = np.ones(gray.shape, bool)
        for i in range(3):
            for j in range(3):
                mask &= padded[i:i + gray.shape[0], j:j + gray.shape[1]]
        out.append(mask)
        before = gray
    return out


def painted(frames, threshold):
    out = []
    for rgb, mask in zip(frames, masks(frames, threshold)):
        rgb = rgb.copy()
        rgb[..., 0] = np.maximum(rgb[..., 0], 255 * mask)
        out.append(rgb)
    return out
