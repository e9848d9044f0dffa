#!/usr/bin/python3
"""Checks /distances of a result against NumPy in float64: distances_oracle.py RESULT EMBEDDINGS [options]; exit code 1 and a reason when they differ.
distances_oracle.py --cases FILE: such arguments on each line of a file, one process for all.
Ties and the edge of the radius are judged by the stored float32 values, whose error bound is stated where it is used."""
import argparse
import shlex
import sys

import h5py
import numpy as np


def load(path, name):
    if path.endswith('.npy'):
        return np.load(path)
    with h5py.File(path, 'r') as f:
        return f[name][:]


def pairs(x, y, metric):
    """All distances in float64, by differences for what is near: a block of rows at a time."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    out = np.empty((len(x), len(y)))
    with np.errstate(all='ignore'):
        if metric == 'cosine':
            x = x / np.linalg.norm(x, axis=1, keepdims=True)
            y = y / np.linalg.norm(y, axis=1, keepdims=True)
        for i in range(len(x)):
            if metric == 'inner':
                out[i] = y @ x[i]
            else:
                out[i] = ((y - x[i]) ** 2).sum(axis=1)
    return np.sqrt(out) if metric == 'euclidean' else out / 2 if metric == 'cosine' else out


def fail(*words):
    print('oracle:', *words)
    sys.exit(1)


def close(got, want, scale):
    """One rounding to float32 (half a unit in the last place, 2^-24) and the sum in double, with room: 2^-22 of the value; for the inner product,
    whose terms cancel, of the sum of their sizes (scale)."""
    with np.errstate(invalid='ignore'):
        return (np.abs(got - want) <= 2.0 ** -22 * np.maximum(np.abs(want), scale)) | (np.isinf(want.astype(np.float32)) & (got == want.astype(np.float32)))


def check_topk(f, d, usable, k, nearest_first, own, scale):
    index, value = f['distances/topk/index'][:], f['distances/topk/distance'][:]
    m, n = d.shape
    if index.shape != (m, k) or index.dtype != np.int64 or value.dtype != np.float32:
        fail('topk has shape', index.shape, index.dtype, value.dtype)
    for i in range(m):
        candidates = np.flatnonzero(usable[i] & (own | (np.arange(n) != i) if own is not None else True))
        count = min(k, len(candidates))
        if (index[i, count:] != -1).any() or not np.isnan(value[i, count:]).all() or (index[i, :count] < 0).any():
            fail('row', i, 'has', index[i], 'where', count, 'rows are to be had')
        got, at = value[i, :count].astype(np.float64), index[i, :count]
        if len(set(at)) != count or not np.isin(at, candidates).all():
            fail('row', i, 'names rows twice or wrong ones', at)
        if not close(got, d[i, at], scale).all():
            fail('row', i, 'distances', got, 'should be', d[i, at])
        sign = 1 if nearest_first else -1
        order = np.lexsort((at, sign * got))
        if (order != np.arange(count)).any():
            fail('row', i, 'is not in order', got, at)
        if count and count < len(candidates):
            rest = sign * d[i, np.setdiff1d(candidates, at)].min() if nearest_first else -d[i, np.setdiff1d(candidates, at)].max()
            if rest < sign * got[-1] - 2.0 ** -20 * max(abs(got[-1]), scale):
                fail('row', i, 'misses a nearer row', rest, got[-1])


def check_radius(f, d, usable, radius, nearest_first, symmetric, scale):
    indptr, index, value = (f['distances/radius/' + name][:] for name in ('indptr', 'index', 'distance'))
    m, n = d.shape
    if len(indptr) != m + 1 or indptr[0] != 0 or indptr[-1] != len(index) or len(index) != len(value):
        fail('indptr is wrong')
    margin = 2.0 ** -20 * max(abs(radius), scale)
    for i in range(m):
        at, got = index[indptr[i]:indptr[i + 1]], value[indptr[i]:indptr[i + 1]].astype(np.float64)
        if (np.diff(at) <= 0).any():
            fail('row', i, 'is not ascending')
        candidates = usable[i] & ((np.arange(n) != i) if symmetric else True)
        inside = candidates & (d[i] < radius - margin if nearest_first else d[i] > radius + margin)
        outside = ~candidates | (d[i] > radius + margin if nearest_first else d[i] < radius - margin)
        if not np.isin(np.flatnonzero(inside), at).all() or np.isin(at, np.flatnonzero(outside)).any():
            fail('row', i, 'has the wrong pairs')
        if not close(got, d[i, at], scale).all() or not ((got < np.float32(radius)) if nearest_first else (got >= np.float32(radius))).all():
            fail('row', i, 'has wrong distances')


def check_histogram(f, d, usable, symmetric):
    counts = f['distances/histogram'][:]
    low, high = (float(f['distances/histogram'].attrs[name]) for name in ('first edge', 'last edge'))
    take = usable.copy()
    if symmetric:
        take &= np.triu(np.ones(d.shape, bool), 1)
    values = d[take]
    if counts.sum() != take.sum():
        fail('the histogram counts', counts.sum(), 'of', take.sum(), 'pairs')
    edges = np.linspace(low, high, len(counts) + 1)
    if len(values) and (values.min() < low - 1e-5 * (high - low) or values.max() > high * (1 + 1e-4)):
        fail('values beyond the edges', values.min(), values.max(), low, high)
    eps = 1e-6 * (high - low)   # a value so near an edge may count on either side
    below = np.array([np.count_nonzero(values < e - eps) for e in edges[1:-1]])
    upto = np.array([np.count_nonzero(values < e + eps) for e in edges[1:-1]])
    got = np.cumsum(counts)[:-1]
    if ((got < below) | (got > upto)).any():
        fail('the histogram is wrong')


def matrix_bound(d, x, y, metric):
    """How far a value of the matrix may be off at most. With u = 2^-24 (half a unit in the last place of float32) a product of two rows, summed in any
    order, is off by at most dim * u * sum |x_i y_i| <= dim * u * (|x|^2 + |y|^2) / 2, and |x|^2 + |y|^2 - 2 x.y by dim + 8 times u times |x|^2 + |y|^2, with
    the roundings of norms and sums. It is taken where it is at least 1/64 of |x|^2 + |y|^2: relative to itself, 64 (dim + 8) u; below, the sum of squared
    differences has dim + 3 roundings of terms that do not cancel. A root halves a relative error and adds one rounding. Cosine: the same of rows of length 1.
    The inner product cancels: (dim + 8) u |x| |y|. Below float32's range of squares there is an absolute part."""
    u, terms = 2.0 ** -24, x.shape[1] + 8
    if metric == 'inner':
        return terms * u * np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)[None, :]
    return (33 if metric == 'euclidean' else 64) * terms * u * d + 1e-30


def check_matrix(f, d, usable, metric, symmetric, x, y):
    got = f['distances/full'][:].astype(np.float64)
    if got.shape != d.shape or (np.isnan(got) != ~usable).any():
        fail('the matrix has another shape or other NaN')
    if symmetric and ((got != got.T) & usable).any():
        fail('the matrix is not symmetric')
    if symmetric and metric != 'inner' and (np.diag(got)[np.diag(usable)] != 0).any():
        fail('the diagonal is not zero')
    if metric != 'inner' and (got[usable] < 0).any():
        fail('a distance is negative')
    with np.errstate(all='ignore'):
        counts = usable & np.isfinite(d.astype(np.float32))
        bound = matrix_bound(d, x, y, metric)
        error = np.abs(got - d)[counts]
        if (error > bound[counts]).any():
            fail('the matrix is off by', error.max(), 'of', bound[counts][(error - bound[counts]).argmax()])
        if not np.isinf(got[usable & ~counts]).all():
            fail('beyond float32 stands', got[usable & ~counts])
        # roundings are as often up as down: their sum grows with the root of their number
        share = error[bound[counts] > 0] / bound[counts][bound[counts] > 0]
        if len(share) > 1000 and np.sqrt((share ** 2).mean()) * np.sqrt(x.shape[1] + 8) > 1:
            fail('the matrix is off by', np.sqrt((share ** 2).mean()), 'of the bound in the mean')


def check(arguments):
    p = argparse.ArgumentParser()
    p.add_argument('result')
    p.add_argument('input')
    p.add_argument('--embeddings', default='/faces/embedding')
    p.add_argument('--queries')
    p.add_argument('--metric', default='euclidean')
    p.add_argument('--k', type=int)
    p.add_argument('--radius', type=float)
    p.add_argument('--matrix', action='store_true')
    p.add_argument('--own', action='store_true')
    p.add_argument('--no-histogram', action='store_true')
    a = p.parse_args(arguments)
    y = load(a.input, a.embeddings).astype(np.float32)
    symmetric = a.queries is None
    x = y if symmetric else np.load(a.queries).astype(np.float32)

    def valid(v):
        return np.isfinite(v).all(axis=1) & ((v != 0).any(axis=1) if a.metric == 'cosine' else True)

    usable = valid(x)[:, None] & valid(y)[None, :]
    d = pairs(x, y, a.metric)
    scale = 0 if a.metric != 'inner' or not usable.any() else np.abs(x[valid(x)]).max() * np.abs(y[valid(y)]).max() * x.shape[1]
    nearest_first = a.metric != 'inner'
    with h5py.File(a.result, 'r') as f:
        if a.k:
            check_topk(f, d, usable, a.k, nearest_first, (True if a.own else False) if symmetric else None, scale)
        if a.radius is not None:
            check_radius(f, d, usable, a.radius, nearest_first, symmetric, scale)
        if not a.no_histogram:
            check_histogram(f, d, usable, symmetric)
        if a.matrix:
            check_matrix(f, d, usable, a.metric, symmetric, x.astype(np.float64), y.astype(np.float64))


def main():
    if sys.argv[1] != '--cases':
        check(sys.argv[1:])
        return
    with open(sys.argv[2]) as cases:
        for line in cases:
            try:
                check(shlex.split(line))
            except SystemExit:
                print('case:', line)
                raise


main()
