#!/usr/bin/env bash
# cmake --install: what packagers get, into DESTDIR and another prefix; the tree works where it was put, and where it is moved to.
. "$2/tests/tools/lib.sh"
version=$(sed -n 's/^project(facesdist VERSION \([0-9.]*\) .*/\1/p' "$source_dir/CMakeLists.txt")
DESTDIR=$scratch/stage cmake --install "$bin/.." --prefix /opt/face >install.out 2>&1 || { cat install.out; die "cmake --install"; }
[ "$(ls stage)" = opt ] && [ "$(ls stage/opt)" = face ] || die "files outside the prefix: $(find stage -maxdepth 2)"
[ -z "$(find stage/opt/face -mindepth 1 -maxdepth 1 ! -name bin ! -name share ! -name 'lib*')" ] || die "an odd folder: $(ls stage/opt/face)"
mv stage/opt/face "moved tree"
tree=$PWD/"moved tree"

# Every program has its man page and completion, and nothing knows where it was built.
for program in "$tree"/bin/*; do
    name=${program##*/}
    [ -s "$tree/share/man/man1/$name.1" ] && [ -s "$tree/share/bash-completion/completions/$name" ] || die "$name without page or completion"
    [ "$("$program" --version | sed 's/ (.*//')" = "$name $version" ] || die "$name --version"
    readelf -d "$program" 2>/dev/null | grep -E 'RPATH|RUNPATH' && die "$name has a run path of its own"
done
# (but for the line numbers of CUDA kernels, which profilers read)
[ -n "${FACESDIST_SANITIZED:-}" ] || ! grep -rlF --exclude='libfacesdist-cuda*' -e "$source_dir/src/" -e "$source_dir/build" "$tree" || die "these files name the folder of the source"
for file in share/doc/facesdist/LICENSE share/doc/facesdist/README.md share/facesdist/pack/pack.ini share/facesdist/slurm/site.env; do
    [ -r "$tree/$file" ] || die "no $file"
done

# Data are found beside the program, through a link as well, whatever the folder of the caller.
mkdir elsewhere
ln -s "$tree/bin/facesdist" elsewhere/link
( cd elsewhere && expect 0 ./link --demo --glob 'one-face*' --threads 1 -o x.h5 ) || exit 1

# What it can do is said in lines "part: what".
expect 0 "$tree/bin/facesdist" --version --features
[ "$(head -n 1 out)" = "$("$tree/bin/facesdist" --version)" ] || die "--features does not begin with the version"
says out '^engine ref: '
says out '^ranks: (Open MPI|MPICH|Intel)'
says out '^exchange: (no )?NCCL'
says out '^results: HDF5 '
says out '^photographs: .*libpng '
cp out both
expect 0 "$tree/bin/facesdist" --features
cmp -s out both || die "--features alone says something else"
[ -z "$(sed 1d out | grep -vE '^[a-z]+( [a-z]+)?: .')" ] || die "a line of another form"
if [ -w /dev/full ]; then
    "$tree/bin/facesdist" --features >/dev/full 2>err
    [ $? = 1 ] || die "a full disk behind --features"
fi

# The module file, where there is a `module`. (Lmod cannot load any from a path with a blank.)
ln -s "$tree" moved
loaded=no
for init in /usr/share/modules/init/bash /usr/share/lmod/lmod/init/bash; do
    [ -r $init ] || continue
    loaded=yes
    env -i HOME="$scratch" PATH=/usr/bin:/bin bash -c '. "$3"; module use "$1/share/facesdist/modulefiles"; module load "facesdist/$2"
        [ "$(command -v facesdist)" = "$1/bin/facesdist" ] && [ "$FACESDIST_ROOT" = "$1" ] && module unload facesdist && [ -z "${FACESDIST_ROOT:-}" ]' \
        bash "$scratch/moved" "$version" $init >module.out 2>&1 || { cat module.out; die "the module file, by $init"; }
done
[ $loaded = yes ] || skip "the tree is right; neither Environment Modules nor Lmod is here to load its module file"
