#!/usr/bin/env bash
# check_kernels.sh BIN_DIR SOURCE_DIR: the kernels' tests under ThreadSanitizer, which sees every access that no barrier orders; and mutants of the
# kernels (a barrier removed, a bound off by one), each of which some test must catch. Skipped where there is no C++ compiler.
# Time limit: 300 s
set -u
source=$(cd "$2" && pwd)
cxx=${CXX:-c++} cc=${CC:-cc}
"$cxx" --version > /dev/null 2>&1 || { echo "SKIP: no C++ compiler"; exit 77; }
[ -z "${FACESDIST_SANITIZED:-}" ] || { echo "SKIP: this build has other sanitizers; the optimised build runs it"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
common=(-O1 -g1 -ffp-contract=off -D_GNU_SOURCE "-I$source/tests/emu" "-I$source/tests" "-I$source/src" "-I$source")
fault() { echo "FAILED: $*" >&2; exit 1; }

# compile FILE OBJECT [FLAGS...]
compile()
{
    local file=$1 object=$2
    shift 2
    case $file in
    *.c) "$cc" -std=c17 "${common[@]}" "$@" -c "$file" -o "$object" ;;
    *) "$cxx" -std=c++17 "${common[@]}" "$@" -x c++ -c "$file" -o "$object" ;;
    esac || fault "$file does not compile"
}
# Two at a time.
started=0
start()
{
    "$@" &
    started=$((started + 1))
    [ $((started % 2)) = 1 ] || wait
}
# link TEST OUTPUT [MUTANT.o], which stands in for the kernel of its name
link()
{
    local objects=() object
    for object in kernel/*.o; do
        [ -n "${3:-}" ] && [ "$(basename "$object")" = "$(basename "$3")" ] || objects+=("$object")
    done
    "$cxx" -fsanitize=thread "test/$1.o" "${objects[@]}" ${3:-} emu.o cudart.o fibers.o fenced.o reference/*.o -Wl,--gc-sections -o "$2" -lcmocka -lm -pthread || fault "linking $2"
}

mkdir kernel test mutant reference
start compile "$source/tests/emu/emu.cpp" emu.o   # never instrumented: it tells the sanitizer what happens
start compile "$source/tests/emu/cudart.cpp" cudart.o
start compile "$source/tests/tools/fibers.cpp" fibers.o
start compile "$source/tests/tools/fenced.cpp" fenced.o
for file in "$source"/kernels/*.cu; do
    start compile "$file" "kernel/$(basename "$file" .cu).o" -fsanitize=thread
done
for file in "$source"/src/engine/ref/*.c "$source"/src/engine/{engine,host,sweep}.c "$source"/src/face/nms.c "$source"/src/base/{extents,memory,status}.c; do
    name=${file#"$source/src/"}   # what no test calls need not be there: sections that nobody reaches are dropped
    start compile "$file" "reference/${name//\//_}.o" -ffunction-sections -fdata-sections
done
for file in "$source"/tests/gpu/test_*.c; do
    start compile "$file" "test/$(basename "$file" .c).o"
done
wait
export TSAN_OPTIONS=halt_on_error=1 FACESDIST_BRIEF=1
for object in test/*.o; do
    name=$(basename "$object" .o)
    link "$name" "$name"
    "./$name" > said 2>&1 || { cat said >&2; fault "$name under ThreadSanitizer"; }
    echo "$name: no race"
done

# mutate KERNEL TEST SED: the kernel changed by SED must make TEST fail.
mutants=0
mutate()
{
    local file=mutant/$1.cu
    sed "$3" "$source/kernels/$1.cu" > "$file"
    cmp -s "$file" "$source/kernels/$1.cu" && fault "the mutation '$3' changes nothing of $1"
    compile "$file" "mutant/$1.o" -fsanitize=thread -w
    link "$2" mutated "mutant/$1.o"
    (timeout 60 ./mutated) > said 2>&1 && fault "$2 does not see the mutation '$3' of $1"
    mutants=$((mutants + 1))
}
mutate candidates test_rows '/^ *__syncthreads();$/d'
mutate candidates test_rows 's/mine < out.capacity/mine <= out.capacity/'
mutate sweep test_sweep '0,/^        __syncwarp();$/{//d}'
mutate nms test_rows '/^        __syncthreads();/d'
mutate nms test_rows 's/begin + stretch < n ? begin + stretch : n/begin + stretch/'
mutate sweep test_sweep 's/state.bound\[own\] = bound_of(s, at, row + own)/state.bound[own] = bound_of(s, at, row + own) + 0.1f/'
mutate distance test_sweep 's/__any_sync(FD_ALL_LANES, near != 0)/false/'
mutate box_crop test_pixels 's/k < t.span.count/k < t.span.count - 1/'
mutate pnet test_pnet '/^    first_layer/{n;d}'
mutate pnet test_pnet 's/(int32_t)f.image.width - 2/(int32_t)f.image.width - 1/'
mutate matmul test_matmul '0,/^        __syncthreads();$/{//d}'
mutate matmul test_matmul '/one is enough/d'
mutate matmul test_matmul 's/at + 1 < m.depth/at < m.depth/'
echo "$mutants mutants seen"
