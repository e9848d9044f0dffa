#!/usr/bin/env bash
# Fault 18 in the distance stage: no room for the matrix, for its packed tiles, for pairs on their way, for the nearest rows: one clear error, exit 1, an
# earlier result as it was; and when there is room, the same command goes on.
. "$(dirname "$0")/../tools/lib.sh"
"$python" -c "
import numpy as np
np.save('rows.npy', np.random.default_rng(41).standard_normal((1000, 16), dtype=np.float32))"
expect 0 facesdist-distances rows.npy -o earlier.h5 --matrix none --topk 3
# fails PATTERN BYTES REASON OPTIONS...: on two ranks, without room for more in such files; then there is room
fails()
{
    expect 0 facesdist-distances rows.npy -o whole.h5 --force "${@:4}"
    cp earlier.h5 x.h5
    expect 1 full "$1" "$2" timeout 300 mpirun -np 2 facesdist-distances rows.npy -o x.h5 --force --threads 1 --checkpoint 0 "${@:4}"
    says err "facesdist-distances: error: .*$3"
    [ "$(grep -c 'facesdist-distances: error' err)" = 1 ] || { cat err; die "not one error"; }
    cmp -s earlier.h5 x.h5 || die "an earlier result was touched"
    rm x.h5
    expect 0 facesdist-distances rows.npy -o x.h5 "${@:4}"
    same whole.h5 x.h5
    [ ! -e x.h5.journal ] && [ ! -e x.h5.tmp ] || die "something was left behind: $(ls -d x.h5.*)"
}
fails '*/x.h5.tmp' 3000000 'x\.h5\.tmp: No space left on device: .* needed' --matrix full
fails '*/x.h5.tmp' 2000000 'x\.h5\.tmp: cannot write a chunk of /distances/full: No space left' --matrix full --compress
fails '*/tiles-*.part' 1000000 'tiles-.*No space left' --matrix full --compress
fails '*/pairs-*.part' 3000000 'pairs-.*No space left' --matrix none --radius 100
fails '*/x.h5.tmp' 6000000 'x\.h5\.tmp: No space left on device: .* needed' --matrix none --radius 100
fails '*/lists-*.part' 1000000 'lists-.*No space left' --matrix none --topk 450
fails '*/x.h5.tmp' 3000000 'x\.h5\.tmp: No space left on device: .* needed' --matrix none --topk 450
