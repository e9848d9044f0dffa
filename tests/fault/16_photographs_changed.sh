#!/usr/bin/env bash
# Fault 16: the photographs changed since: refused with the first that differs; --update processes only what is new and gives a fresh run's bytes.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && cp "$photos"/people/p0[1-4]/1.jpg in/ 2>/dev/null
for k in 1 2 3 4; do cp "$photos/people/p0$k/1.jpg" in/$k.jpg; done
job in -o x.h5 && cp x.h5 first.h5
cp "$photos/people/p05/1.jpg" in/25.jpg && rm in/4.jpg
expect 1 facesdist in -o x.h5 --threads 1
says err '25\.jpg'
cmp x.h5 first.h5 || die "the earlier result was touched"
job in -o x.h5 --update
says err 'gone since.*4\.jpg'
job in -o fresh.h5
same x.h5 fresh.h5
# same size, other content: found by its hash
"$python" -c "
import shutil
a, b = open('in/1.jpg', 'rb').read(), open('in/2.jpg', 'rb').read()
n = max(len(a), len(b)) + 10
open('in/1.jpg', 'wb').write(a + bytes(n - len(a)))
open('in/2.jpg', 'wb').write(b + bytes(n - len(b)))"
job in -o pad.h5
mv in/1.jpg t && mv in/2.jpg in/1.jpg && mv t in/2.jpg
job in -o pad.h5 --update
job in -o fresh2.h5
same pad.h5 fresh2.h5
# a journal without its result is a resume: refused too, and the photograph named that is there still, but not what it was
job in -o kept.h5 --keep-journal
rm kept.h5
printf 'more' >>in/2.jpg
expect 1 facesdist in -o kept.h5 --threads 1
says err 'another size or kind is 2\.jpg'
