#!/usr/bin/env bash
# facesdist-motion-video: pixels, masks, tables and times against NumPy; sound byte for byte; rotation once; ranks and engines; every kind of file that is refused.
. "$2/tests/tools/lib.sh"
[ -x "$bin/facesdist-motion-video" ] || skip "built without FFmpeg's libraries (FACESDIST_VIDEO)"
"$python" -c 'import numpy, PIL' 2>/dev/null || skip "no python3-numpy or python3-pil"
export PYTHONPATH=$source_dir/tests/tools
"$python" - <<'END' || die "no input"
import io, os, numpy as np, media
from PIL import Image
random = np.random.default_rng(3)
os.makedirs('in/below')
still = random.integers(0, 256, (46, 62, 3), np.uint8)
frames = []
for t in range(14):
    frame = still.copy()
    frame[5 + t:25 + t, 2 * t:2 * t + 18] = random.integers(0, 256, 3)
    frame[40:45, 50:60] = (t * 29) % 256
    frames.append(frame)
durations = [24, 25, 24, 60, 24, 24, 25, 24, 24, 24, 24, 24, 24, 24]          # of 1/600 s: not even, as a phone's
sound = random.integers(-9000, 9000, sum(durations) * media.RATE // 600).astype(np.int16)
np.savez('frames.npz', frames=frames, sound=sound)
media.write_mov('in/clip.mov', frames, durations, sound=sound)
media.write_mov('in/below/silent.mov', frames[:5], durations[:5])
media.write_mov('last.mov', frames, durations, sound=sound, index_first=False)
turns = {2: (-1, 0, 0, 1), 3: (-1, 0, 0, -1), 4: (1, 0, 0, -1), 5: (0, 1, 1, 0), 6: (0, 1, -1, 0), 7: (0, -1, -1, 0), 8: (0, -1, 1, 0)}
for orientation, turn in turns.items():
    media.write_mov(f'turned{orientation}.mov', [f[:40, :33] for f in frames[:4]], [24] * 4, turn=turn)
media.write_mov('slanting.mov', frames[:2], [24] * 2, turn=(1, 1, -1, 1))
# What is refused.
media.write_mov('empty.mov', [], [24], size=(62, 46))
media.write_mov('sound.mov', None, [24], sound=sound)
def jpeg(frame):
    out = io.BytesIO()
    Image.fromarray(frame).save(out, 'jpeg', quality=95)
    return out.getvalue()
media.write_mov('grows.mov', [jpeg(f if t < 6 else f[:32, :32]) for t, f in enumerate(frames)], durations, kind=b'jpeg', size=(62, 46))
Image.fromarray(still).save('picture.jpg')
Image.fromarray(still).save('picture.png')
media.write_y4m('plain.y4m', [(90 + f[..., 0] // 4, 112 + f[..., 1] // 8, 112 + f[..., 2] // 8) for f in frames[:6]])   # colours that RGB has
END
cut() { head -c $(($(stat -c %s "$1") * $3 / 100)) "$1" >"$2"; }   # FROM TO PERCENT
cut in/clip.mov cut-clip.mov 66
cut last.mov cut-last.mov 66
cut plain.y4m cut.y4m 66
printf 'no video at all, only words\n' >words.mp4
printf '#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\n%s/in/clip.mov\n#EXT-X-ENDLIST\n' "$PWD" >list.m3u8
cp list.m3u8 list.mp4
printf 'ffconcat version 1.0\nfile in/clip.mov\n' >list.ffconcat
: >nothing.mp4
mkfifo fifo.mp4

# Without loss through QuickTime's raw RGB: frames, times, sound, masks, table.
expect 0 facesdist-motion-video in/clip.mov -o painted.mov --codec rawvideo --masks masks --table table.tsv --plot plot.svg --threads 2
says out '^videos +1$'
says out 'painted +1$'
cat >oracle.py <<'END'
import sys, numpy as np, media, motion_oracle, png_samples
threshold = int(sys.argv[1])
made = np.load('frames.npz')
frames, sound = list(made['frames']), made['sound']
masks, painted = motion_oracle.masks(frames, threshold), motion_oracle.painted(frames, threshold)
source, _ = media.read_mov('in/clip.mov')
video, heard = media.read_mov('painted.mov')
assert len(video['frames']) == len(painted) and all(np.array_equal(a, b) for a, b in zip(video['frames'], painted))
assert video['times'] == source['times'], (video['times'], source['times'])
assert heard == sound.astype('<i2').tobytes()
lines = open('table.tsv').read().splitlines()
assert lines[0] == 'frame\tseconds\tmoving_pixels\tmoving_share\tregions\tboxes_x1_y1_x2_y2' and len(lines) == 1 + len(frames)
for t, (line, mask) in enumerate(zip(lines[1:], masks)):
    field = line.split('\t')
    assert field[:4] == [str(t), '%.6f' % source['times'][t], str(mask.sum()), '%.9f' % mask.mean()], (field, t)
    assert int(field[4]) == len(field[5].split())
    assert np.array_equal(png_samples.read(f'masks/{t:06}.png')[..., 0], 255 * mask), t
assert sum(m.sum() for m in masks) > 1000
END
"$python" oracle.py 25 || die "not as NumPy"
"$python" -c 'import xml.dom.minidom; xml.dom.minidom.parse("plot.svg")' || die "the plot is not XML"
expect 0 facesdist-motion-video in/clip.mov -o painted.mov --codec rawvideo --masks masks --table table.tsv --threshold 3 --device ref
"$python" oracle.py 3 || die "not as NumPy with threshold 3"
expect 0 facesdist-motion-video in/clip.mov -o silent.mov --codec rawvideo --no-sound
"$python" -c "import media, sys; sys.exit(media.read_mov('silent.mov')[1] is not None)" || die "sound that nobody wanted"

# The default, FFV1 in Matroska: bits of pixels, milliseconds of times, bytes of sound; the same for any number of ranks and threads.
expect 0 facesdist-motion-video in -o one --masks one/m --table one/t --plot one/p --threads 1
expect 0 mpirun -np 3 facesdist-motion-video in -o ranks --masks ranks/m --table ranks/t --plot ranks/p --threads 2
diff -r one ranks || die "other bytes on three ranks"
for made in one/clip.mkv one/below/silent.mkv one/m/below/silent/000004.png one/t/clip.tsv one/p/below/silent.svg; do
    [ -s $made ] || die "there is no $made"
done
expect 0 facesdist-motion-video one/clip.mkv -o again.mov --codec rawvideo --threshold 255
"$python" - <<'END' || die "FFV1 in Matroska is not what went in"
import numpy as np, media, motion_oracle
made = np.load('frames.npz')
blocks, codecs = media.read_mkv('one/clip.mkv')
source, _ = media.read_mov('in/clip.mov')
assert all(abs(t - 1000 * float(s)) <= 0.5 for (t, _), s in zip(blocks[1], source['times'])), [t for t, _ in blocks[1]]
assert len(blocks[1]) == 14
assert b''.join(b for _, b in blocks[2]) == made['sound'].astype('<i2').tobytes() and codecs[1].startswith('A_PCM'), codecs
video, heard = media.read_mov('again.mov')
assert all(np.array_equal(a, b) for a, b in zip(video['frames'], motion_oracle.painted(list(made['frames']), 25))) and len(video['frames']) == 14
assert heard == made['sound'].astype('<i2').tobytes()
END

# Videos that do not fit the memory together are worked on one after the other.
mkdir large && "$python" -c "
import numpy as np, media
for name in 'ab':
    media.write_y4m(f'large/{name}.y4m', [(np.random.default_rng(k).integers(16, 235, (480, 640), np.uint8),) * 3 for k in range(3)])"
expect 0 facesdist-motion-video large -o one-by-one --threads 2 --memory 64M
expect 0 facesdist-motion-video large -o together --threads 2
diff -r one-by-one together || die "other bytes with less memory"

# A phone's rotation is carried out, once: the second pass sees upright frames.
for orientation in 2 3 4 5 6 7 8; do
    expect 0 facesdist-motion-video turned$orientation.mov -o t.mov --codec rawvideo --threshold 255
    expect 0 facesdist-motion-video t.mov -o u.mov --codec rawvideo --threshold 255
    "$python" - $orientation <<'END' || die "rotation $orientation"
import sys, numpy as np, media
orientation = int(sys.argv[1])
upright = {2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1], 5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, -1),
           7: lambda a: np.rot90(a, 2).transpose(1, 0, 2), 8: lambda a: np.rot90(a)}[orientation]
frames = list(np.load('frames.npz')['frames'])
for name in 't.mov', 'u.mov':
    video, _ = media.read_mov(name)
    assert video['matrix'] == media.UPRIGHT and len(video['frames']) == 4
    assert all(np.array_equal(a, upright(f[:40, :33])) for a, f in zip(video['frames'], frames)), name
END
done
expect 0 facesdist-motion-video turned6.mov -o t.mov --codec rawvideo --threshold 255 --rotation ignore
"$python" -c "import media, sys; sys.exit(media.read_mov('t.mov')[0]['size'] != (33, 40))" || die "--rotation ignore turned the frames"

# YCbCr without subsampling, by BT.601 of limited range, a rounding off.
expect 0 facesdist-motion-video plain.y4m -o y.mov --codec rawvideo --threshold 255
"$python" - <<'END' || die "YCbCr is not as BT.601 says"
import numpy as np, media
frames = np.load('frames.npz')['frames'][:6] // (4, 8, 8) + (90., 112., 112.)
video, _ = media.read_mov('y.mov')
for f, got in zip(frames, video['frames']):
    y, b, r = (f[..., 0] - 16) * 255 / 219, (f[..., 1] - 128) * 255 / 224, (f[..., 2] - 128) * 255 / 224
    wanted = np.stack([y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b], -1).clip(0, 255)
    assert np.abs(got - wanted).max() < 2, np.abs(got - wanted).max()
END

# Subtitles come along where the container holds them; where it does not, that is said.
"$python" - <<'END' || die "no input with subtitles"
import io, numpy as np, media
from PIL import Image
pictures = []
for frame in np.load('frames.npz')['frames'][:8]:
    out = io.BytesIO()
    Image.fromarray(frame).save(out, 'jpeg')
    pictures.append(out.getvalue())
media.write_mkv('words.mkv', pictures, 40, (62, 46), [(40, 90, b'first words'), (200, 60, b'and the last')])
END
expect 0 facesdist-motion-video words.mkv -o said.mkv
grep -q 'left out' err && die "subtitles were left out"
"$python" - <<'END' || die "the subtitles are not what went in"
import media
blocks, codecs = media.read_mkv('said.mkv')
assert codecs[1:] == ['S_TEXT/UTF8'] and len(blocks[1]) == 8, codecs
assert blocks[2] == [(40, b'first words'), (200, b'and the last')], blocks[2]
END
expect 0 facesdist-motion-video words.mkv -o said.mov --codec mpeg4 --ledger ledger.tsv
says err 'words.mkv: subtitles \(subrip\) are left out'
says ledger.tsv 'words.mkv	ok	subtitles'

# Frames of a few pixels keep every bit in FFV1, too.
for size in 1x1 1x9 9x1 2x2 2x40 16x15; do
    "$python" -c "
import sys, numpy as np, media
w, h = map(int, sys.argv[1].split('x'))
media.write_y4m('tiny.y4m', [(np.random.default_rng(k).integers(16, 235, (h, w), np.uint8),) + (np.full((h, w), 128, np.uint8),) * 2 for k in range(3)])" $size
    expect 0 facesdist-motion-video tiny.y4m -o tiny.mkv --threshold 255
    expect 0 facesdist-motion-video tiny.mkv -o again.mov --codec rawvideo --threshold 255
    expect 0 facesdist-motion-video tiny.y4m -o plain.mov --codec rawvideo --threshold 255
    "$python" -c "import media, sys; a, b = (media.read_mov(n)[0]['samples'] for n in ('again.mov', 'plain.mov')); sys.exit(a != b or len(a) != 3)" || die "frames of $size pixels are not the same after FFV1"
done

# What is refused leaves nothing, says why, and ends with 1 where it was all there was.
refused() # NAME REGEX [OPTIONS]
{
    local name=$1 why=$2
    shift 2
    expect 1 facesdist-motion-video "$name" -o no.mkv --masks no-masks --table no.tsv --plot no.svg "$@"
    says err "$why"
    [ -z "$(find . -name 'no.*' -o -name 'no-masks*' -o -name '.facesdist*')" ] || die "$name left something behind: $(ls -A)"
}
refused cut-clip.mov 'cut-clip.mov: truncated: cut short'
refused cut-last.mov 'truncated: cut short: its index'
refused cut-last.mov 'truncated: cut short: its index' --accept-truncated
refused cut.y4m 'truncated'
refused empty.mov 'unsupported: it has no (frames|video)'
refused sound.mov 'unsupported: it has no video stream'
refused grows.mov 'unsupported: frame 6 \(at 0\.302 s\) is 32x32, those before 62x46'
refused words.mp4 'unsupported: not a video'
refused picture.jpg 'unsupported: not a video'
refused picture.png 'unsupported: not a video'
refused list.m3u8 'unsupported: a playlist'
refused list.mp4 'unsupported: a playlist'
refused list.ffconcat 'unsupported: a playlist'
refused nothing.mp4 'empty'
refused fifo.mp4 'special_file'
refused slanting.mov 'quarter'
refused in/clip.mov 'too_large' --max-pixels 1000
expect 2 facesdist-motion-video http://localhost/clip.mp4 -o no.mkv
says err 'is an address'
expect 2 facesdist-motion-video in/clip.mov -o no.mkv --codec ffv7
says err 'no encoder of video called ffv7'
expect 2 facesdist-motion-video in/clip.mov -o no.txt
expect 2 facesdist-motion-video in/clip.mov -o in/clip.mov --codec rawvideo
expect 2 facesdist-motion-video in/clip.mov
mkdir no-masks && touch no-masks/precious
expect 1 facesdist-motion-video in/clip.mov -o no.mkv --masks no-masks
says err 'holds other files'
[ ! -e no.mkv ] && [ -e no-masks/precious ] || die "the folder of masks"
rm -r no-masks
# GIF says where it ends, MPEG-TS does not: cut between two packets, it is what it is, and the user is told.
"$python" -c "
import numpy as np
from PIL import Image
frames = [Image.fromarray(f) for f in np.load('frames.npz')['frames'][:6]]
frames[0].save('moving.gif', save_all=True, append_images=frames[1:], duration=40)"
expect 0 facesdist-motion-video moving.gif -o no.mkv && rm no.mkv
cut moving.gif cut.gif 70
refused cut.gif 'truncated: cut short'
expect 0 facesdist-motion-video cut.gif -o some.mkv --accept-truncated
(ulimit -f 40 && expect 1 facesdist-motion-video in/clip.mov -o no.mkv) || exit 1
[ ! -e no.mkv ] && [ -z "$(find . -name '.facesdist*')" ] || die "a file that did not fit was left"

# Asked to stop in the middle of a video: 75, and nothing of it is left.
held rename 000003.png
facesdist-motion-video in/clip.mov -o no.mkv --masks no-masks --table no.tsv --plot no.svg --threads 1 >out 2>err &
pid=$!
held_now
kill -TERM $pid
until grep -q 'asked to stop' err; do kill -0 $pid 2>/dev/null || die "it ended before it said that it stops"; sleep 0.01; done
let_go
wait $pid
code=$?
unheld
[ $code = 75 ] || die "exit code $code when asked to stop, not 75"
[ -z "$(find . -name 'no.*' -o -name 'no-masks*' -o -name '.facesdist*')" ] || die "a video that was stopped left something behind: $(ls -A)"

# The frames so far, where that is wanted; one that is bad does not stop the others.
expect 0 facesdist-motion-video cut-clip.mov -o cut.mov --codec rawvideo --accept-truncated --ledger ledger.tsv
says err 'cut-clip.mov: cut short: 9 whole frames'
says ledger.tsv 'cut-clip.mov	ok	cut short: 9 whole frames'
"$python" - <<'END' || die "not the frames so far"
import numpy as np, media, motion_oracle
video, heard = media.read_mov('cut.mov')
made = np.load('frames.npz')
assert len(video['frames']) == 9 and all(np.array_equal(a, b) for a, b in zip(video['frames'], motion_oracle.painted(list(made['frames'][:9]), 25)))
assert made['sound'].astype('<i2').tobytes().startswith(heard) and heard
END
expect 0 facesdist-motion-video in/clip.mov -o whole.avi --codec mpeg4 --codec-options b=500k
for name in one/clip.mkv whole.avi; do
    for percent in 20 80; do
        cut $name cut.${name##*.} $percent
        refused cut.${name##*.} 'truncated: cut short'
    done
    expect 0 facesdist-motion-video cut.${name##*.} -o some.mkv --accept-truncated
    says err 'cut short: [0-9]+ whole frames'
done
expect 0 facesdist-motion-video in/clip.mov words.mp4 -o some
says err '^words.mp4: unsupported: not a video'
says out 'painted +1$'
expect 3 facesdist-motion-video in/clip.mov words.mp4 -o some --strict
