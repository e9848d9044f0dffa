#!/usr/bin/env bash
# facesdist-eval: its figures against an oracle in NumPy that computes them by definition; names of images; what is refused.
. "$2/tests/tools/lib.sh"
"$python" -c 'import h5py, numpy' 2>/dev/null || skip "no python3-h5py"
oracle=$source_dir/tests/tools/eval_oracle.py
"$python" "$oracle" make . || die "no input"

for metric in euclidean sqeuclidean cosine inner; do
    file=made.h5
    [ $metric = cosine ] && file=fine.h5
    expect 0 facesdist-eval $file pairs.tsv --metric $metric --threshold 0.7 -o $metric.json --plot $metric.svg
    "$python" "$oracle" check $file pairs.tsv $metric.json || die "figures of $metric"
    "$python" -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' $metric.svg || die "not XML: $metric.svg"
    grep -qE 'href|<script|<image|@import' $metric.svg && die "the picture needs another file"
    says out '^TAR at FAR 1e-6 +n/a'
    says err 'pairs name an image that the result has not'
done

# The same again: the same bytes. A result that names no threshold says so.
expect 0 facesdist-eval made.h5 pairs.tsv --threshold 0.7 -o again.json --plot again.svg
cmp -s euclidean.json again.json || die "another run, other figures"
cmp -s euclidean.svg again.svg || die "another run, another picture"
expect 0 facesdist-eval made.h5 pairs.tsv -o none.json
says out '^accuracy +n/a  no threshold is known'
says err 'give --threshold'
says none.json '"at_threshold": null'

# A result of the main job brings metric and threshold; -v lists names that are not there.
"$python" - <<'END' || die "no run"
import h5py
with h5py.File('fine.h5', 'a') as f:
    f.create_group('run')
    f['run'].attrs['option metric'] = 'cosine'
    f['run'].attrs['model metric'] = 'cosine'
    f['run'].attrs['model threshold'] = '0.5'
END
expect 0 facesdist-eval -v fine.h5 pairs.tsv -o own.json
says out '^metric +cosine'
says out 'at 0.5 \(the model\)'
says err 'line [0-9]+: no image, or more than one, is called nobody.jpg'
expect 0 facesdist-eval fine.h5 pairs.tsv --metric euclidean
says out '^accuracy +n/a'
"$python" "$oracle" check fine.h5 pairs.tsv own.json || die "figures with the model's threshold"

# Refused: lines that are no pairs, a list of one kind, a curve of nothing, files that are not there.
printf 'a.jpg\tb.jpg\t1\na.jpg b.jpg 1\n' >bad.tsv
expect 1 facesdist-eval made.h5 bad.tsv
says err 'bad.tsv: line 2 is not'
printf 'a.jpg\tb.jpg\tyes\n' >bad.tsv
expect 1 facesdist-eval made.h5 bad.tsv
says err 'line 1 is not'
: >empty.tsv
expect 1 facesdist-eval made.h5 empty.tsv
says err '0 pairs of the same person and 0 of two persons'
expect 1 facesdist-eval made.h5 absent.tsv
says err 'error: cannot open absent.tsv'
expect 1 facesdist-eval absent.h5 pairs.tsv
says err 'error: absent.h5: No such'
expect 1 facesdist-eval pairs.tsv pairs.tsv
# A byte order mark is no part of the first name.
printf '\xef\xbb\xbf' | cat - pairs.tsv >marked.tsv
expect 0 facesdist-eval made.h5 pairs.tsv -o plain.json
expect 0 facesdist-eval made.h5 marked.tsv -o marked.json
cmp plain.json marked.json || die "a byte order mark changes the figures"
# What is read stays.
cp made.h5 kept.h5
expect 2 facesdist-eval made.h5 pairs.tsv -o made.h5
says err 'is a file that is read'
expect 2 facesdist-eval made.h5 pairs.tsv --plot ./pairs.tsv
expect 2 facesdist-eval made.h5 pairs.tsv -o one --plot one
cmp made.h5 kept.h5 || die "the result was written over"
expect 1 facesdist-eval made.h5 pairs.tsv -o no/such/folder.json
expect 2 facesdist-eval made.h5
expect 2 facesdist-eval made.h5 pairs.tsv --metric manhattan
says err 'euclidean'

# On photographs, against the threshold that the model pack brings.
model=$FACESDIST_SHARED/models/mtcnn-mobilefacenet
[ -d "$model" ] && [ -d "$FACESDIST_SHARED/data/lfw" ] || skip "the figures of made data are right; no photographs to go on with"
job "$FACESDIST_SHARED/data/lfw" --model "$model" --matrix none -o lfw.h5
expect 0 facesdist-eval lfw.h5 "$FACESDIST_SHARED/data/lfw-pairs.tsv" -o lfw.json
says out '^metric +euclidean'
says out 'at 1.23 \(the model\)'
"$python" "$oracle" check lfw.h5 "$FACESDIST_SHARED/data/lfw-pairs.tsv" lfw.json || die "figures of the photographs"
"$python" -c 'import json; e = json.load(open("lfw.json")); exit(e["auc"] < 0.99 or e["pairs"]["left_out"]["no_image"] != 0)' || die "the embeddings do not tell people apart"
