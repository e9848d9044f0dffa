#!/usr/bin/env bash
# facesdist-rerun: says "reproduced" whatever the ranks, the folder and the way the photographs were named; names each photograph, model file and option
# that differs or is missing.
# Time limit: 300 s
. "$2/tests/tools/lib.sh"
"$python" -c 'import h5py' 2>/dev/null || skip "no python3-h5py"
mkdir in in/deep elsewhere
for k in 1 2 3; do cp "$photos/people/p0$k/1.jpg" "in/$k.jpg"; done
mv in/3.jpg 'in/deep/thr
ee.jpg'
again() { expect "$1" facesdist-rerun --threads 1 -q "${@:2}"; }

# Other numbers of ranks, another folder; the new result is gone unless it was asked for.
expect 0 mpirun -np 3 facesdist in -o a.h5 --threads 1 -q --topk 2 --histogram
(cd elsewhere && again 0 ../a.h5 && says out '^reproduced: 3 photographs, facesdist [0-9.]+') || die "from another folder"
expect 0 mpirun -np 2 facesdist-rerun a.h5 --threads 1 -q -o b.h5
says out '^reproduced: 3 photographs'
same a.h5 b.h5
again 0 b.h5
again 2 a.h5 -o b.h5
says err 'there already'
again 2 a.h5 -o a.h5 --force
says err 'to be made again'
again 0 a.h5 -o b.h5 --force
again 0 a.h5 --tolerance
[ -z "$(ls | grep rerun)" ] || die "left: $(ls)"

# Interrupted, it goes on.
held open in/2.jpg a.h5.rerun.journal/rank-00000.log
facesdist-rerun a.h5 --threads 1 >out 2>err &
pid=$!
unheld
held_now
tell USR1 $pid
let_go
wait $pid
[ $? = 75 ] || die "interrupted: not 75"
says err 'the same command goes on'
expect 0 facesdist-rerun a.h5 --threads 1
says err 'going on: [123] of 3 images'
says out '^reproduced'
[ -z "$(ls | grep rerun)" ] || die "left: $(ls)"

# Lists, patterns, several inputs, what is no photograph at all; options that are not the default's.
mkfifo in/fifo.jpg
ln -s nowhere in/dangling.jpg
ln -s . in/loop
: >in/empty.jpg
touch in/notes.txt
printf '%s\0' in/1.jpg ./in/deep "$PWD/in/2.jpg" gone.jpg >list
job in -o folder.h5 --glob '*.jpg' --save-crops --min-face 30
job in/1.jpg in/deep in/ -o several.h5 --faces all --matrix none
job --list list --glob '*.jpg' -o listed.h5
rm list
(cd in && job 1.jpg -o ../one.h5) || die "run in the folder"
job --demo --glob '?.jpg' --max-pixels 20K -o demo.h5 --matrix none
for result in folder several listed one demo; do
    (cd elsewhere && again 0 ../$result.h5) || die "$result.h5"
done

# An update counts as a run of its own.
cp "$photos/people/p04/1.jpg" in/4.jpg
job in -o folder.h5 --glob '*.jpg' --save-crops --min-face 30 --update
again 0 folder.h5

# A copy of the photographs; new ones in the folder are nobody's business.
cp -r in copy
cp "$photos/people/p05/1.jpg" copy/new.jpg
again 0 folder.h5 --photos copy
mv in was

# Changed (though as long as before), gone.
again 1 a.h5
says out '^missing photograph +1.jpg$'
says out '^missing photograph +deep/thr\\x0Aee.jpg$'
says out '^ +--photos DIR says where'
cp copy/2.jpg copy/keep
"$python" -c "
b = bytearray(open('copy/2.jpg', 'rb').read())
b[-9] ^= 1
open('copy/2.jpg', 'wb').write(b)"
rm copy/1.jpg
again 1 a.h5 --photos copy
says out '^changed photograph +2.jpg$'
says out '^missing photograph +1.jpg$'
says out '^not reproduced: 1 photographs changed, 1 missing'
expect 1 mpirun -np 3 facesdist-rerun a.h5 --photos copy -q
says out '^changed photograph +2.jpg$'
rm -r copy
mv was in

# The model: a file changed, a file gone, another way to use it, no pack at all.
cp -r "$source_dir/data/pack" pack
job in/2.jpg -o m.h5 --model pack
cp -r pack good
net=$(sed -n 's/^file *= *//p' pack/pack.ini | head -1)
printf x >>"pack/$net"
again 1 m.h5
says out "^changed model +.*pack/$net: was [0-9a-f]{64}, is [0-9a-f]{64}$"
rm "pack/$net"
again 1 m.h5
says out "^missing model +.*pack/$net"
cp "good/$net" pack/
sed -i 's/^mean *=.*/mean = 1 1 1/' pack/pack.ini
again 1 m.h5
says out '^changed model +model.mean: was .*, is 1 1 1$'
rm -r pack
again 1 m.h5
says out '^missing model .*pack.ini'
says out 'model: 1'
again 0 m.h5 --model good

# Options: one that /run tells otherwise, one that this program has not, one that both tell wrongly.
edit() { cp a.h5 edited.h5; "$python" -c "
import h5py
with h5py.File('edited.h5', 'a') as f:
    run = f['run'].attrs
    pin = run['pin'] if isinstance(run['pin'], str) else run['pin'].decode()
    $1"; }
edit "run['option min-face'] = '40'"
again 1 edited.h5
says out '^changed option +--min-face: the result was made with 20, its record says 40$'
edit "run['pin'] = pin + '--sharpen = 3\n'"
again 1 edited.h5
says out '^missing option +--sharpen'
edit "run['pin'] = pin.replace('--topk = 2', '--topk = 1'); run['option topk'] = '1'"
again 1 edited.h5
says out '/distances/topk'
says out '^not reproduced: the new result is another one'

# The result itself was touched.
edit "f['faces/embedding'][0, 0] += 1; f['images/status'][1] = 2"
again 1 edited.h5
says out '/faces/embedding +values'
says out '^different photograph +2.jpg: was corrupt, is ok$'
[ -e edited.h5.rerun ] && die "left behind"

# What is no result.
again 2 absent.h5
says err 'absent.h5'
again 2 in/1.jpg
head -c 3000 a.h5 >cut.h5
again 2 cut.h5
"$python" -c 'import numpy as np; np.save("rows.npy", np.eye(3, dtype=np.float32))'
expect 0 facesdist-distances rows.npy -o d.h5 -q
again 2 d.h5
says err 'no result of facesdist'
edit "del run['pin']"
again 2 edited.h5
again 2
