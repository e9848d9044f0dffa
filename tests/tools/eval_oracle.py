"""eval_oracle.py make FOLDER: two results and a list of pairs, random but fixed. eval_oracle.py check RESULT LIST JSON: computes all figures anew, with
NumPy and by definition (the area by comparing every pair of one kind with every pair of the other), and compares them with those in the file."""
import json
import sys

import h5py
import numpy as np


def make(folder):
    random = np.random.default_rng(7)
    images, dim = 400, 16
    people = random.integers(0, 60, images)
    centre = random.standard_normal((60, dim))
    keys, image, box, row, valid = [], [], [], [], []
    for i in range(images):
        keys.append('album/p%02d/%04d.jpg' % (people[i], i))
        faces = 0 if i % 37 == 5 else 1 + (i % 7 == 0)
        for f in range(faces):   # of two faces the second is larger; the first is a stranger
            side = 20 + 10 * f + random.random()
            stranger = faces == 2 and f == 0
            image.append(i)
            box.append((5, 5, 5 + side, 5 + side))
            row.append((random.standard_normal(dim) if stranger else centre[people[i]]) + 0.9 * random.standard_normal(dim))
            valid.append(i % 41 != 3)
    order = sorted(range(images), key=lambda i: keys[i].encode())
    place = {old: new for new, old in enumerate(order)}
    faces = sorted(range(len(image)), key=lambda f: (place[image[f]], f))
    fine = np.array(row, np.float32)
    coarse = np.round(fine * 4) / 4   # many equal distances, exactly computed; cosines are not
    for name, rows in ('made', coarse), ('fine', fine):
        with h5py.File('%s/%s.h5' % (folder, name), 'w') as f:
            f['images/path'] = np.array([keys[i] for i in order], dtype=h5py.string_dtype())
            f['faces/image'] = np.array([place[image[k]] for k in faces], np.int64)
            f['faces/box'] = np.array([box[k] for k in faces], np.float32)
            f['faces/embedding'] = rows[faces]
            f['faces/valid'] = np.array([valid[k] for k in faces], np.uint8)
    with open(folder + '/pairs.tsv', 'w') as out:
        out.write('# made by eval_oracle.py\n\n')
        for n in range(3000):
            i, j = random.integers(0, images, 2)
            if n % 3 == 0:
                j = random.choice(np.flatnonzero(people == people[i]))
            names = [keys[i], keys[j].split('/')[-1] if n % 5 == 0 else keys[j]]
            if n % 500 == 499:
                names[1] = 'nobody.jpg'
            if n % 11 == 0:
                names[0] = '/somewhere/else/' + names[0]
            out.write('%s\t%s\t%d%s' % (*names, people[i] == people[j], '\r\n' if n % 9 == 0 else '\n'))


def read(result, path):
    """The list: for each line value_of's rows (or a reason), and whether it is one person."""
    with h5py.File(result) as f:
        keys = [k.decode() for k in f['images/path'][:]]
        image, box, row = f['faces/image'][:], f['faces/box'][:].astype(float), f['faces/embedding'][:].astype(float)
        valid = f['faces/valid'][:] if 'faces/valid' in f else np.ones(len(row))
    row[valid == 0] = np.nan
    area = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    largest = {}
    for k, i in enumerate(image):
        if i not in largest or area[k] > area[largest[i]]:
            largest[i] = k
    names = {k: i for i, k in enumerate(keys)}
    for i, k in enumerate(keys):
        names.setdefault(k.split('/')[-1], i)
    pairs = []
    with open(path, newline='\n') as list_:
        for line in list_:
            line = line.rstrip('\r\n')
            if not line or line.startswith('#'):
                continue
            a, b, same = line.split('\t')
            i, j = (names.get(n, names.get(n.split('/')[-1], -1)) for n in (a, b))
            if i < 0 or j < 0:
                pairs.append(('no_image', same == '1'))
            elif i not in largest or j not in largest:
                pairs.append(('no_face', same == '1'))
            else:
                x, y = row[largest[i]], row[largest[j]]
                pairs.append((('no_embedding' if np.isnan(x + y).any() else (x, y)), same == '1'))
    return pairs


def value(metric, x, y):
    if metric == 'cosine':
        return 1 - x @ y / np.sqrt((x @ x) * (y @ y))
    return {'euclidean': np.sqrt(((x - y) ** 2).sum()), 'sqeuclidean': ((x - y) ** 2).sum(), 'inner': x @ y}[metric]


def best_accuracy(score, same):
    """Of thresholds between all neighbouring scores, and beyond them."""
    s = np.unique(score)
    cuts = np.concatenate([[s[0] - 1], (s[1:] + s[:-1]) / 2, [s[-1] + 1]])
    right = [((score > c) == same).sum() for c in cuts]
    best = max(right)
    return best, cuts[max(i for i, r in enumerate(right) if r == best)]


def close(name, got, wanted, bound=1e-6):
    if got is None or not abs(got - wanted) <= bound:
        sys.exit('%s is %r, not %r' % (name, got, wanted))


def check_cross_validation(e, trials, length, sign):
    size = [length // 10 + (k < length % 10) for k in range(10)]
    end, accuracies = 0, []
    for k in range(10):
        first, end = end, end + size[k]
        inside = np.array([first <= t[0] < end for t in trials])
        score, same = np.array([t[1] for t in trials]), np.array([t[2] for t in trials])
        cut = best_accuracy(score[~inside], same[~inside])[1]
        accuracies.append(((score[inside] > cut) == same[inside]).mean())
        close('accuracy of fold %d' % k, e['cross_validation']['folds'][k]['accuracy'], accuracies[-1])
        if cut < score[~inside].max():   # else any threshold that accepts none is as good
            close('threshold of fold %d' % k, sign * e['cross_validation']['folds'][k]['threshold'], cut)
    close('accuracy, cross-validated', e['cross_validation']['accuracy'], np.mean(accuracies))
    close('standard error', e['cross_validation']['standard_error'], np.std(accuracies, ddof=1) / np.sqrt(10))


def check_curve(e, score, same):
    positive, negative = score[same], score[~same]
    greater, equal = (positive[:, None] > negative).sum(), (positive[:, None] == negative).sum()
    close('auc', e['auc'], (greater + equal / 2) / (len(positive) * len(negative)))
    cuts = np.unique(score)[::-1]
    tar = np.array([0] + [(positive >= c).mean() for c in cuts])
    far = np.array([0] + [(negative >= c).mean() for c in cuts])
    got_far, got_tar = np.array(e['roc']['far']), np.array(e['roc']['tar'])
    points = set(zip(np.round(far, 9), np.round(tar, 9)))
    if not all(p in points for p in zip(np.round(got_far, 9), np.round(got_tar, 9))):
        sys.exit('a point of the curve is not one')
    for x, y in zip(far, tar):   # every point lies on the lines between the corners
        if not np.any((got_far[:-1] <= x + 1e-12) & (x <= got_far[1:] + 1e-12) & (got_tar[:-1] <= y + 1e-12) & (y <= got_tar[1:] + 1e-12)):
            sys.exit('the curve passes by (%g, %g)' % (x, y))
    close('area under the corners', ((got_far[1:] - got_far[:-1]) * (got_tar[1:] + got_tar[:-1]) / 2).sum(), e['auc'])
    low, high = 0.0, 1.0   # where 1 - tar = far, by bisection on the curve's lines
    line = lambda x: np.interp(x, far, tar)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - line(middle) > middle else (low, middle)
    if np.all(np.diff(far) > 0) or line(low) + low <= 1 + 1e-9:   # on a vertical stretch interp has no single answer: bracket it
        close('eer', e['eer'], low)
    else:
        close('eer', e['eer'], low, 1 / len(negative))
    for k, level in enumerate(e['tar_at_far'], 1):
        close('level', level['far'], 10.0 ** -k, 1e-12)
        if len(negative) < 10 ** k:
            if level['tar'] is not None:
                sys.exit('a rate of 1e-%d cannot be told from %d pairs' % (k, len(negative)))
        else:
            close('tar at 1e-%d' % k, level['tar'], max(tar[np.round(far * len(negative)) <= len(negative) // 10 ** k]))


def check(result, path, figures):
    e = json.load(open(figures))
    pairs = read(result, path)
    for reason in ('no_image', 'no_face', 'no_embedding'):
        close(reason, e['pairs']['left_out'][reason], sum(p[0] == reason for p in pairs if isinstance(p[0], str)), 0)
    sign = 1 if e['metric'] == 'inner' else -1
    trials = [(n, sign * value(e['metric'], *p[0]), p[1]) for n, p in enumerate(pairs) if not isinstance(p[0], str)]
    score, same = np.array([t[1] for t in trials]), np.array([t[2] for t in trials])
    score = np.round(score, 12)   # sums in another order: what is equal is equal again
    trials = [(t[0], s, t[2]) for t, s in zip(trials, score)]
    close('pairs', e['pairs']['used'], len(trials), 0)
    close('same', e['pairs']['same'], same.sum(), 0)
    at = e['at_threshold']
    if at:
        close('accuracy', at['accuracy'], ((score > sign * at['threshold']) == same).mean())
    check_curve(e, score, same)
    check_cross_validation(e, trials, len(pairs), sign)


if sys.argv[1] == 'make':
    make(sys.argv[2])
else:
    check(*sys.argv[2:5])
