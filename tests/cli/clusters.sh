#!/usr/bin/env bash
# --clusters: groups of the pairs within the radius, against a search of the stored pairs; the same for any number of ranks.
. "$2/tests/tools/lib.sh"
"$python" -c 'import h5py, numpy' 2>/dev/null || skip "no python3-h5py"
"$python" - <<'END' || die "no input"
import numpy as np
random = np.random.default_rng(3)
people = np.repeat(np.arange(120), random.integers(1, 20, 120))
rows = random.standard_normal((120, 24))[people] * 4 + random.standard_normal((len(people), 24)) * 0.5
order = random.permutation(len(people))
rows, people = rows[order].astype(np.float32), people[order]
rows[[7, 300]] = np.nan
people[[7, 300]] = -1
np.save('rows.npy', rows)
np.save('people.npy', people)
END

for method in connected chinese-whispers; do
    expect 0 facesdist-distances rows.npy -o $method.h5 --matrix none --radius 5.5 --clusters $method --threads 1
    expect 0 mpirun -np 3 facesdist-distances rows.npy -o ranks.h5 --matrix none --radius 5.5 --clusters $method --threads 2
    same $method.h5 ranks.h5
    rm ranks.h5
done

"$python" - <<'END' || die "the groups are not those of the pairs"
import sys, h5py, numpy as np

def read(path):
    with h5py.File(path) as f:
        r = f['distances/radius']
        return r['indptr'][:], r['index'][:], f['clusters/label'][:], f['clusters/size'][:], dict(f['clusters/label'].attrs)

def number(groups):
    """Any names of groups -> 0.., the largest first, of equal ones the earlier; -1 stays."""
    first, size = {}, {}
    for i, g in enumerate(groups):
        if g >= 0:
            first.setdefault(g, i)
            size[g] = size.get(g, 0) + 1
    order = sorted(first, key=lambda g: (-size[g], first[g]))
    place = {g: k for k, g in enumerate(order)}
    return np.array([place.get(g, -1) for g in groups]), np.array([size[g] for g in order])

people = np.load('people.npy')
start, index, label, size, attributes = read('connected.h5')
component = np.full(len(people), -1)
for i in np.flatnonzero(people >= 0):
    if component[i] < 0:
        component[i], to_do = i, [i]
        while to_do:
            k = to_do.pop()
            for j in index[start[k]:start[k + 1]]:
                if component[j] < 0:
                    component[j] = i
                    to_do.append(j)
wanted, sizes = number(component)
if not (np.array_equal(label, wanted) and np.array_equal(size, sizes)):
    sys.exit('connected components')
if attributes['method'] not in (b'connected', 'connected') or 'seed' in attributes:
    sys.exit('attributes of the components')
wanted, sizes = number(people)   # people are far apart and close within
start, index, label, size, attributes = read('chinese-whispers.h5')
if not (np.array_equal(label, wanted) and np.array_equal(size, sizes)):
    sys.exit('chinese whispers')
if attributes['seed'] not in (b'1', '1'):
    sys.exit('the seed is not recorded')
END

# Nobody, one, and what does not go together.
"$python" -c 'import numpy as np; np.save("none.npy", np.zeros((0, 4), np.float32)); np.save("one.npy", np.ones((1, 4), np.float32))'
for rows in none one; do
    for method in connected chinese-whispers; do
        expect 0 facesdist-distances $rows.npy -o $rows-$method.h5 --matrix none --radius 1 --clusters $method
    done
done
expect 2 facesdist-distances rows.npy -o x.h5 --clusters connected
says err 'needs --radius'
expect 2 facesdist-distances rows.npy -o x.h5 --queries rows.npy --radius 1 --clusters connected
says err 'not for --queries'
expect 2 facesdist-distances rows.npy -o x.h5 --radius 1 --clusters kmeans

# The main job takes the same options.
[ -d "$photos" ] || exit 0
expect 2 facesdist "$photos" -o faces.h5 --clusters connected
says err 'needs --radius'
job "$photos" --matrix none --radius 1.2 --clusters chinese-whispers -o faces.h5
"$python" - <<'END' || die "no groups of faces"
import h5py
with h5py.File('faces.h5') as f:
    if len(f["clusters/label"]) != len(f["faces/image"]) or f["clusters/size"][:].sum() != f["faces/valid"][:].sum():
        exit("labels and sizes do not add up")
END
