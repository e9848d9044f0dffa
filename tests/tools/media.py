"""Small videos to NumPy and back, without FFmpeg: QuickTime (raw RGB or any codec's bytes) with sound, YUV4MPEG2, and what a Matroska file holds."""
import struct
from fractions import Fraction

import numpy as np

UPRIGHT = (1, 0, 0, 1)
RATE = 8000   # samples of sound a second


def box(name, *parts):
    body = b''.join(parts)
    return struct.pack('>I4s', 8 + len(body), name) + body


def full(name, *parts, flags=0):
    return box(name, struct.pack('>I', flags), *parts)


def table(name, rows, *head):
    """A box that counts its rows of 32-bit numbers."""
    return full(name, *(struct.pack('>I', x) for x in head), struct.pack('>I', len(rows)), *(struct.pack(f'>{len(r)}I', *r) for r in rows))


def matrix_of(turn):
    a, b, c, d = (x << 16 for x in turn)
    return struct.pack('>9i', a, b, 0, c, d, 0, 0, 0, 1 << 30)


def stride_of(width):
    return (3 * width + 1) // 2 * 2   # rows of raw RGB are whole 16-bit words


def raw(frame):
    height, width, _ = frame.shape
    rows = np.zeros((height, stride_of(width)), np.uint8)
    rows[:, :3 * width] = frame.reshape(height, -1)
    return rows.tobytes()


def track(number, kind, scale, turn, size, header, entry, times, sizes, chunks):
    """times: rows of stts; sizes: the stsz box; chunks: (samples, place) of each."""
    length = sum(n * d for n, d in times)
    stbl = box(b'stbl', full(b'stsd', struct.pack('>I', 1), entry), table(b'stts', times),
               table(b'stsc', [(i + 1, n, 1) for i, (n, _) in enumerate(chunks)]), sizes, table(b'stco', [(p,) for _, p in chunks]))
    dinf = box(b'dinf', full(b'dref', struct.pack('>I', 1), full(b'url ', flags=1)))
    media = box(b'mdia', full(b'mdhd', struct.pack('>IIIIHH', 0, 0, scale, length, 0, 0)), full(b'hdlr', b'mhlr', kind, bytes(13)),
                box(b'minf', header, dinf, stbl))
    head = full(b'tkhd', struct.pack('>IIIIIIIHHHH', 0, 0, number, 0, length * 1000 // scale, 0, 0, 0, 0, 0x100, 0), matrix_of(turn),
                struct.pack('>II', size[0] << 16, size[1] << 16), flags=3)
    return box(b'trak', head, media)


def write_mov(path, frames, durations, scale=600, turn=UPRIGHT, sound=None, kind=b'raw ', size=None, index_first=True):
    """frames: arrays [height][width][3], or bytes of a codec; durations in 1/scale s; sound: int16, of one channel. frames None: no video track."""
    samples = [raw(f) if isinstance(f, np.ndarray) else f for f in frames or []]
    width, height = size or ((frames[0].shape[1], frames[0].shape[0]) if samples else (16, 16))
    pieces = []
    if sound is not None:
        ends = [*np.rint(np.cumsum(durations) / scale * RATE).astype(int)][:-1] + [len(sound)]
        pieces = [sound[a:b].astype('<i2').tobytes() for a, b in zip([0, *ends], ends)]
    data, at, places, sounds = [], 0, [], []
    for i in range(max(len(samples), len(pieces))):
        for parts, offsets in ((samples, places), (pieces, sounds)):
            if i < len(parts):
                offsets.append(at)
                data.append(parts[i])
                at += len(parts[i])
    picture = box(kind, bytes(6), struct.pack('>HHHIIIHHIIIH', 1, 0, 0, 0, 0, 0, width, height, 72 << 16, 72 << 16, 0, 1), bytes(32), struct.pack('>Hh', 24, -1))
    heard = box(b'sowt', bytes(6), struct.pack('>HHHIHHHHI', 1, 0, 0, 0, 1, 16, 0, 0, RATE << 16))

    def moov(base):
        tracks = []
        if frames is not None:
            tracks.append(track(1, b'vide', scale, turn, (width, height), full(b'vmhd', bytes(8), flags=1), picture, [(1, d) for d in durations[:len(samples)]],
                                table(b'stsz', [(len(s),) for s in samples], 0), [(1, base + p) for p in places]))
        if sound is not None:
            tracks.append(track(2, b'soun', RATE, UPRIGHT, (0, 0), full(b'smhd', bytes(4)), heard, [(len(sound), 1)],
                                full(b'stsz', struct.pack('>II', 2, len(sound))), [(len(s) // 2, base + p) for s, p in zip(pieces, sounds)]))
        return box(b'moov', full(b'mvhd', struct.pack('>IIIIIH', 0, 0, 1000, sum(durations) * 1000 // scale, 1 << 16, 0x100), bytes(10), matrix_of(UPRIGHT),
                                 bytes(24), struct.pack('>I', 3)), *tracks)

    start, mdat = box(b'ftyp', b'qt  ', bytes(4), b'qt  '), box(b'mdat', *data)
    with open(path, 'wb') as f:
        f.write(start + moov(len(start) + len(moov(0)) + 8) + mdat if index_first else start + mdat + moov(len(start) + 8))


def boxes(data, at=0, end=None):
    end = len(data) if end is None else end
    while at + 8 <= end:
        size, name = struct.unpack('>I4s', data[at:at + 8])
        body = at + 8
        if size == 1:
            size, body = struct.unpack('>Q', data[body:body + 8])[0], body + 8
        yield name, body, at + size
        at += size


def find(data, path, at=0, end=None):
    """All boxes at the end of such a path, as (start, end) of their contents."""
    for name, body, stop in boxes(data, at, end):
        if name == path[0]:
            if len(path) == 1:
                yield body, stop
            else:
                yield from find(data, path[1:], body, stop)


def words(data, at, n):
    return struct.unpack(f'>{n}I', data[at:at + 4 * n])


def read_track(data, at, end):
    def one(*path):
        return next(find(data, path, at, end))[0]
    stbl = (b'mdia', b'minf', b'stbl')
    scale = words(data, one(b'mdia', b'mdhd') + 12, 1)[0]
    entry = one(*stbl, b'stsd') + 8
    stts, stsc, stsz = one(*stbl, b'stts'), one(*stbl, b'stsc'), one(*stbl, b'stsz')
    n = words(data, stts + 4, 1)[0]
    durations = [d for i in range(n) for d in [words(data, stts + 8 + 8 * i + 4, 1)[0]] * words(data, stts + 8 + 8 * i, 1)[0]]
    uniform, count = words(data, stsz + 4, 2)
    sizes = [uniform] * count if uniform else list(words(data, stsz + 12, count))
    stco = list(find(data, (*stbl, b'stco'), at, end))
    offsets = words(data, stco[0][0] + 8, words(data, stco[0][0] + 4, 1)[0]) if stco else struct.unpack(
        f'>{words(data, one(*stbl, b"co64") + 4, 1)[0]}Q', data[one(*stbl, b'co64') + 8:][:8 * words(data, one(*stbl, b'co64') + 4, 1)[0]])
    runs = [words(data, stsc + 8 + 12 * i, 3) for i in range(words(data, stsc + 4, 1)[0])]
    samples, k = [], 0
    for i, offset in enumerate(offsets):
        per = [r[1] for r in runs if r[0] <= i + 1][-1]
        for _ in range(per):
            samples.append(data[offset:offset + sizes[k]])
            offset += sizes[k]
            k += 1
    times = [Fraction(int(t), scale) for t in np.concatenate([[0], np.cumsum(durations)[:-1]])] if durations else []
    matrix = struct.unpack('>9i', data[one(b'tkhd') + 40:one(b'tkhd') + 76])
    return {'entry': data[entry + 4:entry + 8], 'size': struct.unpack('>HH', data[entry + 32:entry + 36]), 'samples': samples, 'times': times,
            'matrix': tuple(matrix[i] >> 16 for i in (0, 1, 3, 4))}


def read_mov(path):
    """(video track, sound's bytes or None); frames are in 'frames' where they are raw RGB."""
    data = open(path, 'rb').read()
    video = sound = None
    for at, end in find(data, (b'moov', b'trak')):
        handler = next(find(data, (b'mdia', b'hdlr'), at, end))[0]
        kind = data[handler + 8:handler + 12]
        if kind == b'vide':
            video = read_track(data, at, end)
        else:
            sound = b''.join(read_track(data, at, end)['samples'])
    width, height = video['size']
    if video['entry'] == b'raw ':
        video['frames'] = [np.frombuffer(s, np.uint8).reshape(height, stride_of(width))[:, :3 * width].reshape(height, width, 3) for s in video['samples']]
    return video, sound


def number(data, at, marked):
    n = 9 - data[at].bit_length()
    v = int.from_bytes(data[at:at + n], 'big')
    return (v if marked else v & ((1 << 7 * n) - 1)), n


def read_mkv(path):
    """{track: [(milliseconds, bytes)]} of a Matroska file, and the codecs' names."""
    data, blocks, codecs, cluster = open(path, 'rb').read(), {}, [], 0

    def walk(at, end):
        nonlocal cluster
        while at < end:
            name, n = number(data, at, True)
            size, m = number(data, at + n, False)
            at += n + m
            if name in (0x18538067, 0x1F43B675, 0xA0, 0x1654AE6B, 0xAE):
                walk(at, at + size)
            elif name == 0xE7:
                cluster = int.from_bytes(data[at:at + size], 'big')
            elif name == 0x86:
                codecs.append(data[at:at + size].decode())
            elif name in (0xA3, 0xA1):
                trk, k = number(data, at, False)
                assert data[at + k + 2] & 6 == 0   # no lacing
                blocks.setdefault(trk, []).append((cluster + struct.unpack('>h', data[at + k:at + k + 2])[0], data[at + k + 3:at + size]))
            at += size
    walk(0, len(data))
    return blocks, codecs


def ebml(name, *parts):
    body = b''.join(parts)
    return bytes.fromhex(name) + struct.pack('>Q', 1 << 56 | len(body)) + body


def unsigned(name, v):
    return ebml(name, v.to_bytes(4, 'big'))


def write_mkv(path, pictures, step, size, lines):
    """JPEGs, `step` ms apart, and subtitles: (ms, duration, text)."""
    video = ebml('ae', unsigned('d7', 1), unsigned('73c5', 1), unsigned('83', 1), ebml('86', b'V_MJPEG'), ebml('e0', unsigned('b0', size[0]), unsigned('ba', size[1])))
    words = ebml('ae', unsigned('d7', 2), unsigned('73c5', 2), unsigned('83', 17), ebml('86', b'S_TEXT/UTF8'))
    blocks = [(step * k, ebml('a3', b'\x81', struct.pack('>hB', step * k, 0x80), p)) for k, p in enumerate(pictures)]
    blocks += [(at, ebml('a0', ebml('a1', b'\x82', struct.pack('>hB', at, 0), text), unsigned('9b', n))) for at, n, text in lines]
    info = ebml('1549a966', unsigned('2ad7b1', 1000000))
    cluster = ebml('1f43b675', unsigned('e7', 0), *(b for _, b in sorted(blocks)))
    with open(path, 'wb') as f:
        f.write(ebml('1a45dfa3', ebml('4282', b'matroska')) + ebml('18538067', info, ebml('1654ae6b', video, words), cluster))


def write_y4m(path, frames, rate='25:1', sampling='444'):
    """frames: planes, or (luma, blue, red) of a sampling."""
    height, width = frames[0][0].shape
    with open(path, 'wb') as f:
        f.write(f'YUV4MPEG2 W{width} H{height} F{rate} Ip A1:1 C{sampling}\n'.encode())
        for planes in frames:
            f.write(b'FRAME\n' + b''.join(np.ascontiguousarray(p, np.uint8).tobytes() for p in planes))
