#!/usr/bin/env bash
# Real photographs against the reference outputs: both sets face by face, verification on pairs, the box crops, and the ref engine on ten images.
# Needs the folder of packs, photographs and references (FACESDIST_SHARED); under sanitizers on a part of the images.
# Time limit: 600 s
. "$(dirname "$0")/../tools/lib.sh"
shared=${FACESDIST_SHARED:-$source_dir/../shared}
[ -d "$shared/reference" ] || skip "no reference outputs in $shared"
shared=$(cd "$shared" && pwd)
pack=$shared/models/mtcnn-mobilefacenet
some()   # SET STEP: every STEP-th photograph of a set, as a folder of links
{
    mkdir "$1" && ls "$shared/data/$1" | awk -v step="$2" 'NR % step == 1 || step == 1' | while IFS= read -r name; do ln -s "$shared/data/$1/$name" "$1/$name"; done
}
step=1
[ -z "${FACESDIST_SANITIZED:-}" ] || step=12
for set in humans lfw; do
    some $set $step
    job $set --model "$pack" --faces all --matrix none -o $set.h5
    expect 0 facesdist-compare $set.h5 "$shared/reference/$set.h5"
    says out "faces matched .*ok"
done
[ $step = 1 ] || exit 0
expect 0 "$python" "$source_dir/tests/tools/verify_pairs.py" lfw.h5 "$shared/data/lfw-pairs.tsv" 1.23 96.16
cat out
# ten images on the ref engine
mkdir ten && ls "$shared/data/humans" | head -10 | while IFS= read -r name; do ln -s "$shared/data/humans/$name" "ten/$name"; done
expect 0 facesdist ten --model "$pack" --faces all --matrix none --device ref --threads 2 -o ten.h5
expect 0 facesdist-compare ten.h5 "$shared/reference/humans.h5" --tolerance
# box crops at 160x160, margins 0 and 32, with a network of that input as the embedder
command -v xz >/dev/null || skip "the rest passed; the crops need xz"
for margin in 0 32; do
    mkdir box && cp "$pack"/?net.onnx box/ && xz -dc "$shared/reference/nets/facenet-arch.onnx.xz" >box/embedder.onnx
    sed -e 's/^input .*/input = 160x160/' -e 's/^crop .*/crop = box/' -e '/^resample/d' -e 's/^dim .*/dim = 512/' \
        -e "s/^embedder.onnx *=.*/embedder.onnx = $(sha256sum box/embedder.onnx | cut -d' ' -f1)/" \
        -e "/^crop /a margin = $margin" "$pack/pack.ini" >box/pack.ini
    job humans --model box --faces all --matrix none --save-crops -o crops.h5 --force
    expect 0 "$python" "$source_dir/tests/tools/compare_crops.py" crops.h5 "$shared/reference/crops.h5" "$margin"
    cat out
    rm -r box
done
