#!/usr/bin/env bash
# Rows that do not fit into --memory are read panel by panel: the same bytes for every budget, and the process stays near it.
. "$(dirname "$0")/../tools/lib.sh"
"$python" -c "
import numpy as np
r = np.random.default_rng(3)
np.save('many.npy', r.standard_normal((9000, 400), dtype=np.float32))
np.save('queries.npy', r.standard_normal((600, 400), dtype=np.float32))"
outputs="--matrix none --topk 3 --radius 24 --threads 1"
expect 0 facesdist-distances many.npy -o all.h5 $outputs
expect 0 facesdist-distances many.npy --queries queries.npy -o rectangle.h5 $outputs --histogram
for memory in 84M 92M 1G; do
    expect 0 facesdist-distances many.npy -o part.h5 --force $outputs --memory $memory
    same all.h5 part.h5
    [ $memory = 1G ] || says err 'rows do not fit into --memory'
    expect 0 facesdist-distances many.npy --queries queries.npy -o part.h5 --force $outputs --histogram --memory $memory
    same rectangle.h5 part.h5
done
expect 0 timeout 100 mpirun -np 3 facesdist-distances many.npy -o part.h5 --force $outputs --memory 86M
same all.h5 part.h5
# one block of all rows, which are read in several pieces
expect 0 facesdist-distances many.npy -o all.h5 --force --matrix none --topk 3 --threads 1
expect 0 facesdist-distances many.npy -o part.h5 --force --matrix none --topk 3 --threads 1 --exchange ring
same all.h5 part.h5
expect 1 facesdist-distances many.npy -o no.h5 $outputs --memory 16M
says err 'takes .* of memory on each rank at least'
