#!/usr/bin/env bash
# facesdist-export: every table in every format, read back by Python; names that are hard to write down; whole or not at all; bounded memory.
. "$2/tests/tools/lib.sh"
"$python" -c 'import h5py, numpy' 2>/dev/null || skip "no python3-h5py"
oracle=$source_dir/tests/tools/export_oracle.py
"$python" "$oracle" make made.h5 || die "no input"

mkdir out.d
for table in images faces embeddings topk radius matrix; do
    for format in csv jsonl npy; do
        expect 0 facesdist-export made.h5 --table $table -o out.d/$table.$format
        says err "out.d/$table.$format: [0-9]+ rows of $table"
    done
done
"$python" "$oracle" check made.h5 out.d || die "what was read back is not what was written"
[ -z "$(find . -name '.facesdist-*')" ] || die "temporary files are left"

# Standard output, by name of the format, without the names; what has no rows.
expect 0 facesdist-export made.h5 --table topk
cmp -s out out.d/topk.csv || die "standard output differs from the file"
expect 0 facesdist-export made.h5 --table matrix --format npy
cmp -s out out.d/matrix.npy || die "standard output differs from the file"
expect 0 facesdist-export made.h5 --table radius --no-paths
says out '^first,second,distance.$'
"$python" - <<'END' || die "no input"
import h5py, numpy
with h5py.File('empty.h5', 'w') as f:
    f['faces/image'] = numpy.zeros(0, 'i8')
    f['distances/radius/indptr'] = numpy.zeros(1, 'i8')
    f['distances/radius/index'] = numpy.zeros(0, 'i8')
    f['distances/radius/distance'] = numpy.zeros(0, 'f4')
with h5py.File('hostile.h5', 'w') as f:
    f['images/path'] = [b'a.jpg', b'b.jpg']
    f['faces/image'] = numpy.array([0, 7, -3], 'i8')
    f['faces/box'] = numpy.zeros((3, 5), 'f4')
    f['distances/radius/indptr'] = numpy.array([0, 1, 1, 1], 'i8')
    f['distances/radius/index'] = numpy.zeros(4, 'i8')
    f['distances/radius/distance'] = numpy.zeros(4, 'f4')
    f['distances/topk/index'] = numpy.array([[99], [-9], [1 << 40]], 'i8')
    f['distances/topk/distance'] = numpy.zeros((3, 1), 'f4')
END
expect 0 facesdist-export empty.h5 --table radius
[ "$(cat out)" = $'first,second,distance\r' ] || die "an empty table is its head"
expect 0 facesdist-export empty.h5 --format jsonl
[ ! -s out ] || die "rows out of nothing"
expect 0 facesdist-export empty.h5 -o empty.npy
"$python" -c 'import numpy; assert numpy.load("empty.npy").shape == (0,)' || die "an empty array"

# Files that lie: errors, or fields without a name.
expect 1 facesdist-export hostile.h5
says err 'hostile.h5: /faces/box has not the shape'
expect 1 facesdist-export hostile.h5 --table radius
says err 'more pairs than its indptr'
"$python" -c "import h5py; h5py.File('hostile.h5', 'a')['distances/radius/indptr'][:] = 0, 3, 2, 4"
expect 1 facesdist-export hostile.h5 --table radius
says err 'indptr does not ascend'
expect 0 facesdist-export hostile.h5 --table topk --format jsonl
says out '"second":1099511627776,.*"second_path":null'
expect 1 facesdist-export hostile.h5 --table matrix
says err 'no /distances/full'
expect 1 facesdist-export empty.h5 --table topk -o x.csv
says err 'make it with --topk'
expect 1 facesdist-export absent.h5
expect 1 facesdist-export out.d/topk.csv

# Whole or not at all: what was there stays, nothing is left beside it.
echo before >kept.csv
( ulimit -f 1; expect 1 facesdist-export made.h5 --table matrix --no-paths -o kept.csv ) || exit 1
says err 'cannot write kept.csv: File too large'
expect 1 facesdist-export made.h5 --table matrix -o no/such/folder.csv
expect 2 facesdist-export made.h5 -o made.h5
expect 2 facesdist-export made.h5 --format csv -o made.h5
says err 'made.h5 is the result itself'
held pwrite ' (deleted)'   # the process that reads never goes on: a signal ends it all the same
facesdist-export made.h5 --table topk -o kept.csv >out 2>err &
pid=$!
held_now
unheld
kill -TERM $pid
wait $pid
[ $? = 75 ] || { cat err; die "interrupted, but not 75"; }
let_go
kill -0 "$holder" 2>/dev/null && die "its reader is left"
says err 'nothing was written'
[ "$(cat kept.csv)" = before ] || die "the earlier file is gone"
[ -z "$(find . -name '.facesdist-*')" ] || die "temporary files are left"
if [ -w /dev/full ]; then
    facesdist-export made.h5 >/dev/full 2>err
    [ $? = 1 ] || die "a full disk behind standard output"
    says err 'standard output: No space left'
fi

# A link stays a link, an odd ending needs a word, Parquet is refused with a way out.
ln -s kept.csv link.csv
expect 0 facesdist-export made.h5 -o link.csv
[ -L link.csv ] && cmp -s kept.csv out.d/faces.csv || die "the link"
expect 2 facesdist-export made.h5 -o x.txt
says err 'which format'
expect 0 facesdist-export made.h5 -o x.txt --format jsonl
cmp -s x.txt out.d/faces.jsonl || die "--format"
expect 1 facesdist-export made.h5 -o x.parquet
says err 'Parquet is not in this build.*CSV'
expect 1 facesdist-export made.h5 --format parquet

# Memory does not grow with the table: 80 MB of it, and the process stays far below.
if [ -z "${FACESDIST_SANITIZED:-}" ]; then
    "$python" "$oracle" large large.h5 40000 512
    "$python" - <<'END' || die "memory"
import resource, subprocess, numpy
subprocess.run(['facesdist-export', 'large.h5', '--table', 'embeddings', '-o', 'large.npy'], check=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
a = numpy.load('large.npy', mmap_mode='r')
assert a.shape == (40000, 512) and a[39999, 511] == numpy.float32(40000 * 512 - 1)
print('%.0f MB for 82' % peak)
assert peak < 64
END
fi

# A result of the main job.
job "$photos" --topk 3 --radius 1.1 -o faces.h5
expect 0 facesdist-export faces.h5 --table topk
says out 'people/p01/1.jpg,people/p01/[23].jpg.$'
