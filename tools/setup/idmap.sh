#!/usr/bin/env bash
# Lets root map the ids that unprivileged containers run as: newuidmap(1) asks subuid(5) and subgid(5) for root too, and
# a plain Debian grants it nothing. The range is the one of DEFAULT_IDMAP in apps/host-agent/src/drivers/lxc/lxc.driver.ts.
#
# Usage: tools/setup/idmap.sh          idempotent, root; a repeat takes milliseconds
set -euo pipefail

first=1000000
last=1065535

# granted FILE: does one of root's ranges hold all of ours?
granted() {
  [ -r "$1" ] && awk -F : -v first="$first" -v last="$last" \
    '($1 == "root" || $1 == "0") && $2 <= first && $2 + $3 > last { found = 1 } END { exit !found }' "$1"
}

if ! granted /etc/subuid; then
  echo "setup: granting root the user ids $first-$last in /etc/subuid"
  usermod --add-subuids "$first-$last" root
fi
if ! granted /etc/subgid; then
  echo "setup: granting root the group ids $first-$last in /etc/subgid"
  usermod --add-subgids "$first-$last" root
fi
