#!/usr/bin/env bash
# facesdist-distances against an independent computation: every metric and output, sizes about a tile's edge, hostile rows, all kinds of input.
# Time limit: 240 s
. "$(dirname "$0")/../tools/lib.sh"
cases=0
# oracle RESULT ARGUMENTS...: keeps the result for `judge`, which has all of them checked by one process.
oracle() { cases=$((cases + 1)); ln "$1" case.$cases.h5; echo "case.$cases.h5 ${*:2}" >>cases.list; }
judge() { "$python" "$source_dir/tests/tools/distances_oracle.py" --cases cases.list || die "the oracle differs"; rm -f case.*.h5 cases.list; }
"$python" - <<'EOF2'
import h5py, numpy as np
r = np.random.default_rng(7)
for n in (0, 1, 2, 511, 512, 513, 1025):
    np.save('n%d.npy' % n, r.standard_normal((n, 3), dtype=np.float32))
for d in (1, 128, 512, 2048):
    np.save('d%d.npy' % d, r.standard_normal((100, d), dtype=np.float32))
x = r.standard_normal((700, 32), dtype=np.float32)
x[100:140] = x[0]                                             # duplicates
x[140:160] = x[1] + 1e-6 * r.standard_normal((20, 32))        # near-duplicates
x[160:170] *= 1e15                                            # huge norms
x[170:175] = 0
x[175:180, 3] = np.nan
x[180:183, 5] = np.inf
np.save('hostile.npy', x)
np.save('probes.npy', x[np.r_[0:5, 98:103, 138:145, 158:184]])
y = r.standard_normal((1300, 24))
np.save('wide.npy', y)
np.save('half.npy', y.astype(np.float16))
np.save('single.npy', y.astype(np.float32))
np.save('halfsingle.npy', y.astype(np.float16).astype(np.float32))
np.save('queries.npy', r.standard_normal((77, 24), dtype=np.float32))
np.save('fortran.npy', np.asfortranarray(y))
np.save('integers.npy', np.arange(12).reshape(4, 3))
with h5py.File('any.h5', 'w') as f:
    f.create_dataset('deep/rows', data=y.astype(np.float32), chunks=(100, 24), compression='gzip')
    f['wide'] = y
    f['named.npy'] = y
EOF2
for n in 0 1 2 511 512 513; do
    expect 0 facesdist-distances n$n.npy -o n.h5 --force --matrix full --topk 4 --radius 1.5 --histogram
    oracle n.h5 n$n.npy --k 4 --radius 1.5 --matrix
    expect 0 facesdist-distances n513.npy --queries n$n.npy -o n.h5 --force --matrix full --topk 4 --radius 1.5 --histogram
    oracle n.h5 n513.npy --queries n$n.npy --k 4 --radius 1.5 --matrix
    expect 0 facesdist-distances n$n.npy --queries n2.npy -o n.h5 --force --matrix full --topk 4 --radius 1.5 --histogram
    oracle n.h5 n$n.npy --queries n2.npy --k 4 --radius 1.5 --matrix
done
# large blocks, where no tile is stored: of 512 rows for many threads
for n in 512 513 1025; do
    expect 0 facesdist-distances n$n.npy -o n.h5 --force --matrix none --topk 4 --histogram --threads 3
    oracle n.h5 n$n.npy --k 4
done
for d in 1 128 512 2048; do
    expect 0 facesdist-distances d$d.npy -o n.h5 --force --matrix full --topk 150 --radius 2 --histogram
    oracle n.h5 d$d.npy --k 150 --radius 2 --matrix
done
for metric in euclidean sqeuclidean cosine inner; do
    expect 0 facesdist-distances hostile.npy -o $metric.h5 --metric $metric --matrix full --topk 60 --radius 0.5 --histogram
    oracle $metric.h5 hostile.npy --metric $metric --k 60 --radius 0.5 --matrix
    expect 0 facesdist-distances hostile.npy --queries probes.npy -o n.h5 --force --metric $metric --matrix full --topk 60 --radius 0.5 --histogram
    oracle n.h5 hostile.npy --queries probes.npy --metric $metric --k 60 --radius 0.5 --matrix
    expect 0 facesdist-distances single.npy -o n.h5 --force --metric $metric --matrix full --topk 7 --radius 0.9 --histogram
    oracle n.h5 single.npy --metric $metric --k 7 --radius 0.9 --matrix
    expect 0 facesdist-distances single.npy -o n.h5 --force --metric $metric --queries queries.npy --matrix full --topk 7 --radius 0.9 --histogram
    oracle n.h5 single.npy --queries queries.npy --metric $metric --k 7 --radius 0.9 --matrix
done
"$python" - <<'EOF2' || die "duplicates are not at distance 0, or rows that cannot be compared not flagged"
import h5py, numpy as np
f = h5py.File('euclidean.h5')
d, i = f['distances/topk/distance'][:], f['distances/topk/index'][:]
assert (d[100:140, :40] == 0).all() and (i[120, :40] == [0] + [k for k in range(100, 140) if k != 120]).all()
assert (f['rows/valid'][:] == 0).sum() == 8 and (h5py.File('cosine.h5')['rows/valid'][:] == 0).sum() == 13
EOF2
expect 0 facesdist-distances n513.npy -o n.h5 --force --matrix none --topk 3 --include-self --histogram
oracle n.h5 n513.npy --k 3 --own
judge

# the same rows from other files give the same bytes; the matrix beside them changes nothing
outputs="--matrix full --topk 9 --radius 4 --histogram"
expect 0 facesdist-distances single.npy -o single.h5 $outputs
cp wide.npy unnamed
for input in wide.npy unnamed any.h5:/deep/rows any.h5:/wide any.h5:/named.npy; do
    expect 0 facesdist-distances $input -o other.h5 --force $outputs
    same single.h5 other.h5
done
expect 0 facesdist-distances half.npy -o half.h5 $outputs
expect 0 facesdist-distances halfsingle.npy -o other.h5 --force $outputs
same half.h5 other.h5
expect 0 facesdist-distances single.npy -o other.h5 --force $outputs --precision f32
same single.h5 other.h5

# ranks, threads and memory
for ranks in 1 2 3 4; do
    expect 0 timeout 100 mpirun -np $ranks facesdist-distances single.npy -o other.h5 --force $outputs --threads $((1 + ranks % 2))
    same single.h5 other.h5
done
expect 0 facesdist-distances single.npy --queries queries.npy -o rectangle.h5 $outputs
expect 0 timeout 100 mpirun -np 3 facesdist-distances single.npy --queries queries.npy -o other.h5 --force $outputs --threads 1
same rectangle.h5 other.h5

# run again: nothing to do; with other rows or options: refused by name
expect 0 facesdist-distances single.npy -o single.h5 $outputs
says err 'already complete'
expect 1 facesdist-distances single.npy -o single.h5 --matrix full --topk 8 --radius 4 --histogram
says err 'topk.*--force|--force.*topk'
expect 1 facesdist-distances queries.npy -o single.h5 $outputs
says err 'rows'
# what cannot be is said
expect 1 facesdist-distances fortran.npy -o no.h5
says err 'Fortran order'
expect 1 facesdist-distances integers.npy -o no.h5
says err "'<i8', not '<f2', '<f4' or '<f8'"
expect 1 facesdist-distances any.h5:/nothing -o no.h5
says err 'no /nothing in it'
expect 1 facesdist-distances d128.npy --queries n2.npy -o no.h5
says err 'dimensions'
expect 1 facesdist-distances missing.npy -o no.h5
says err 'missing.npy'
"$python" -c "import numpy as np; np.save('flat.npy', np.zeros((5, 0), np.float32))"
expect 1 facesdist-distances flat.npy -o no.h5
says err 'no dimensions'
"$python" - <<'EOF2'
head = "{'descr': '<f4', 'fortran_order': False, 'shape': (0, %d), }" % (1 << 62)
open('vast.npy', 'wb').write(b'\x93NUMPY\x01\x00v\x00' + head.ljust(117).encode() + b'\n')
EOF2
expect 1 facesdist-distances vast.npy -o no.h5
says err 'vast.npy: rows of 4611686018427387904 dimensions'
expect 0 facesdist-distances n0.npy --forecast --topk 1
says out 'pairs +0$'
# the output is a file of its own; where a link leads, there need be none yet
mkdir folder
mkfifo pipe
expect 2 facesdist-distances n2.npy -o folder --force
says err 'is a folder'
expect 2 facesdist-distances n2.npy -o pipe --force
says err 'is a device or pipe'
expect 2 facesdist-distances n2.npy -o ''
says err 'not the name of a file'
cp any.h5 kept.h5
ln kept.h5 alias.h5
expect 2 facesdist-distances kept.h5:/wide -o alias.h5 --force
says err 'is a file that is read'
expect 2 facesdist-distances n513.npy --queries n2.npy -o n2.npy --force
says err 'is a file that is read'
cmp any.h5 kept.h5 || die "a file of rows was changed"
cp "$photos/group-of-2.jpg" picture
expect 2 facesdist-distances n2.npy -o picture --force
says err 'is a picture \(JPEG\), not a result'
expect 1 facesdist-distances n2.npy -o picture/no.h5
says err 'what should be its folder is none'
ln -s folder/link.h5 first.h5
ln -s behind.h5 folder/link.h5
expect 0 facesdist-distances n2.npy -o first.h5
expect 0 facesdist-distances n2.npy -o first.h5 --force --topk 1
[ -L first.h5 ] && [ -L folder/link.h5 ] && [ -f folder/behind.h5 ] || die "a link is not followed"
ln -s round.h5 round.h5
expect 2 facesdist-distances n2.npy -o round.h5
says err 'lead to no file'
expect 2 facesdist-distances single.npy -o no.h5 --ranks 3
says err '--ranks is for --forecast'
expect 2 facesdist-distances single.npy -o no.h5 --matrix none
says err 'nothing is wanted'
[ ! -e no.h5 ] && [ ! -e no.h5.tmp ] || die "a refused run left a file"
# a matrix no disk holds (fault 33): 16 TB
"$python" -c "import numpy as np; np.save('long.npy', np.zeros((2000000, 1), np.float32))"
expect 1 facesdist-distances long.npy -o no.h5 --matrix full --threads 1
says err 'needs 16.* TB .*--topk 50'
# forecast: exact bytes
expect 0 facesdist-distances single.npy --forecast --ranks 64 --topk 9 --threads 1
says out "matrix .* $((1300 * 1300 * 4)) bytes"
says out "nearest .* $((1300 * 9 * 12)) bytes"
says out '64 ranks of 1 threads'
"$python" - <<'EOF2' || die "the forecast's bytes are not those of the file"
import h5py
f = h5py.File('single.h5')
assert f['distances/full'].nbytes == 1300 * 1300 * 4 and sum(f['distances/topk/' + k].nbytes for k in ('index', 'distance')) == 1300 * 9 * 12
EOF2
# a result of the main job, with its faces that are not valid
job "$photos" -o faces.h5 --faces all --topk 5 --matrix full
expect 0 facesdist-distances faces.h5 -o again.h5 --topk 5 --matrix full --metric euclidean
expect 0 facesdist-distances faces.h5:/faces/embedding -o other.h5 --force --topk 5 --matrix full
same again.h5 other.h5
"$python" - <<'EOF2' || die "the program and the main job differ"
import h5py
a, b = h5py.File('faces.h5'), h5py.File('again.h5')
for name in ('full', 'topk/index', 'topk/distance'):
    assert a['distances/' + name][()].tobytes() == b['distances/' + name][()].tobytes(), name
EOF2
