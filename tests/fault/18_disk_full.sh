#!/usr/bin/env bash
# Fault 18: no room on the disk, a quota, a limit on the size of files, while the journal or the result is written: one error that says so, exit 1; an
# earlier result is as it was, and the same command goes on when there is room.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in
for k in $(seq -w 24); do cp "$photos/people/p0$((10#$k % 9 + 1))/1.jpg" in/$k.jpg; done
job in/01.jpg -o earlier.h5
job in -o whole.h5
# fails WORDS command...: one error with these words, and the earlier result is as it was
fails()
{
    local words=$1
    cp earlier.h5 x.h5
    expect 1 "${@:2}" in -o x.h5 --threads 1 --batch 4 --force
    [ "$(grep -c 'error: ' err)" = 1 ] || { cat err; die "not one error"; }
    says err "error: .*$words"
    cmp x.h5 earlier.h5 || die "the earlier result was touched"
    [ ! -e x.h5.tmp ] || die "half a result was left behind"
}
goes_on()
{
    [ -d x.h5.journal ] || die "the journal is gone"
    rm x.h5
    expect 0 "$@" in -o x.h5 --threads 1
    says err 'going on: 24 of 24'
    same x.h5 whole.h5
}
limited() { bash -c 'ulimit -f $1 && shift && exec facesdist "$@"' bash "$@"; }   # KIBIBYTES: no file becomes larger
fails 'journal.*File too large' limited 6
rm -rf x.h5.journal
fails 'x\.h5\.tmp: .*File too large: .* needed' limited 400
goes_on facesdist
fails 'journal.*No space left' full '*/rank-*.log' 6000 mpirun -np 2 facesdist
rm -rf x.h5.journal
fails 'x\.h5\.tmp: .*No space left on device: .* needed' full '*/x.h5.tmp' 400000 mpirun -np 2 facesdist
goes_on mpirun -np 2 facesdist
export FULL_ERRNO=122   # EDQUOT
fails 'journal.*Disk quota exceeded' full '*/rank-*.log' 6000 facesdist
rm -rf x.h5.journal
fails 'x\.h5\.tmp: .*Disk quota exceeded: .* needed' full '*/x.h5.tmp' 400000 facesdist
unset FULL_ERRNO
goes_on facesdist

# A file system that is full: of its own, where one may be mounted.
mkdir small
cat >inside.sh <<'SH'
mount -t tmpfs -o size=900k none small || exit 77
cp earlier.h5 small/x.h5 || exit 2
facesdist in -o small/x.h5 --threads 1 --force >out 2>err
[ $? = 1 ] || exit 3
[ "$(grep -c 'error: ' err)" = 1 ] || exit 4
cmp small/x.h5 earlier.h5 || exit 5
[ -d small/x.h5.journal ] && [ ! -e small/x.h5.tmp ] || exit 6
mount -o remount,size=64m small || exit 77
facesdist in -o small/x.h5 --threads 1 --force >out 2>err || exit 7
cp small/x.h5 roomy.h5
SH
if unshare --user --map-root-user --mount true 2>/dev/null; then
    unshare --user --map-root-user --mount bash inside.sh
    code=$?
    [ $code = 0 ] || [ $code = 77 ] || { cat out err; die "on a full file system: step $code"; }
    [ $code = 77 ] || same roomy.h5 whole.h5
    [ $code = 77 ] && echo "no file system of its own can be mounted here: not run on a full one"
else
    echo "no file system of its own can be mounted here: not run on a full one"
fi
exit 0
