#!/usr/bin/env bash
# The dependency direction of the house (README, "A tour of the source"): which room may include which, and where third-party headers may stand.
source_dir=$2
cd "$source_dir" || exit 1
bad=0

# allow ROOM REGEX: files of src/ROOM may include "REGEX..." and nothing else of the project.
allow()
{
    local lines
    lines=$(grep -rnE '^ *#include "' "src/$1" --include='*.[ch]' | grep -vE "#include \"($2)/")
    [ -z "$lines" ] || { echo "room $1 includes what it must not know:"; echo "$lines"; bad=1; }
}
allow base 'base'
allow data 'base|data'
allow engine 'base|engine|kernels' # and of kernels only the mathematics, but for engine/cuda:
lines=$(grep -rnE '^ *#include "kernels/' src/engine --include='*.[ch]' | grep -vE '^src/engine/cuda/|"kernels/math/')
[ -z "$lines" ] || { echo "kernels outside the cuda engine:"; echo "$lines"; bad=1; }
allow net 'base|engine|net'
allow face 'base|data|engine|net|face|kernels/math'
allow dist 'base|engine|dist'
allow comm 'base|comm'
allow store 'base|store'
allow run 'base|data|engine|net|face|dist|comm|store|run'

# only HEADER PLACES: <HEADER> may be included by files whose path matches PLACES alone.
only()
{
    local lines
    lines=$(grep -rnE "#include <($1)>" src jobs kernels --include='*.[ch]' --include='*.cu' | grep -vE "^($2)")
    [ -z "$lines" ] || { echo "<$1> outside its place:"; echo "$lines"; bad=1; }
}
only 'mpi.h' 'src/comm/'
only 'hdf5.*\.h|H5.*\.h' 'src/store/'
only '(oneapi/dnnl/)?dnnl.*\.h' 'src/engine/cpu/'
only 'jpeglib.h|png.h' 'src/data/'
only 'cuda_runtime.*\.h' 'kernels/|src/engine/cuda/|src/comm/nccl/'
only 'nvtx3/.*' 'src/engine/cuda/'
only 'cudnn.*\.h|cublasLt.h' 'src/engine/cuda/'
only 'openssl/.*' 'src/base/hash'
only 'onnx/.*|protobuf-c/.*' 'src/net/'
only 'nccl.h' 'src/comm/nccl/'
only 'zlib.h' 'src/store/'
only 'lib(av|sw|post)[a-z]*/.*' 'src/data/video_'
only 'cblas.h|openblas.*' 'src/run/bench/blas'

# Main programs are mains.
for main in jobs/*.c; do
    lines=$(grep -c '' "$main")
    [ "$lines" -le 60 ] || { echo "$main has $lines lines, 60 at most"; bad=1; }
    grep -nE '^ *#include "' "$main" | grep -vE '"run/' && { echo "$main knows more than src/run"; bad=1; }
done
exit $bad
