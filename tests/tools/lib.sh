# What test scripts share. Sourced with the script's arguments: BIN_DIR SOURCE_DIR. Leaves the script in an empty folder that goes with it.
set -u
bin=$(cd "$1" && pwd)
source_dir=$(cd "$2" && pwd)
export PATH="$bin:$PATH" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
photos=$source_dir/data/photos
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
python=/usr/bin/python3

die() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "SKIP: $*"; exit 77; }

# expect CODE command...: runs it, output in ./out and ./err; its exit code must be CODE.
expect()
{
    local wanted=$1
    shift
    "$@" >out 2>err
    local got=$?
    [ "$got" = "$wanted" ] || { cat out err >&2; die "exit code $got, not $wanted: $*"; }
}
# says FILE REGEX: FILE (out or err) has such a line.
says() { grep -qE -- "$2" "$1" || { cat "$1" >&2; die "$1 lacks: $2"; }; }
# job ARGUMENTS...: the main job on one thread, quietly, without the matrix unless asked for; exit code 0.
job() { expect 0 facesdist --threads 1 "$@"; }
# same A B: equal outside /run.
same() { facesdist-compare "$1" "$2" >compare.out 2>&1 || { cat compare.out >&2; die "$1 and $2 differ"; }; }
# ranks N ARGUMENTS...: the main job on N ranks in the background; mpirun is process $pid, rank R the one that ./victim.R names. Others run the same
# program beside this test: nothing is ever ended by its name.
ranks()
{
    local n=$1
    shift
    rm -f victim.*
    mpirun -np "$n" sh -c 'echo $$ >victim.$OMPI_COMM_WORLD_RANK; exec facesdist "$@"' sh "$@" >out 2>err &
    pid=$!
}
# held CALL NAME [AFTER [THREAD]]: from here on programs wait in their first such call on a file whose path ends so (see hold.c), once the file AFTER
# exists, in a thread of that name, until `let_go`. held_now: waits until one has got there; its process number is $holder. unheld: programs that are started from here on are not held.
held()
{
    export HOLD_CALL=$1 HOLD_NAME=$2 HOLD_MARK=$scratch/held LD_PRELOAD=$bin/hold.so
    rm -f "$HOLD_MARK.claimed"
    [ -z "${3:-}" ] || export HOLD_AFTER=$3
    [ -z "${4:-}" ] || export HOLD_THREAD=$4
}
# full PATTERN BYTES command...: the command, for which there is no room for more than BYTES in files whose paths are like PATTERN (see full.c).
full() { FULL_FILES=$1 FULL_BYTES=$2 LD_PRELOAD=$bin/full.so "${@:3}"; }
[ -z "${FACESDIST_SANITIZED:-}" ] || export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0   # for what is preloaded
held_now()
{
    until [ -s "$HOLD_MARK" ]; do kill -0 $pid 2>/dev/null || { cat out err; die "the run ended before it could be held"; }; sleep 0.01; done
    holder=$(cat "$HOLD_MARK")
}
# told FILE REGEX: waits until process $pid has written such a line.
told() { until grep -qE -- "$2" "$1"; do kill -0 $pid 2>/dev/null || { cat "$1" >&2; die "the run ended and never said: $2"; }; sleep 0.01; done; }
# tell SIGNAL PROCESS: comes back when it has arrived, however busy the machine: else a process that is let go may be through before it.
tell()
{
    kill -"$1" "$2"
    while grep -qsE '^(Shd|Sig)Pnd:[[:space:]]*0*[1-9a-f]' "/proc/$2/status"; do sleep 0.01; done
    sleep 0.1   # from its delivery to the handler's first instruction
}
let_go() { rm -f "$HOLD_MARK"; }
# Kills the run that is held ($pid), and lets go what comes after it.
kill_held() { unheld; held_now; kill -9 $pid; wait $pid; let_go; }
unheld() { unset HOLD_CALL HOLD_NAME HOLD_AFTER HOLD_THREAD LD_PRELOAD; }
# of FILE.h5 KEY FIELD: a field of /images of one image: status (by name), faces, flags, detail, duplicate_of (as a key).
of()
{
    "$python" - "$@" <<'EOF'
import sys, os, h5py
path, key, field = sys.argv[1:4]
key = os.fsencode(key)
with h5py.File(path, 'r') as f:
    keys = [k if isinstance(k, bytes) else k.encode('utf-8', 'surrogateescape') for k in f['images/path'][:]]
    if key not in keys:
        print('absent')
        sys.exit()
    i = keys.index(key)
    v = f['images/' + field][i]
    if field == 'status':
        names = {n: k for k, n in h5py.check_enum_dtype(f['images/status'].dtype).items()}
        print(names[v])
    elif field == 'duplicate_of':
        print(os.fsdecode(keys[v]) if v >= 0 else 'none')
    elif field == 'size':
        print('%dx%d' % tuple(v))
    else:
        print(v.decode() if isinstance(v, bytes) else v)
EOF
}
# is FILE.h5 KEY FIELD VALUE
is() { local got; got=$(of "$1" "$2" "$3"); [ "$got" = "$4" ] || die "$1: $3 of $2 is '$got', not '$4'"; }
# A photograph with one face, as ./NAME
face() { cp "$photos/people/p01/1.jpg" "$1"; }
