#!/usr/bin/env bash
# Choosing the engine on machines without a usable GPU: every reason has words of its own, --device cuda is refused and never replaced, auto goes
# on with the processor and says why. Drivers and plugins are made up here; the program lies in a folder of its own, so that none of the build is
# found.
# Time limit: 120 s
. "$(dirname "$0")/../tools/lib.sh"
cc=${CC:-cc}
command -v "$cc" >/dev/null || skip "no C compiler"
for program in "$bin"/facesdist*; do   # the library is part of them
    ldd "$program" | grep -E 'lib(cuda|cudnn|cublas|nccl|nvidia|nvrtc|nvToolsExt)' && die "$program links what only GPUs need"
done
[ -z "${FACESDIST_SANITIZED:-}" ] || skip "the made-up driver is not instrumented"
mkdir -p home/bin home/lib/facesdist home/share
cp "$bin/facesdist" home/bin
ln -s "$source_dir/data" home/share/facesdist
program=$PWD/home/bin/facesdist
face one.jpg

# driver VERSION COUNT INIT: a libcuda.so.1 that says so, in ./driver.
driver()
{
    mkdir -p driver
    cat >driver.c <<END
int cuDriverGetVersion(int *v) { *v = $1; return 0; }
int cuInit(unsigned f) { (void)f; return $3; }
int cuDeviceGetCount(int *n) { *n = $2; return 0; }
END
    "$cc" -shared -fPIC -o driver/libcuda.so.1 driver.c || die "no driver could be made"
}
# refused REGEX: --device cuda fails with these words, and auto takes the processor with the same ones.
refused()
{
    expect 1 env LD_LIBRARY_PATH="$PWD/driver" "$program" one.jpg -o no.h5 --threads 1 --device cuda
    says err "engine cuda: .*$1"
    [ ! -e no.h5 ] || die "a result was written all the same"
    expect 0 env LD_LIBRARY_PATH="$PWD/driver" "$program" one.jpg -o yes.h5 --threads 1 --force
    says err "no GPU is used: engine cuda: .*$1"
    says err '^engine (cpu|ref): '
}

ls /dev/nvidia* >/dev/null 2>&1 && skip "this machine has a GPU"
mkdir driver
if ! ldconfig -p | grep -q libcuda.so.1; then
    expect 1 "$program" one.jpg -o no.h5 --device cuda
    says err 'engine cuda: there is no NVIDIA driver \(.*libcuda.so.1'
    expect 0 "$program" one.jpg -o yes.h5 --threads 1   # nothing was to be expected here
    grep -q GPU err && die "a machine without GPUs is told so"
    touch home/lib/facesdist/libfacesdist-cuda.so
    expect 0 "$program" one.jpg -o yes.h5 --threads 1 --force
    says err 'no GPU is used: engine cuda: there is no NVIDIA driver'
    rm home/lib/facesdist/libfacesdist-cuda.so
fi
expect 2 "$program" one.jpg --device cuda:x
expect 2 "$program" one.jpg --device cuda:

driver 11040 1 0
refused 'too old: it is made for CUDA 11\.4, this program needs one for 1[0-9]\.0 or newer'
driver 99000 0 0
refused 'sees no GPU .*one in MIG mode is seen by its instances only'
driver 99000 1 100
refused 'sees no GPU'
driver 99000 1 803
refused 'different versions'
driver 99000 1 999
refused 'cuInit gives error 999'
echo 'int nothing;' >driver.c && "$cc" -shared -fPIC -o driver/libcuda.so.1 driver.c
refused 'no NVIDIA driver: it lacks cuInit'

driver 99000 2 0
refused 'libfacesdist-cuda.so is not there'
expect 1 env LD_LIBRARY_PATH="$PWD/driver" "$program" one.jpg -o no.h5 --device cuda:2
says err 'there is no GPU 2: the driver sees 2'
echo 'void absent(void) {}' >absent.c && "$cc" -shared -fPIC -o libabsent.so absent.c
echo 'void absent(void); void facesdist_plugin(void) { absent(); }' >plugin.c
"$cc" -shared -fPIC -o home/lib/facesdist/libfacesdist-cuda.so plugin.c -L. -labsent
refused 'libfacesdist-cuda.so does not open: libabsent.so: cannot open'
echo 'int other;' >plugin.c && "$cc" -shared -fPIC -o home/lib/facesdist/libfacesdist-cuda.so plugin.c
refused 'is no plugin of facesdist'
echo 'const struct { int abi; const char *version; void *engine; } facesdist_plugin = {-1, "0", 0};' >plugin.c
"$cc" -shared -fPIC -o home/lib/facesdist/libfacesdist-cuda.so plugin.c
refused 'has interface -1'
abi=$(sed -n 's/.*FD_PLUGIN_ABI = \([0-9]*\).*/\1/p' "$source_dir/src/base/plugin.h")
echo "const struct { int abi; const char *version; void *engine; } facesdist_plugin = {$abi, \"0.0 x\", 0};" >plugin.c
"$cc" -shared -fPIC -o home/lib/facesdist/libfacesdist-cuda.so plugin.c
refused 'is of facesdist 0\.0 x, this program is'

# The toolkit's stub: a libcuda that is no driver.
stub=$(find /usr/local/cuda*/ -path '*stubs/libcuda.so' 2>/dev/null | head -n 1)
[ -n "$stub" ] || { echo "no toolkit: its stub is not tried"; exit 0; }
rm driver/libcuda.so.1 && ln -s "$stub" driver/libcuda.so.1
refused "is the CUDA toolkit's stub, no driver"
