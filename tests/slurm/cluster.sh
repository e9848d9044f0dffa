# shellcheck shell=bash disable=SC2154   # scratch and die are of the script that reads this
# A Slurm of two nodes on one machine: munged, slurmctld and two slurmd from Debian's packages, without systemd, each node in network, host name
# and mount namespaces of its own (a private /tmp and /dev/shm, or the MPI would take shared memory for its way between the nodes). Sourced by
# run.sh inside a process namespace: when that ends, all daemons and jobs end with it. Needs $scratch, an empty folder outside /tmp.
slurm=$scratch/slurm

# The names and the network of the controller, and a switch for the nodes.
make_network()
{
    printf '127.0.0.1 localhost\n10.77.0.1 ctl\n10.77.0.11 n1\n10.77.0.12 n2\n' >"$slurm/hosts"
    mount --bind "$slurm/hosts" /etc/hosts || return 1
    hostname ctl
    ip link set lo up
    ip link add br0 type bridge && ip addr add 10.77.0.1/24 dev br0 && ip link set br0 up || return 1
}

# start_node I: slurmd of node I, in namespaces that it makes.
start_node()
{
    local i=$1 node=n$1
    ip link add "port$i" type veth peer name "end$i" || die "no network for $node"
    ip link set "port$i" master br0 && ip link set "port$i" up
    # shellcheck disable=SC2016   # expanded inside
    ( unshare --net --uts --mount bash -c '
        hostname "$2"; echo $$ >"$3/pid"
        until ip link show "end$1" >/dev/null 2>&1; do sleep 0.05; done
        ip link set lo up; ip link set "end$1" name eth0; ip addr add "10.77.0.1$1/24" dev eth0; ip link set eth0 up
        mount -t tmpfs node /tmp; mount -t tmpfs node /dev/shm
        exec slurmd -D -f "$4" -N "$2" -L "$3/slurmd.log"' node "$i" "$node" "$slurm/$node" "$slurm/slurm.conf" >"$slurm/$node/out" 2>&1 & )
    until [ -s "$slurm/$node/pid" ]; do sleep 0.05; done
    ip link set "end$i" netns "$(cat "$slurm/$node/pid")"
}

# fail_node NAME: everything in it dies at once.
fail_node()
{
    local ns process
    ns=$(readlink "/proc/$(cat "$slurm/$1/pid")/ns/net")
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/ns/net")" != "$ns" ] || kill -9 "${process#/proc/}"
    done
    rm "$slurm/$1/pid"
}

write_configuration()
{
    mkdir -p "$slurm/state" "$slurm/munge" "$slurm"/n{1,2}/spool
    cat >"$slurm/slurm.conf" <<END
ClusterName=test
SlurmctldHost=ctl(10.77.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$slurm/munge/socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/%n/spool
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/%n/slurmd.pid
SlurmctldParameters=preempt_send_user_signal
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=2,sched_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
KillWait=30
MinJobAge=3600
GresTypes=gpu
NodeName=n1 NodeAddr=10.77.0.11 CPUs=4 Gres=gpu:2
NodeName=n2 NodeAddr=10.77.0.12 CPUs=4 Gres=gpu:2
PartitionName=normal Nodes=n1,n2 Default=YES MaxTime=60 PriorityTier=1 GraceTime=60
PartitionName=urgent Nodes=n1,n2 MaxTime=60 PriorityTier=9
END
    printf 'Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n' >"$slurm/gres.conf"   # Slurm counts device files; these are no GPUs
}

# munged refuses to serve others as root: it runs as the user that Debian's package makes, and owns its key.
start_munge()
{
    (umask 077 && head -c 1024 /dev/urandom >"$slurm/munge/key")
    chown -R munge: "$slurm/munge"
    chmod 755 "$slurm/munge"
    setpriv --reuid munge --regid munge --clear-groups munged --foreground --key-file="$slurm/munge/key" --socket="$slurm/munge/socket" \
        --pid-file="$slurm/munge/pid" --log-file="$slurm/munge/log" --seed-file="$slurm/munge/seed" >"$slurm/munge.out" 2>&1 &
    await 30 test -S "$slurm/munge/socket"
}

nodes_idle() { [ "$(sinfo -h -N -p normal -o %T | grep -c '^idle$')" = 2 ]; }

start_cluster()
{
    mkdir -p "$slurm"
    write_configuration
    export SLURM_CONF=$slurm/slurm.conf
    make_network || die "no network namespaces here"
    start_munge || die "munged does not start: $(cat "$slurm/munge.out")"
    slurmctld -D -L "$slurm/slurmctld.log" >"$slurm/slurmctld.out" 2>&1 &
    start_node 1
    start_node 2
    await 60 nodes_idle || { tail -n 20 "$slurm"/*.log "$slurm"/n?/*.log "$slurm"/n?/out >&2; die "the nodes do not come up"; }
}

# await SECONDS command...: until the command succeeds; 1 when it never does.
await()
{
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}
