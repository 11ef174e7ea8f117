#!/bin/bash
# Builds `tiny`, the smallest useful system container: Debian's static busybox as init, shell and tools (about 1 MB).
#
#   build-tiny.sh OUTDIR        writes OUTDIR/tiny.tar.gz, a unified image: metadata.yaml and rootfs/
#
# The same busybox and SOURCE_DATE_EPOCH give the same bytes, so the image keeps its fingerprint on every host.
# busybox's init (init/init.c) understands: SIGUSR2 power off, SIGUSR1 halt, SIGTERM reboot, SIGINT ctrl-alt-del.
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
mkdir -p "$root"/{bin,sbin,etc/init.d,usr/bin,usr/sbin,proc,sys,dev,run,mnt,var/log,home}
install -d -m 0700 "$root/root"
install -d -m 1777 "$root/tmp" "$root/var/tmp"
ln -s ../run "$root/var/run"

install -m 0755 "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
  case $applet in
    busybox | '[' | '[[') ;;
    init | halt | poweroff | reboot) ln -s ../bin/busybox "$root/sbin/$applet" ;;
    *) ln -s busybox "$root/bin/$applet" ;;
  esac
done
ln -s busybox "$root/bin/["
ln -s ../../bin/env "$root/usr/bin/env"

# "-/bin/sh": a login shell that owns the console, respawned when the user leaves it.
cat >"$root/etc/inittab" <<'TAB'
::sysinit:/etc/init.d/rcS
::respawn:-/bin/sh
::ctrlaltdel:/sbin/reboot
::restart:/sbin/init
TAB

# The runtime names the container before init runs; files follow that name, and a bare rootfs still gets one.
cat >"$root/etc/init.d/rcS" <<'RC'
#!/bin/sh
[ "$(hostname)" != "(none)" ] || hostname -F /etc/hostname
hostname >/etc/hostname
printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n' "$(hostname)" >/etc/hosts
ip link set lo up 2>/dev/null
exit 0
RC
chmod 0755 "$root/etc/init.d/rcS"

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
