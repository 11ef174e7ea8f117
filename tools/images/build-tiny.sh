#!/bin/bash
# Builds `tiny`, the smallest useful system container: Debian's static busybox as shell, tools and
# (with a short script) init; about 1 MB.
#
#   build-tiny.sh OUTDIR        writes OUTDIR/tiny.tar.gz, a unified image: metadata.yaml and rootfs/
#
# The same busybox and SOURCE_DATE_EPOCH give the same bytes, so the image keeps its fingerprint on every host.
set -euo pipefail

out=${1:?usage: build-tiny.sh OUTDIR}
epoch=${SOURCE_DATE_EPOCH:-1700000000}
busybox=${BUSYBOX:-/bin/busybox}
arch=$(uname -m)

[ -x "$busybox" ] || { echo "build-tiny: $busybox is missing: apt-get install busybox-static" >&2; exit 1; }
mkdir -p "$out"
work=$(mktemp -d "$out/.tiny-XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/rootfs

umask 022
mkdir -p "$root"/{bin,sbin,etc,usr/bin,usr/sbin,proc,sys,dev,run,mnt,var/log,home}
install -d -m 0700 "$root/root"
install -d -m 1777 "$root/tmp" "$root/var/tmp"
ln -s ../run "$root/var/run"

install -m 0755 "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
  case $applet in
    busybox | init | '[' | '[[') ;;
    halt | poweroff | reboot) ln -s ../bin/busybox "$root/sbin/$applet" ;;
    *) ln -s busybox "$root/bin/$applet" ;;
  esac
done
ln -s busybox "$root/bin/["
ln -s ../../bin/env "$root/usr/bin/env"

# Process 1. busybox's own init sleeps for seconds on the way down and syncs every file system of the host; this one has
# its signals (init/init.c: USR1 halt, USR2 power off, TERM reboot; PWR and INT as LXC sends them) and leaves at once.
# Waiting for the shell also reaps whatever is orphaned.
cat >"$root/sbin/init" <<'INIT'
#!/bin/sh
leave() {
  trap '' HUP INT TERM USR1 USR2 PWR
  kill -TERM -1 2>/dev/null
  kill -HUP -1 2>/dev/null
  for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    set -- "$1" /proc/[0-9]*
    [ $# -gt 2 ] || break
    sleep 0.05
  done
  kill -KILL -1 2>/dev/null
  exec busybox "$1" -n -f
}
trap 'leave poweroff' USR1 USR2 PWR
trap 'leave reboot' TERM INT
trap '' HUP

# The runtime has set the host name; a root file system on its own still gets one.
[ "$(hostname)" != "(none)" ] || hostname -F /etc/hostname
hostname >/etc/hostname
printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n' "$(hostname)" >/etc/hosts
ip link set lo up 2>/dev/null
# Addresses: IPv6 comes by itself (router advertisements), IPv4 by DHCP, renewed for as long as the guest runs.
for path in /sys/class/net/*; do
  name=${path##*/}
  [ "$name" != lo ] && [ -e "$path/address" ] || continue
  # The network gives each its own address: no second of asking whether another has it, none before asking for the router.
  echo 0 >"/proc/sys/net/ipv6/conf/$name/dad_transmits"
  echo 0 >"/proc/sys/net/ipv6/conf/$name/router_solicitation_delay"
  ip link set "$name" up
  udhcpc -f -t 5 -T 1 -A 5 -O mtu -O search -i "$name" -x "hostname:$(hostname)" -s /etc/udhcpc.script >/dev/null 2>&1 </dev/null &
done

# A login shell that owns the console, again when the user leaves it.
while :; do
  setsid -c sh -l </dev/console >/dev/console 2>&1 &
  wait $!
  sleep 0.1
done
INIT
chmod 0755 "$root/sbin/init"
install -m 0755 "$(dirname "$0")/tiny-vm/root/etc/udhcpc.script" "$root/etc/udhcpc.script"

echo tiny >"$root/etc/hostname"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n' >"$root/etc/group"
printf 'root:*:19000:0:99999:7:::\n' >"$root/etc/shadow"
chmod 0640 "$root/etc/shadow"
printf '/bin/sh\n' >"$root/etc/shells"
cat >"$root/etc/profile" <<'PROFILE'
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=${HOME:-/root} TERM=${TERM:-vt100}
PS1='\u@\h:\w\$ '
PROFILE
version=$("$busybox" | sed -n '1s/^BusyBox v\([^ ]*\).*/\1/p')
cat >"$root/etc/os-release" <<OS
ID=tiny
NAME=Tiny
VERSION_ID=$version
PRETTY_NAME="Tiny (busybox $version)"
OS

case $arch in x86_64) name=amd64 ;; aarch64) name=arm64 ;; *) name=$arch ;; esac
cat >"$work/metadata.yaml" <<META
architecture: $arch
creation_date: $epoch
properties:
  architecture: $name
  description: Tiny busybox $version ($name)
  name: tiny-$name
  os: tiny
  release: "$version"
  variant: default
META

# No timestamps, names or order of this machine may enter the archive.
tar --create --directory "$work" --format=gnu --sort=name --mtime="@$epoch" --numeric-owner --owner=0 --group=0 metadata.yaml rootfs |
  gzip -n -9 >"$work/tiny.tar.gz"
mv "$work/tiny.tar.gz" "$out/tiny.tar.gz"
echo "$out/tiny.tar.gz"
