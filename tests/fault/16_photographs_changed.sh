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
touch in/*.jpg   # what was touched is read again, and is what it was
job in -o pad.h5
says err 'already complete'
mv in/1.jpg t && mv in/2.jpg in/1.jpg && mv t in/2.jpg
cp pad.h5 before.h5
expect 1 mpirun -np 2 facesdist in -o pad.h5 --threads 1
says err 'the content of 1\.jpg is not what it was'
cmp pad.h5 before.h5 || die "the earlier result was touched"
job in -o pad.h5 --update
job in -o fresh2.h5
same pad.h5 fresh2.h5
# a journal without its result is a resume: refused too, and the photograph named that is there still, but not what it was
job in -o kept.h5 --keep-journal
rm kept.h5
printf 'more' >>in/2.jpg
expect 1 facesdist in -o kept.h5 --threads 1
says err 'another size or kind is 2\.jpg'
# so is one of equal size and other content; --force starts anew
job in -o kept.h5 --force --keep-journal
rm kept.h5
touch in/1.jpg
job in -o kept.h5 --keep-journal
says err 'going on: '
rm kept.h5
"$python" -c "
with open('in/2.jpg', 'r+b') as f: f.seek(-1, 2); f.write(b'!')"
expect 1 mpirun -np 2 facesdist in -o kept.h5 --threads 1
says err 'the content of 2\.jpg is not what it was; --force'
job in -o kept.h5 --force
job in -o fresh5.h5
same kept.h5 fresh5.h5
# a journal that stayed beside its result speaks of the photographs as they were: an update does not believe it
job in -o pad.h5 --force --keep-journal
mv in/1.jpg t && mv in/2.jpg in/1.jpg && mv t in/2.jpg
truncate -s "$(stat -c %s in/2.jpg)" in/1.jpg   # equal sizes again, after 'more'
job in -o stale.h5 --keep-journal
"$python" -c "
a, b = open('in/1.jpg', 'rb').read(), open('in/2.jpg', 'rb').read()
open('in/1.jpg', 'wb').write(b)
open('in/2.jpg', 'wb').write(a)"
job in -o stale.h5 --update
says err 'journal of an earlier run was removed'
job in -o fresh3.h5
same stale.h5 fresh3.h5
# an update that is killed goes on with its own journal; one whose photographs changed once more does not
for k in $(seq -w 30); do cp in/1.jpg in/more$k.jpg; done
for change in none more; do
    cp fresh3.h5 up.h5
    held open in/more10.jpg up.h5.journal/rank-00000.log
    facesdist in -o up.h5 --threads 1 --batch 1 --update >out 2>err &
    pid=$!
    unheld
    held_now
    kill -9 $pid; wait $pid 2>/dev/null
    let_go
    [ $change = none ] || cp in/2.jpg in/new.jpg
    expect 0 mpirun -np 2 facesdist in -o up.h5 --threads 1 --update
    says err "$([ $change = none ] && echo 'going on' || echo 'journal of an earlier run was removed')"
    job in -o fresh4.h5 --force
    same up.h5 fresh4.h5
done
# --update --force: reuses what can be reused, replaces what cannot
expect 1 facesdist in -o up.h5 --threads 1 --update --faces all
job in -o up.h5 --update --force --faces all
echo 'no result' >up.h5
job in -o up.h5 --update --force
same up.h5 fresh4.h5
# a finished result is complete where nothing can be written, too
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --clear-groups test -x "$bin/facesdist" 2>/dev/null; then
    chmod -R a+rX . && chmod 555 .
    setpriv --reuid=65534 --clear-groups env HOME=/tmp facesdist in -o up.h5 --threads 1 --faces all >/dev/null 2>&1 && die "another command's result is complete"
    setpriv --reuid=65534 --clear-groups env HOME=/tmp facesdist in -o fresh4.h5 --threads 1 2>&1 | grep -q 'already complete' || die "a read-only result is not complete"
    chmod 755 .
else
    echo "the read-only part needs root and a program folder that nobody may read: not run"
fi
