#!/usr/bin/env bash
# Draws a run as an array of a real Slurm, of two nodes on this machine, kills one of them midway, and compares what comes of it with
# a run in one piece.
#
# usage: slurm-check.sh SAMPLE_BINARY, as root
#
# Needs Debian's slurmctld, slurmd, slurm-client and munge. No daemon listens on another address than 127.0.0.1.
set -euo pipefail
SAMPLE=$(realpath "$1")
script=$(realpath "$(dirname "$0")/../../Examples/slurm/sample.sbatch")
D=$(mktemp -d)
export SAMPLE SLURM_CONF=$D/slurm.conf
COUNT=120
OUT=$D/out
export COUNT OUT

declare -A daemons=()
stop() {
  scancel --user=root 2> /dev/null || true
  for name in n1 n2 ctld munge; do
    if [ -n "${daemons[$name]:-}" ]; then kill "${daemons[$name]}" 2> /dev/null || true; fi
  done
  # They write until they are gone.
  for name in n1 n2 ctld munge; do
    if [ -n "${daemons[$name]:-}" ]; then wait "${daemons[$name]}" 2> /dev/null || true; fi
  done
  pkill -9 -f "$D" 2> /dev/null || true
  rm -rf "$D" 2> /dev/null || { sleep 1 && rm -rf "$D"; } || true
}
trap stop EXIT

# Calls a command until it succeeds, for at most so many seconds.
wait_for() {
  local seconds=$1
  shift
  for ((i = 0; i < seconds * 5; i++)); do
    if "$@" > /dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  echo "waited $seconds s in vain for: $*"
  tail -n 20 "$D"/log/* || true
  return 1
}

mkdir -p "$D"/{log,sock,pid,out,whole}
mkdir -m 700 "$D"/{munge,state,spool}
# The sockets' folder and those above it must be open to the daemons.
chmod 755 "$D" "$D/sock"
(umask 077 && dd if=/dev/urandom of="$D/munge/key" bs=128 count=1 status=none)
munged --foreground --force --socket="$D/sock/munge.socket" --key-file="$D/munge/key" --pid-file="$D/pid/munged.pid" \
  --log-file="$D/log/munged.log" --seed-file="$D/munge/seed" --num-threads=2 2> /dev/null &
daemons[munge]=$!
munge_works() { munge -n -S "$D/sock/munge.socket" | unmunge -S "$D/sock/munge.socket"; }
wait_for 10 munge_works

cat > "$SLURM_CONF" << CONF
ClusterName=local
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$D/sock/munge.socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool/%n
SlurmctldPidFile=$D/pid/slurmctld.pid
SlurmdPidFile=$D/pid/slurmd-%n.pid
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1
JobRequeue=1
RequeueExit=99
ReturnToService=2
SlurmdTimeout=10
SlurmctldTimeout=10
BatchStartTimeout=5
MessageTimeout=5
KillWait=3
InactiveLimit=0
MinJobAge=300
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=16821 CPUs=2 RealMemory=1000
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port=16822 CPUs=2 RealMemory=1000
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
setsid slurmctld -D -c > /dev/null 2>&1 &
daemons[ctld]=$!
controller_is_up() { scontrol ping | grep -q UP; }
wait_for 20 controller_is_up
start_node() {
  setsid slurmd -D -N "$1" > /dev/null 2>&1 &
  daemons[$1]=$!
}
start_node n1
start_node n2
nodes_are_idle() { [ "$(sinfo -h -N -o %T | grep -c -E '^(idle|mixed|allocated)$')" = 2 ]; }
wait_for 30 nodes_are_idle

flags=(--seed 5 --steps 50)
cd "$D"
sbatch --quiet --array=1-4 "$script" "${flags[@]}"
drawn() { find "$OUT" -name '[0-9]*.png' | wc -l; }
has_begun() { [ "$(drawn)" -ge 8 ]; }
wait_for 60 has_begun

before=$(drawn)
# The node's tasks die with it, in the middle of a step or of a file.
tasks=$(squeue -h -t RUNNING -w n1 -o %K)
kill -9 "${daemons[n1]}"
for task in $tasks; do pkill -9 -f -- "--shard $task/4" || true; done
scontrol update nodename=n1 state=down reason=killed
echo "n1 killed with $before of $COUNT images drawn and task(s) ${tasks//$'\n'/, } running on it"
start_node n1
scontrol update nodename=n1 state=resume 2> /dev/null || true

queue_is_empty() { [ -z "$(squeue -h)" ]; }
wait_for 150 queue_is_empty
"$SAMPLE" --count "$COUNT" "${flags[@]}" --quiet --out 'whole/%06d.png'
diff -r whole out
# "Requeuing JobId=…" where a task ends first, "requeue job … due to failure of node n1" where the node does.
requeued=$(grep -c -i "requeu" log/slurmctld.log || true)
echo "the array's $(drawn) images are those of a run in one piece; slurmctld speaks of requeueing $requeued times"
test "$requeued" -gt 0
