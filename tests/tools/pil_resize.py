#!/usr/bin/env python3
"""pil_resize.py RGB WIDTH HEIGHT OUT [x1,y1,x2,y2,w,h ...]: each box of the raw picture as Pillow's BILINEAR resizes it, one after the other.

Columns are resized first and rows then, each rounded to bytes, which is what resize((w, h)) does in Pillow 9; Pillow 13 takes the other
order where that is cheaper, and then differs by a grey level."""
import sys

from PIL import Image

raw, width, height, out = sys.argv[1:5]
picture = Image.frombytes('RGB', (int(width), int(height)), open(raw, 'rb').read())
with open(out, 'wb') as f:
    for job in sys.argv[5:]:
        *box, w, h = map(int, job.split(','))
        f.write(picture.crop(box).resize((w, box[3] - box[1]), Image.BILINEAR).resize((w, h), Image.BILINEAR).tobytes())
