#!/usr/bin/env bash
# Fault 31: more than one message or one write can carry. The programs run with messages of at most 1,000 bytes, where larger ones end the job, and on a file system that moves
# at most 1,000 bytes a call, as Linux moves at most 2 GiB; what is read back is what a run without such limits wrote. (The sizes of life: target test-large.)
. "$(dirname "$0")/../tools/lib.sh"
"$python" -c 'import numpy' 2>/dev/null || skip "no python3-numpy"
mkdir in
for k in 1 2 3 4 5 6; do cp "$photos/people/p0$k/1.jpg" in/a-name-that-makes-the-list-of-photographs-longer-than-one-message-$k.jpg; done
"$python" -c 'import numpy; numpy.save("rows.npy", numpy.random.default_rng(31).standard_normal((97, 40), "f4"))'
faces=(in --threads 1 --topk 3 --radius 1.4 --matrix full --histogram)
pairs=(rows.npy --threads 1 --topk 5 --radius 8 --matrix full --histogram)
job "${faces[@]}" -o whole.h5
expect 0 facesdist-distances "${pairs[@]}" -o pairs.h5

# cut N PROGRAM ARGUMENTS...: on N ranks, none of which may send what is too large, and all of which have had something to cut
cut()
{
    expect 0 mpirun -np "$1" "small-$2" "${@:3}"
    [ "$(grep -cE '^[1-9][0-9]* messages were pieces' err)" = "$1" ] || { cat err; die "nothing had to be cut: $*"; }
}
cut 3 facesdist "${faces[@]}" -o x.h5
same x.h5 whole.h5
for exchange in allgather ring; do
    cut 3 facesdist-distances "${pairs[@]}" --exchange $exchange --force -o y.h5
    same y.h5 pairs.h5
done

export SHORT_FILES="$scratch/*" SHORT_BYTES=1000
LD_PRELOAD=$bin/short.so expect 0 facesdist "${faces[@]}" -o short.h5
same short.h5 whole.h5
LD_PRELOAD=$bin/short.so expect 0 facesdist-distances "${pairs[@]}" -o short-pairs.h5
same short-pairs.h5 pairs.h5
LD_PRELOAD=$bin/short.so expect 0 facesdist-compare short.h5 whole.h5
LD_PRELOAD=$bin/short.so expect 0 facesdist-export short.h5 --table matrix -o short.npy
expect 0 facesdist-export whole.h5 --table matrix -o whole.npy
cmp short.npy whole.npy || die "an exported matrix that was written in pieces"
