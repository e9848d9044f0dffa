#!/usr/bin/env bash
# facesdist-net: what it prints, writes and answers. Arguments: folder of the programs, source folder.
set -u
net=$1/facesdist-net pack=$2/data/pack
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

# expect EXIT_CODE PATTERN ARGUMENTS...: the extended regular expression must match a line of what is printed.
expect() {
    local code=$1 pattern=$2 got=0
    shift 2
    "$net" "$@" >out 2>err </dev/null || got=$?
    if [ $got != "$code" ] || ! cat out err | grep -qE -- "$pattern"; then
        echo "facesdist-net $*: exit code $got, wanted $code and /$pattern/; it printed"
        cat out err
        failed=1
    fi
}

expect 0 '^input +image 1x3x24x24$' info "$pack/rnet.onnx"
expect 0 '^output +prob 1x2$' info "$pack/rnet.onnx"
expect 0 ' Conv .* 1x16x22x22 +plain ' info "$pack/rnet.onnx" --device ref
expect 0 '^unsupported +none$' info "$pack/rnet.onnx" --batch 4
expect 0 '^box 1x4$' run "$pack/rnet.onnx"
expect 0 '^prob 5x2$' run "$pack/rnet.onnx" --batch 5 --output prob -o prob.npy
[ -s prob.npy ] || { echo "no prob.npy"; failed=1; }
expect 0 '^box 1x4x45x70$' run "$pack/pnet.onnx" --size 100x150 --output box
expect 0 '^box 1x4x45x70$' run "$pack/pnet.onnx" --size 100x150 --output box --no-fused --device ref
expect 0 '^min [0-9.]+ median [0-9.]+ max [0-9.]+ ms$' time "$pack/rnet.onnx" --runs 3 --threads 2 --batch 2
[ "$(wc -l <out)" = 1 ] || { echo "time prints more than a line"; failed=1; }

expect 1 'height|left open' info "$pack/pnet.onnx" --device ref
expect 2 'none of info, run, time' show "$pack/rnet.onnx"
expect 2 '--size wants HxW' run "$pack/pnet.onnx" --size 100
expect 2 "no output 'nose'" run "$pack/rnet.onnx" --output nose
expect 2 'usage|MODEL' info
expect 2 '--runs' time "$pack/rnet.onnx" --run 3x
expect 1 'gpu' info "$pack/rnet.onnx" --device gpu
expect 1 'no-such.onnx' info no-such.onnx
echo '<html>404</html>' >page.onnx
expect 1 'page.onnx: not an ONNX network but a web page' info page.onnx
head -c 5000 "$pack/rnet.onnx" >cut.onnx
expect 1 'cut short' run cut.onnx
sed 's/Softmax/Sofqmax/g' "$pack/rnet.onnx" >odd.onnx
expect 1 "^node '.*' \(Sofqmax\)$" info odd.onnx
expect 1 'operator Sofqmax is not supported' run odd.onnx
echo 'no array' >bad.npy
expect 1 'bad.npy: not a .npy file' run "$pack/rnet.onnx" --input bad.npy
cp "$pack/rnet.onnx" own.onnx
expect 2 'own.onnx is a file that is read' run own.onnx -o ./own.onnx
cmp "$pack/rnet.onnx" own.onnx || { echo "the network was written over"; failed=1; }
exit $failed
