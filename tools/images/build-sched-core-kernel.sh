#!/usr/bin/env bash
# Builds a small x86-64 guest kernel that has core scheduling, for the test of core scheduling: Debian's kernels are built
# without CONFIG_SCHED_CORE. About ten minutes of one processor; the source is Debian's own package (GPL-2.0).
#
# Usage: build-sched-core-kernel.sh OUTDIR      writes OUTDIR/bzImage and OUTDIR/config
# Then:  WEFT_SCHED_CORE_KERNEL=OUTDIR/bzImage npx jest apps/host-agent/src/core-scheduling
# Needs: apt-get, dpkg-deb, gcc, make, flex, bison, bc, libelf-dev, xz.
set -euo pipefail

out=$(mkdir -p "${1:?usage: build-sched-core-kernel.sh OUTDIR}" && cd "$1" && pwd)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/sched-core-XXXXXX")
trap 'rm -rf "$work"' EXIT

# On top of `tinyconfig`, by what needs them.
options=(
  # what this is for; sibling threads need SMP and a scheduler that knows them
  64BIT SMP SCHED_SMT SCHED_MC SCHED_CORE SCHEDSTATS SCHED_DEBUG DEBUG_KERNEL HIGH_RES_TIMERS
  # a PC with a serial console and virtio disk
  ACPI PCI PRINTK TTY SERIAL_8250 SERIAL_8250_CONSOLE BLOCK BLK_DEV VIRTIO_MENU VIRTIO_PCI VIRTIO_BLK EXT4_FS FILE_LOCKING
  DEVTMPFS DEVTMPFS_MOUNT PROC_FS PROC_SYSCTL SYSFS SHMEM TMPFS BINFMT_ELF BINFMT_SCRIPT
  # what Node asks of a kernel
  MULTIUSER FUTEX EPOLL EVENTFD SIGNALFD TIMERFD POSIX_TIMERS INOTIFY_USER ADVISE_SYSCALLS NET UNIX INET
  # what liblxc asks of one
  NAMESPACES UTS_NS IPC_NS PID_NS NET_NS USER_NS SYSVIPC POSIX_MQUEUE UNIX98_PTYS SECCOMP SECCOMP_FILTER
  CGROUPS CGROUP_SCHED FAIR_GROUP_SCHED CGROUP_PIDS CGROUP_FREEZER CGROUP_DEVICE CPUSETS CGROUP_CPUACCT MEMCG
)

package=$(apt-cache depends linux-source 2>/dev/null | awk '/Depends: linux-source-/ { print $2; exit }')
[ -n "$package" ] || { echo "sched-core: apt knows no linux-source: this kernel is built on Debian, after apt-get update" >&2; exit 1; }
echo "sched-core: downloading $package"
(cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$package" >/dev/null)
dpkg-deb -x "$work/$package"_*.deb "$work/package"
mkdir "$work/source"
tar -C "$work/source" --strip-components=1 -xf "$work/package/usr/src/$package.tar.xz"

cd "$work/source"
make -s tinyconfig
for option in "${options[@]}"; do ./scripts/config --enable "$option"; done
./scripts/config --set-val NR_CPUS 8 --disable WERROR
make -s olddefconfig
grep -q '^CONFIG_SCHED_CORE=y' .config || { echo "sched-core: this source does not take CONFIG_SCHED_CORE" >&2; exit 1; }
echo "sched-core: building with $(nproc) processors"
make -s -j"$(nproc)" bzImage
install -m 644 arch/x86/boot/bzImage "$out/bzImage"
install -m 644 .config "$out/config"
echo "sched-core: $out/bzImage"
