#!/usr/bin/env bash
# Exit codes and messages of the frame that all programs share, alone and with ranks. Arguments: folder of the programs, source folder.
set -u
program=$1/test_main
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
bad=0

# check NAME WANTED_CODE COMMAND...: runs it into out and err
check() {
    name=$1 wanted=$2
    shift 2
    "$@" >out 2>err </dev/null
    code=$?
    [ $code = "$wanted" ] || { echo "$name: exit code $code, not $wanted"; cat out err; bad=1; }
}
# has FILE COUNT WORDS: so many lines of it contain the words
has() {
    [ "$(grep -cF -e "$3" "$1")" = "$2" ] || { echo "$name: not $2 lines with \"$3\" in $1:"; cat "$1"; bad=1; }
}

check plain 0 "$program"
has out 1 result
has err 1 "1 ranks are done"
check quiet 0 "$program" -q
[ ! -s err ] || { echo "quiet: $(cat err)"; bad=1; }
check help 0 "$program" --help
has out 1 "Usage: test_main"
[ ! -s err ] || { echo "help: $(cat err)"; bad=1; }
check version 0 "$program" --version
[ "$(wc -l <out)" = 1 ] || { echo "version: $(cat out)"; bad=1; }
check usage 2 "$program" --fial=0
has err 1 "test_main: error: unknown option --fial; did you mean --fail?"
[ ! -s out ] || { echo "usage: $(cat out)"; bad=1; }
check failure 1 "$program" --fail 0
has err 1 "test_main: error: the disk is gone"
has err 0 "test_main.c"
check trace 1 "$program" --fail 0 -v
has err 1 "tests/mpi/test_main.c:"
check "usage found late" 2 "$program" --fail 0 --how usage
check interrupted 75 "$program" --fail 0 --how interrupted
check strict 3 "$program" --fail 0 --how code
check "saved options" 0 "$program" --fail 0 --how=code --save-config saved.ini
check "read options" 3 "$program" --config saved.ini
check "no such config" 1 "$program" --config missing.ini

# Streams that are closed or full.
check "stderr closed" 0 bash -c '"$0" 2>&-' "$program"
has out 1 result
check "stdout closed" 0 bash -c '"$0" >&-' "$program"
check "all closed" 1 bash -c '"$0" --fail 0 <&- >&- 2>&-' "$program"
check "stdout full" 0 bash -c '"$0" >/dev/full' "$program"
check "help into closed" 1 bash -c '"$0" --help >&-' "$program"
check "help onto full" 1 bash -c '"$0" --help >/dev/full' "$program"
has err 1 "No space left"

# A terminal, by script(1), where there are pseudo-terminals (a bare chroot has none).
on_terminal() { TERM=xterm script -qec "$*" /dev/null; }
terminals=1
on_terminal true >/dev/null 2>&1 || { terminals=0; echo "SKIP: no pseudo-terminals here, progress on a terminal is not tested"; }
if [ $terminals = 1 ]; then
    check "progress" 0 on_terminal "$program"
    has out 1 "at work"
    check "no progress" 0 on_terminal "$program 2>/dev/null"
    has out 0 "at work"
fi

# A launcher that this MPI does not know starts tasks that each find themselves alone; one task is no such case.
check "foreign launcher" 1 env -u PMIX_RANK SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0 "$program"
has err 1 "4 tasks were launched"
check "foreign launcher, one task" 0 env SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0 "$program"

command -v mpirun >/dev/null || { echo "no mpirun: the rest is left out"; exit $bad; }
ranks() { timeout 50 mpirun -np "$@"; }
check "ranks" 0 ranks 3 "$program"
has out 1 result
has err 1 "3 ranks are done"
if [ $terminals = 1 ]; then
    check "ranks, progress" 0 on_terminal mpirun -np 2 "$program"
    has out 1 "at work"
    has out 1 "2 ranks are done"
    check "ranks, no progress" 0 on_terminal "mpirun -np 2 $program 2>/dev/null"
    has out 0 "at work"
fi
check "ranks, help" 0 ranks 3 "$program" --help
has out 1 "Usage: test_main"
check "ranks, usage" 2 ranks 3 "$program" --how=x
has err 1 "test_main: error: --how: "
for rank in 0 2; do
    check "ranks, failure of $rank" 1 ranks 3 "$program" --fail $rank
    has err 1 "the disk is gone"
    has err 1 "test_main: error: "
    check "ranks, failure that $rank keeps to itself" 1 ranks 3 "$program" --fail $rank --how alone
    has err 1 "nobody knows"
    check "ranks, interruption of $rank" 75 ranks 3 "$program" --fail $rank --how interrupted
    check "ranks, strict on $rank" 3 ranks 3 "$program" --fail $rank --how code
done
check "ranks, one stuck" 1 ranks 3 "$program" --fail 1 --how stuck
has err 1 "missing: rank 1 ("
check "ranks, streams closed" 0 bash -c 'timeout 50 mpirun -np 2 bash -c "\"$0\" 2>&- >&-"' "$program"
exit $bad
