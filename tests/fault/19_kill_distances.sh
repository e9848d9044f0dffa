#!/usr/bin/env bash
# Faults 19 and 22 in the distance stage: a rank is killed at whatever moment, and the same command goes on, with any number of ranks and by any way of
# exchange, to the same bytes. KILLS: how many times (default 4).
# Time limit: 240 s
. "$(dirname "$0")/../tools/lib.sh"
kills=${KILLS:-4}
"$python" -c "
import numpy as np
r = np.random.default_rng(11)
x = r.standard_normal((5000, 96), dtype=np.float32)   # 10 blocks of 512 rows
x[4000:4100] = x[7]
x[3000, 3] = np.nan
np.save('rows.npy', x)"
ways=("1 --exchange auto" "2 --exchange ring" "3 --exchange allgather" "4 --exchange ring" "2 --memory 92M" "1 --memory 92M")
run() { timeout 100 mpirun -np "$1" sh -c 'echo $$ >victim.$OMPI_COMM_WORLD_RANK; exec facesdist-distances "$@"' sh rows.npy -o x.h5 $outputs --threads 1 --checkpoint 0 "${@:2}"; }

# kill_and_go_on TIMES BYTES: at a moment that moves on from kill to kill: when the log has grown by some parts of so many bytes, a record or two
kill_and_go_on()
{
    local killed=0 went_on=0 k job code start ranks
    rm -rf whole.h5 x.h5*
    expect 0 facesdist-distances rows.npy -o whole.h5 $outputs --threads 2
    for ((k = 0; k < 40 * $1 && killed < $1; k++)); do
        ranks=${ways[k % ${#ways[@]}]%% *}
        rm -f victim.*
        start=$(cat x.h5.journal/rank-00000.log 2>/dev/null | wc -c)
        run ${ways[k % ${#ways[@]}]} >out 2>err &
        job=$!
        until [ "$(cat x.h5.journal/rank-00000.log 2>/dev/null | wc -c)" -gt $((start + k * $2 / 3 % $2)) ] || ! kill -0 $job 2>/dev/null; do sleep 0.003; done
        kill -9 "$(cat victim.$((k * 7 / 3 % ranks)) 2>/dev/null)" 2>/dev/null && killed=$((killed + 1))
        wait $job
        code=$?
        grep -q 'going on' err && went_on=$((went_on + 1))
        if [ -e x.h5 ]; then   # whole, in spite of it all
            same whole.h5 x.h5
            rm -f x.h5
        elif [ $code = 0 ]; then
            cat err; die "no result and exit code 0"
        fi
    done
    [ $killed -ge "$1" ] || die "only $killed runs were killed"
    echo "$killed kills, $went_on runs went on from a checkpoint"
    expect 0 run 2
    same whole.h5 x.h5
    [ ! -e x.h5.journal ] && [ ! -e x.h5.tmp ] || die "something was left behind: $(ls -d x.h5.*)"
}
outputs="--matrix full --topk 6 --radius 11.5 --histogram --clusters connected"
kill_and_go_on "$kills" 20000
outputs="--matrix full --matrix-type f16 --compress --topk 6"
kill_and_go_on $((kills / 2)) 3000
