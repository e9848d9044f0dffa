#!/usr/bin/env bash
# check_plugin.sh BIN_DIR SOURCE_DIR: the GPU plugin exports one symbol, takes nothing from the program but what cmake/plugin.symbols names, and opens
# with all its libraries. Skipped where it is not built.
. "$(dirname "$0")/lib.sh"
folder=$(dirname "$(find "$bin/.." -path '*/facesdist/libfacesdist-*.so' -not -path '*/CMakeFiles/*' | head -n 1)")
[ -d "$folder" ] && command -v nm >/dev/null || skip "no plugin is built"
for plugin in "$folder"/libfacesdist-*.so; do
    exported=$(nm -D --defined-only "$plugin" | awk '{print $3}')
    [ "$exported" = facesdist_plugin ] || die "$plugin exports $exported"
    for symbol in $(nm -D --undefined-only "$plugin" | awk '$2 ~ /^fd_/ {print $2}'); do
        grep -q "^ *$symbol;" "$source_dir/cmake/plugin.symbols" || die "$plugin wants $symbol, which the program does not give"
    done
done

# Profilers can name the source line of each kernel.
if [ -e "$folder/libfacesdist-cuda.so" ]; then
    grep -q -a nv_debug_line_sass "$folder/libfacesdist-cuda.so" || die "the kernels have no line numbers (-lineinfo)"
fi

# A driver that is none: the plugin opens, and its runtime finds that out.
[ -e "$folder/libfacesdist-cuda.so" ] || exit 0
[ -z "${FACESDIST_SANITIZED:-}" ] || exit 0
ls /dev/nvidia* >/dev/null 2>&1 && exit 0
mkdir driver
echo 'int cuDriverGetVersion(int *v) { *v = 99000; return 0; } int cuInit(unsigned f) { (void)f; return 0; } int cuDeviceGetCount(int *n) { *n = 1; return 0; }' >driver.c
"${CC:-cc}" -shared -fPIC -o driver/libcuda.so.1 driver.c || skip "no C compiler"
expect 1 env LD_LIBRARY_PATH="$PWD/driver:${LD_LIBRARY_PATH:-}" facesdist "$photos/people/p01/1.jpg" -o no.h5 --device cuda
says err 'engine cuda: GPU 0: .*cudaGetDeviceProperties'
