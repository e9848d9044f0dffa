#!/usr/bin/env bash
# All-gather, ring and panels: the same bytes for every way of exchange, number of ranks and threads, and budget of memory.
# Time limit: 240 s
. "$(dirname "$0")/../tools/lib.sh"
"$python" -c "
import numpy as np
r = np.random.default_rng(5)
x = r.standard_normal((3700, 20), dtype=np.float32)   # 8 blocks of 512 rows
x[1000:1030] = x[5]
x[2000, 3] = np.nan
np.save('rows.npy', x)
np.save('queries.npy', r.standard_normal((1100, 20), dtype=np.float32))
np.save('few.npy', r.standard_normal((600, 20), dtype=np.float32))"
outputs="--matrix full --topk 11 --radius 3.5 --histogram"
expect 0 facesdist-distances rows.npy -o one.h5 $outputs --threads 1
"$python" "$source_dir/tests/tools/distances_oracle.py" one.h5 rows.npy --k 11 --radius 3.5 --matrix || die "the oracle differs"
expect 0 facesdist-distances rows.npy --queries queries.npy -o rectangle.h5 $outputs --threads 1
expect 0 facesdist-distances few.npy -o few.h5 $outputs --threads 1
for ranks in 2 3 4; do
    run="timeout 100 mpirun -np $ranks facesdist-distances"
    for exchange in allgather ring; do
        expect 0 $run rows.npy -o part.h5 --force $outputs --exchange $exchange --threads $((1 + ranks % 2)) -v
        says err "rows get to the ranks by $([ $exchange = ring ] && echo a ring || echo an all-gather)"
        same one.h5 part.h5
        expect 0 $run rows.npy --queries queries.npy -o part.h5 --force $outputs --exchange $exchange --threads $((1 + ranks % 2))
        same rectangle.h5 part.h5
    done
    expect 0 $run few.npy -o part.h5 --force $outputs --exchange ring --threads 1   # more ranks than blocks
    same few.h5 part.h5
done
expect 0 facesdist-distances rows.npy -o part.h5 --force $outputs --exchange ring --threads 2   # a ring of one
same one.h5 part.h5
# a gallery smaller than the queries stays where it is
expect 0 facesdist-distances queries.npy --queries rows.npy -o rectangle.h5 --force $outputs --threads 1
expect 0 timeout 100 mpirun -np 3 facesdist-distances queries.npy --queries rows.npy -o part.h5 --force $outputs --exchange ring --threads 1
same rectangle.h5 part.h5
# more pairs than the buffers hold: they go by way of the disk
"$python" -c "
import numpy as np
np.save('dense.npy', np.load('rows.npy')[:1900])"
expect 0 facesdist-distances dense.npy -o dense.h5 --matrix none --radius 100 --threads 1
"$python" "$source_dir/tests/tools/distances_oracle.py" dense.h5 dense.npy --radius 100 --no-histogram || die "the oracle differs"
expect 0 timeout 100 mpirun -np 2 facesdist-distances dense.npy -o part.h5 --force --matrix none --radius 100 --threads 2
same dense.h5 part.h5
