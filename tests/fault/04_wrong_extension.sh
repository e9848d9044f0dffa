#!/usr/bin/env bash
# Fault 4: the kind of a file is told by its first bytes, never by its name.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/photo.png && cp "$photos/odd/gray.png" in/gray.jpg && face in/no-extension && echo text >in/notes.txt && echo text >in/note.jpg
printf 'GIF89a\001\000\001\000\200\000\000' >in/moving.gif
job in -o x.h5
is x.h5 photo.png status ok
is x.h5 gray.jpg status ok
is x.h5 no-extension status ok
is x.h5 notes.txt status absent
is x.h5 note.jpg status "$(of x.h5 note.jpg status | grep -E 'unsupported|corrupt')"
is x.h5 moving.gif status unsupported
says err '1 other files'
