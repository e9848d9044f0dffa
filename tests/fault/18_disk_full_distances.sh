#!/usr/bin/env bash
# Fault 18 in the distance stage: no room for the matrix, for pairs on their way, for the journal: one clear error, exit 1, an earlier result as it was; and
# when there is room, the same command goes on.
. "$(dirname "$0")/../tools/lib.sh"
"$python" -c "
import numpy as np
np.save('rows.npy', np.random.default_rng(41).standard_normal((2000, 16), dtype=np.float32))"
expect 0 facesdist-distances rows.npy -o earlier.h5 --matrix none --topk 3
# RANKS ARGUMENTS...: no file of a rank becomes larger than 10 MB (MPI's own shared memory has 4)
fails()
{
    cp earlier.h5 x.h5
    expect 1 timeout 100 mpirun -np "$1" bash -c 'ulimit -f 10000; exec facesdist-distances "$@"' bash rows.npy -o x.h5 --force --threads 1 --checkpoint 0 "${@:2}"
    says err 'error: .*(File too large|No space left|needed, .* free|too large)'
    [ "$(grep -c 'facesdist-distances: error' err)" = 1 ] || { cat err; die "not one error"; }
    cmp -s earlier.h5 x.h5 || die "an earlier result was touched"
    rm x.h5
}
for options in "--matrix full" "--matrix full --compress" "--matrix none --radius 100" "--matrix none --topk 900"; do
    expect 0 facesdist-distances rows.npy -o whole.h5 --force $options
    fails 2 $options
    expect 0 facesdist-distances rows.npy -o x.h5 $options
    same whole.h5 x.h5
    [ ! -e x.h5.journal ] && [ ! -e x.h5.tmp ] || die "something was left behind: $(ls -d x.h5.*)"
done
