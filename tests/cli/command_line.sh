#!/usr/bin/env bash
# Help and version on stdout with exit 0, wrong usage on stderr with exit 2 and the nearest option named, configuration files, lists, --demo.
. "$(dirname "$0")/../tools/lib.sh"
expect 0 facesdist --help
says out '--min-face'
[ ! -s err ] || die "--help spoke on stderr"
expect 0 facesdist --version
says out '^facesdist [0-9]'
expect 2 facesdist --thread 2 x
says err '--threads'
[ ! -s out ] || die "wrong usage spoke on stdout"
expect 2 facesdist --faces most x
says err 'largest'
expect 2 facesdist --threads zero x
expect 2 facesdist
expect 2 facesdist nowhere.jpg
says err 'nowhere.jpg'
expect 2 timeout 60 mpirun -np 2 facesdist --nonsense
[ "$(grep -c nonsense err)" = 1 ] || die "the ranks repeat each other"
expect 1 facesdist "$photos" -o x.h5 --device cuda
[ ! -e x.h5 ] || die "a result was written"
mkdir in && face in/a.jpg && face in/b.png && echo text >in/c.txt
# an INI file without arguments, written by --save-config
expect 0 facesdist in --output conf.h5 --threads 1 --faces all --save-config facesdist.ini
[ ! -e conf.h5 ] || die "--save-config ran the job"
expect 0 facesdist
job in -o plain.h5 --faces all
same conf.h5 plain.h5
expect 0 facesdist --config facesdist.ini -o over.h5 --faces best
is over.h5 a.jpg faces 1
# lists: a file and standard input
printf 'in/a.jpg\nin/b.png\n' >list
expect 0 facesdist --list list -o list.h5 --threads 1
is list.h5 in/a.jpg status ok
facesdist --list - -o stdin.h5 --threads 1 <list >out 2>err || die "--list -"
same list.h5 stdin.h5
job in -o glob.h5 --glob '*.jpg'
is glob.h5 b.png status absent
job --demo -o demo.h5
is demo.h5 people/p01/1.jpg status ok
job in -o kept.h5 --keep-journal
[ -d kept.h5.journal ] || die "the journal was not kept"
[ ! -e conf.h5.journal ] && [ ! -e conf.h5.tmp ] || die "something was left behind"
# no readable image at all
mkdir none && : >none/empty.jpg
expect 1 facesdist none -o none.h5
