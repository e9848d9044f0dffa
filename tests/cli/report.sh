#!/usr/bin/env bash
# facesdist-report: one page that needs nothing beside itself; names of all kinds are text in it; pictures, neighbours and counts are the result's.
. "$2/tests/tools/lib.sh"
"$python" -c 'import h5py, numpy, PIL' 2>/dev/null || skip "no python3-h5py, python3-numpy or python3-pil"
check() { "$python" "$source_dir/tests/tools/page_check.py" "$@" >checked || die "$1"; }
pictures() { local n; n=$(cut -d' ' -f1 checked); [ "$n" "${@:2}" ] || die "$1 has $n pictures, not $*"; }

# The photographs where they were, moved, gone; crops instead of them; none at all.
cp -r "$photos" in
expect 0 mpirun -np 2 facesdist in -o a.h5 --threads 1 -q --faces all
mkdir elsewhere
expect 0 facesdist-report a.h5 -o a.html
check a.html a.h5
pictures a.html -gt 100
says a.html 'whose hashes are the recorded ones'
(cd elsewhere && expect 0 facesdist-report ../a.h5 -o b.html) || die "from another folder"
cmp -s a.html elsewhere/b.html || die "another page from another folder"
mv in moved
printf x >>moved/people/p01/1.jpg
expect 0 facesdist-report a.h5 -o gone.html
check gone.html a.h5
pictures gone.html -eq 0
says gone.html 'the photographs were not found'
expect 0 facesdist-report a.h5 -o moved.html --photos moved
check moved.html a.h5
pictures moved.html -gt 100
says moved.html 'their photograph is gone or was changed'
expect 0 facesdist-report a.h5 -o none.html --photos moved --no-pictures
check none.html a.h5
pictures none.html -eq 0
job moved -o crops.h5 --save-crops --topk 3 --histogram --radius 1.1 --clusters connected
rm -r moved
expect 0 facesdist-report crops.h5 -o crops.html --samples 5
check crops.html crops.h5
pictures crops.html -gt 20
says crops.html 'what the embedder saw'
says crops.html 'Cluster 0: '
says crops.html '^<p class="note">All [0-9]+ pairs.</p>'

# One face, ten thousand, many ranks: names that are markup, and a page that stays small.
for made in "1 1" "300 3" "10000 300"; do
    set -- $made
    "$python" "$source_dir/tests/tools/page_result.py" made.h5 "$1" "$2" || die "no result"
    expect 0 facesdist-report made.h5 -o made.html
    check made.html made.h5
    [ "$(stat -c %s made.html)" -lt 2000000 ] || die "$1 faces: a page of $(stat -c %s made.html) bytes"
done
says made.html 'The 64 of 300 ranks that took longest'

# Parts of a result, results of others.
"$python" -c 'import numpy as np; np.save("rows.npy", np.random.default_rng(1).standard_normal((50, 8)).astype(np.float32))'
expect 0 facesdist-distances rows.npy -o d.h5 --histogram -q
expect 0 facesdist-report d.h5 -o d.html
says d.html 'All 1225 pairs'
expect 0 facesdist-distances rows.npy -o inner.h5 --metric inner --histogram -q
expect 0 facesdist-report inner.h5 -o inner.html
says inner.html 'inner product</text>'
expect 0 facesdist-distances rows.npy -o full.h5 -q
expect 0 facesdist-report full.h5 -o full.html
says full.html 'neither embeddings nor a histogram'
"$python" -c '
import h5py
h5py.File("empty.h5", "w").close()
with h5py.File("wrong.h5", "w") as f:
    f["images/path"] = [b"a", b"b"]
    f["images/status"] = [0, 0, 0]'
expect 0 facesdist-report empty.h5 -o empty.html
expect 1 facesdist-report wrong.h5 -o wrong.html
says err '/images/status has 3 rows, not 2'
expect 1 facesdist-report absent.h5
head -c 4000 a.h5 >cut.h5
expect 1 facesdist-report cut.h5
[ -e report.html ] && die "a page of nothing"
cp a.h5 kept.h5
expect 2 facesdist-report a.h5 -o a.h5
expect 2 facesdist-report a.h5 -o ./a.h5
cmp -s a.h5 kept.h5 || die "the result was written over"
expect 1 facesdist-report a.h5 -o no/such/page.html
expect 2 facesdist-report
expect 2 facesdist-report a.h5 --samples 1000
