#!/usr/bin/env bash
# The same bytes outside /run for 1 to 4 ranks, 1 and 2 threads, any batch and order of arrival; and every output together.
. "$(dirname "$0")/../tools/lib.sh"
job "$photos" -o one.h5 --faces all --save-crops --matrix full
expect 0 facesdist "$photos" -o threads.h5 --faces all --save-crops --matrix full --threads 2
same one.h5 threads.h5
expect 0 facesdist "$photos" -o batch.h5 --faces all --save-crops --matrix full --threads 1 --batch 1
same one.h5 batch.h5
for ranks in 1 2 3 4; do
    expect 0 timeout 100 mpirun -np $ranks facesdist "$photos" -o ranks.h5 --faces all --save-crops --matrix full --threads 1 --force
    same one.h5 ranks.h5
done
# what the pack finds in the photographs, computed elsewhere
expect 0 facesdist-compare one.h5 "$source_dir/data/expected.h5"
