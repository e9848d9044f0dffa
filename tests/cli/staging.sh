#!/usr/bin/env bash
# --stage: photographs are read from copies on the node's own disk. The result has the same bytes, whatever becomes of the copies, and nothing is left there
# after the end, an error, a signal, or, by the next run, a kill.
. "$(dirname "$0")/../tools/lib.sh"
mkdir disk
empty() { [ -z "$(ls -A disk)" ] || die "left behind: $(ls -A disk disk/*)"; }
job "$photos/odd" -o whole.h5 --faces all
for launch in "" "mpirun -np 3"; do   # with all that is wrong with some of the photographs
    expect 0 $launch facesdist "$photos/odd" -o x.h5 --faces all --threads 2 --stage disk
    says err '--stage: 10 photographs were copied \([0-9.]+ kB\)'
    says out '^copy +10 files'
    same x.h5 whole.h5
    empty
    [ "$launch" != "" ] || rm x.h5
done

mkdir in
for k in $(seq -w 09); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
job in -o whole.h5 --force
# staged CALL NAME AFTER: such a run, held there
staged()
{
    rm -rf x.h5* err
    held "$1" "$2" "$3"
    facesdist in -o x.h5 --threads 1 --batch 1 --stage disk >out 2>err &
    pid=$!
    unheld
    held_now
}
ends() { local got; wait $pid; got=$?; [ $got = "$1" ] || { cat err; die "exit code $got, not $1"; }; }
staged open in/07.jpg x.h5.journal/owner   # while it copies
[ -n "$(ls -A disk/facesdist-stage-*)" ] || die "no copies"
tell TERM $pid
let_go
ends 75
empty
staged open /7 ""   # while it works on its copies
tell TERM $pid
told err 'asked to stop'
let_go
ends 75
empty
expect 0 mpirun -np 2 facesdist in -o x.h5 --threads 1 --stage disk
says err 'going on'
same x.h5 whole.h5
empty

staged open /7 ""   # killed: what it leaves goes with the next run; what is in use, and what is nobody's, stays
kill -9 $pid
wait $pid 2>/dev/null
let_go
[ -n "$(ls -A disk/facesdist-stage-*)" ] || die "no copies"
mkdir disk/facesdist-stage-inuse1 && echo mine >disk/mine
exec 8<disk/facesdist-stage-inuse1
flock 8
expect 0 facesdist in -o x.h5 --threads 1 --stage disk
same x.h5 whole.h5
[ "$(ls disk | sort | xargs)" = "facesdist-stage-inuse1 mine" ] || die "in the folder: $(ls disk)"
exec 8<&-
expect 0 facesdist in -o x.h5 --threads 1 --stage disk --force
[ "$(ls disk)" = mine ] || die "a dead run's folder stayed: $(ls disk)"
rm disk/mine

staged open /5 ""   # copies that are lost, or cut short, are no loss
rm disk/*/6 disk/*/7 && : >"$(echo disk/*/8)" || die "no copies"
let_go
ends 0
same x.h5 whole.h5
empty

# a photograph that is exchanged after it was copied: known by its hash when the run is done
"$python" -c "
b = bytearray(open('in/03.jpg', 'rb').read()); b[-40] ^= 1; open('in/03.jpg', 'wb').write(b)"
expect 1 facesdist in -o x.h5 --threads 1 --stage disk
says err 'the content of 03\.jpg is not what it was'
rm x.h5
cp in/01.jpg in/03.jpg
job in -o whole.h5 --force

# a disk that fills up, and one that is too small from the start
expect 0 full '*/facesdist-stage-*' 10000 facesdist in -o x.h5 --threads 1 --stage disk
says err 'warning: --stage: .*No space left on device'
says err '--stage: 0 of 9 photographs were copied .*; the others are read where they lie'
same x.h5 whole.h5
empty
cat >inside.sh <<'SH'
mount -t tmpfs -o size=140k none disk || exit 77
facesdist in -o small.h5 --threads 1 --stage disk >out 2>err
SH
if unshare --user --map-root-user --mount bash inside.sh 2>/dev/null; then
    says err '--stage: [1-9] of 9 photographs were copied \([0-9.]+ kB\); the others, for which there is no room, are read'
    same small.h5 whole.h5
else
    echo "no file system of its own can be mounted here: not run on a small one"
fi
expect 1 facesdist in -o y.h5 --threads 1 --stage nowhere
says err 'cannot stage in nowhere: No such file'
expect 1 mpirun -np 2 facesdist in -o y.h5 --threads 1 --stage in/01.jpg
says err 'cannot stage in in/01\.jpg: Not a directory'
