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
    halt | poweroff | reboot) ;;
    init) ln -s ../bin/busybox "$root/sbin/init" ;;
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
::shutdown:/etc/init.d/rcK
TAB

# The runtime names the container before init runs; files follow that name, and a bare rootfs still gets one.
cat >"$root/etc/init.d/rcS" <<'RC'
#!/bin/sh
rm -f /run/reboot
[ "$(hostname)" != "(none)" ] || hostname -F /etc/hostname
hostname >/etc/hostname
printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n' "$(hostname)" >/etc/hosts
ip link set lo up 2>/dev/null
exit 0
RC

# init's own way down sleeps for seconds and syncs every file system of the host. Its first step runs this, which ends
# what is left and leaves the namespace at once; only `reboot` has to say that it is not a power off.
cat >"$root/etc/init.d/rcK" <<'RC'
#!/bin/sh
others() { for p in /proc/[0-9]*; do case ${p#/proc/} in 1 | $$) ;; *) return 0 ;; esac; done; return 1; }
kill -TERM -1 2>/dev/null
kill -HUP -1 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do others || break; sleep 0.05; done
kill -KILL -1 2>/dev/null
[ -e /run/reboot ] && exec busybox reboot -n -f
exec busybox poweroff -n -f
RC
printf '#!/bin/sh\nexec kill -USR2 1\n' >"$root/sbin/poweroff"
ln -s poweroff "$root/sbin/halt"
printf '#!/bin/sh\n: >/run/reboot\nexec kill -TERM 1\n' >"$root/sbin/reboot"
chmod 0755 "$root"/etc/init.d/rc? "$root/sbin/poweroff" "$root/sbin/reboot"

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
