#!/usr/bin/env bash
# Fault 34: a model file that is missing, cut short, an HTML page or hostile: hash checked first, the file named.
. "$(dirname "$0")/../tools/lib.sh"
mkdir in && face in/a.jpg
pack=$source_dir/data/pack
fresh() { rm -rf bad && cp -r "$pack" bad; }
rehash() { sed -i "s/^$1 *=.*/$1 = $(sha256sum bad/$1 | cut -d' ' -f1)/" bad/pack.ini; }
refused() { expect 1 facesdist in -o x.h5 --threads 1 --model bad; says err "$1"; [ ! -e x.h5 ] || die "a result was written"; }
fresh && rm bad/rnet.onnx && refused 'rnet\.onnx'
fresh && head -c 1000 "$pack/onet.onnx" >bad/onet.onnx && refused 'onet\.onnx'
fresh && echo '<!DOCTYPE html><html>404</html>' >bad/embedder.onnx && refused 'embedder\.onnx.*HTML'
rehash embedder.onnx && refused 'embedder\.onnx'
fresh && head -c 1000 "$pack/onet.onnx" >bad/onet.onnx && rehash onet.onnx && refused 'onet\.onnx'
fresh && "$python" -c "open('bad/pnet.onnx','wb').write(b'\x3a\xff\xff\xff\xff\x0f' + b'\x3a\x80' * 50000)" && rehash pnet.onnx && refused 'pnet\.onnx'
fresh && rm bad/pack.ini && refused 'pack\.ini'
fresh && sed -i 's/^input .*/input = 112/' bad/pack.ini && refused 'pack\.ini.*input'
expect 1 facesdist in -o x.h5 --threads 1 --model nowhere
says err 'nowhere'
