#!/usr/bin/env bash
# Fault 33: a matrix larger than the disk is foreseen and refused before anything is computed, and --topk offered in its place.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in small
for k in $(seq 2500); do echo x >in/$k.jpg; done   # rows like any other: 2500 * 2500 * 4 bytes are 25 MB
face in/a.jpg
face in/b.jpg
cat >inside.sh <<'SH'
mount -t tmpfs -o size=16m none small || exit 77
facesdist in -o small/x.h5 --threads 1 --matrix full >out 2>err
[ $? = 1 ] || exit 2
[ ! -e small/x.h5 ] || exit 3
facesdist in -o small/x.h5 --threads 1 --matrix none --topk 50 --radius 2 --histogram >out2 2>err2 || exit 4
exit 0
SH
unshare --user --map-root-user --mount true 2>/dev/null || skip "no file system of its own can be mounted here"
unshare --user --map-root-user --mount bash inside.sh
code=$?
[ $code = 77 ] && skip "no small file system can be mounted here"
[ $code = 0 ] || { cat out err out2 err2 >&2; die "step $code"; }
says err 'needs 25.* MB and the disk has .* free: --matrix none --topk 50'
