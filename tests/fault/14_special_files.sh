#!/usr/bin/env bash
# Fault 14: a symlink loop, a dangling link, a FIFO, a device in the tree: skipped and recorded, never a hang.
. "$(dirname "$0")/../tools/lib.sh"
mkdir -p in/sub && face in/good.jpg
ln -s .. in/sub/loop && ln -s nowhere.jpg in/dangling.jpg && ln -s self.jpg in/self.jpg && mkfifo in/pipe.jpg && ln -s /dev/zero in/zero.jpg && ln -s good.jpg in/link.jpg
expect 0 timeout 60 facesdist in -o x.h5 --threads 1
is x.h5 good.jpg status ok
is x.h5 link.jpg status ok
for file in dangling.jpg self.jpg pipe.jpg zero.jpg; do
    is x.h5 $file status special_file
done
