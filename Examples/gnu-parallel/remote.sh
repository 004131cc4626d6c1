#!/bin/sh
# The same over several machines that can be reached by ssh, have `sample` on their PATH and see the folder that is given:
#
#   remote.sh /shared/out 2/node1,2/node2      two parts at a time on each
set -eu

out=$1
machines=$2
parallel --sshlogin "$machines" --joblog parallel.log --retries 3 \
  sample --count 100000 --seed 1 --threads 2 --shard '{}/16' --resume --quiet --out "$out/%06d.png" \
  ::: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
