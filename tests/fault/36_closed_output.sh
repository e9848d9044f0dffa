#!/usr/bin/env bash
# Fault 36: closed or full stdout and stderr do not kill the run.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/a.jpg
facesdist in -o a.h5 --threads 1 >&- 2>&- || die "closed: exit code $?"
facesdist in -o b.h5 --threads 1 >/dev/full 2>/dev/full || die "full: exit code $?"
( facesdist in -o c.h5 --threads 1 -v 2>&1; echo $? >code ) | true
[ "$(cat code)" = 0 ] || die "broken pipe: exit code $(cat code)"
same a.h5 b.h5 && same a.h5 c.h5
