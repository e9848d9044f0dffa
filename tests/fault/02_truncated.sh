#!/usr/bin/env bash
# Fault 2: a file cut short is recorded as truncated, and used only when that is asked for, with its row marked.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/good.jpg
head -c $(($(stat -c %s "$photos/people/p02/1.jpg") * 8 / 10)) "$photos/people/p02/1.jpg" >in/cut.jpg
head -c $(($(stat -c %s "$photos/odd/gray.png") * 8 / 10)) "$photos/odd/gray.png" >in/cut.png
job in -o x.h5
for file in cut.jpg cut.png; do
    is x.h5 $file status truncated
    is x.h5 $file faces 0
done
job in -o y.h5 --accept-truncated
for file in cut.jpg cut.png; do
    is y.h5 $file status ok
    is y.h5 $file faces 1
    [ $(($(of y.h5 $file flags) & 1)) = 1 ] || die "$file is not marked"
done
