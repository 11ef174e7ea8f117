#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that Weft needs and this machine does not have. Nothing that a package brings
# along is started: Weft runs its own servers.
#
# Usage: tools/setup/packages.sh [PACKAGE...]          those, too (peers of a benchmark); a repeat takes milliseconds
set -euo pipefail

packages=(
  # guests
  lxc uidmap
  # the event bus
  nats-server
  # the stock client of the REST API
  lxd-client
  # images: read, unpack, build
  busybox-static squashfs-tools cpio tar gzip bzip2 xz-utils zstd dosfstools mtools fdisk e2fsprogs binutils acl attr
  # networks: Open vSwitch and OVN, their databases
  openvswitch-common openvswitch-switch ovn-common ovn-central ovn-host nftables ethtool kmod
  # zones: name servers that follow ours in tests, and what asks them
  bind9 bind9-dnsutils knot knot-dnsutils nsd pdns-server pdns-backend-sqlite3 sqlite3 ldnsutils dnsperf
  # the launcher
  util-linux procps iproute2 jq passwd
  "$@"
)

missing_packages() {
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
    awk -v wanted="${packages[*]}" '$1 == "installed" { have[$2] } END { n = split(wanted, names); for (i = 1; i <= n; i++) if (!(names[i] in have)) print names[i] }'
}

mapfile -t missing < <(missing_packages || true)
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "setup: these packages are missing: ${missing[*]}" >&2
  echo "setup: run this as root, or install them with: apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
command -v apt-get >/dev/null || { echo "setup: Debian or Ubuntu is needed; install by hand: ${missing[*]}" >&2; exit 1; }

# invoke-rc.d and deb-systemd-invoke ask this script before they start a service: 101 means no (policy-rc.d of Debian).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp "${TMPDIR:-/tmp}/weft-setup-XXXXXX.log")
apt() { apt-get -q -o DPkg::Lock::Timeout=600 "$@" >>"$log" 2>&1; }
install() { apt install -y --no-install-recommends "${missing[@]}"; }

echo "setup: installing ${missing[*]}"
if ! install; then
  echo "setup: refreshing the package lists"
  apt update || echo "setup: warning: the package lists could not be refreshed" >&2
  if ! install; then
    tail -n 20 "$log" >&2
    echo "setup: apt-get could not install the packages; the whole log is $log" >&2
    exit 1
  fi
fi
rm -f "$log"
