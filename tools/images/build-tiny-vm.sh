#!/usr/bin/env bash
# Builds `tiny-vm`, a UEFI virtual machine image of a few megabytes, from Debian packages. Nothing is installed or mounted.
#
#   disk   GPT: [ EFI system partition: \EFI\BOOT\BOOTX64.EFI ][ ext4 "tiny-root" ]
#   boot   firmware -> unified kernel image (systemd stub + Debian cloud kernel + initrd) -> busybox init
#   guest  a shell on the serial console, power button, QEMU guest agent, DHCP, host name from the NoCloud seed
#
# Usage: build-tiny-vm.sh OUTDIR     writes OUTDIR/tiny-vm.tar.xz (metadata) and OUTDIR/tiny-vm.qcow2 (disk),
#                                    an LXD split image: lxc image import tiny-vm.tar.xz tiny-vm.qcow2
# Environment: SOURCE_DATE_EPOCH (default: the date of the kernel package), so that the same packages give the same bytes.
# Needs: apt-get, dpkg-deb, objcopy (binutils), mkfs.ext4 (e2fsprogs), sfdisk (fdisk), mkfs.vfat (dosfstools),
#        mcopy (mtools), cpio, xz, qemu-img (qemu-utils).
set -euo pipefail

out=$(mkdir -p "${1:?usage: build-tiny-vm.sh OUTDIR}" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/tiny-vm-XXXXXX")
trap 'rm -rf "$work"' EXIT
PATH=$PATH:/usr/sbin:/sbin

# Partition table: sizes in MiB; one MiB before the first partition and after the last one.
esp_mib=24
root_mib=40
disk_id=6f0a7c52-5d0c-4a55-9d0f-2b6f3f1f8f20
root_id=6f0a7c52-5d0c-4a55-9d0f-2b6f3f1f8f21
# What the initrd needs to find the root, and what the guest loads afterwards (with everything they depend on).
boot_modules='virtio_pci virtio_blk'
guest_modules='virtio_console virtio-rng virtio_balloon virtio_net button evdev vfat isofs nls_cp437 nls_ascii nls_utf8 nls_iso8859-1'

say() { echo "tiny-vm: $*"; }

# Everything gets one time, so that building twice gives the same bytes.
settle_times() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }

kernel_package() { apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image/ { print $2; exit }' || true; }

fetch_packages() {
  local kernel libraries
  kernel=$(kernel_package)
  # A machine that never updated its lists knows no packages.
  [ -n "$kernel" ] || { say "updating apt's lists" && apt-get -q update >/dev/null && kernel=$(kernel_package); }
  [ -n "$kernel" ] || { echo "tiny-vm: apt knows no linux-image-cloud-amd64: this image is built on Debian" >&2; exit 1; }
  libraries=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances qemu-guest-agent | grep -E '^lib(c6|glib2|ffi8|pcre2-8|selinux1|mount1|blkid1|numa1|udev1|cap2|uring2|gcc-s1)|^zlib1g' | sort -u)
  mkdir -p "$work/debs" "$work/kernel" "$work/agent" "$work/stub" "$work/busybox"
  say "downloading $kernel and the guest agent"
  # shellcheck disable=SC2086 # a list of package names
  (cd "$work/debs" && apt-get -q -o APT::Sandbox::User=root download "$kernel" systemd-boot-efi busybox-static qemu-guest-agent bsdutils $libraries >apt.log 2>&1) ||
    { tail -n 5 "$work/debs/apt.log" >&2; exit 1; }
  dpkg-deb -x "$work/debs/$kernel"_*.deb "$work/kernel"
  dpkg-deb -x "$work"/debs/systemd-boot-efi_*.deb "$work/stub"
  dpkg-deb -x "$work"/debs/busybox-static_*.deb "$work/busybox"
  local deb
  for deb in "$work"/debs/qemu-guest-agent_*.deb "$work"/debs/bsdutils_*.deb "$work"/debs/lib*.deb "$work"/debs/zlib1g_*.deb; do
    case $deb in */linux-image*) ;; *) dpkg-deb -x "$deb" "$work/agent" ;; esac
  done
  version=$(ls "$work/kernel/boot" | sed -n 's/^vmlinuz-//p')
  modules=$(find "$work/kernel" -type d -path "*/modules/$version" | head -n 1)
  busybox=$(find "$work/busybox" -type f -path '*/bin/busybox' | head -n 1)
  : "${SOURCE_DATE_EPOCH:=$(stat -c %Y "$work/kernel/boot/vmlinuz-$version")}"
  export SOURCE_DATE_EPOCH
}

# copy_modules <root> <name...>: modules and what they depend on, with modules.dep for modprobe
copy_modules() {
  local target=$1/lib/modules/$version name file
  shift
  mkdir -p "$target"
  local queue=("$@")
  while [ "${#queue[@]}" -gt 0 ]; do
    name=${queue[0]} queue=("${queue[@]:1}")
    # A name is written with - or _; newer kernels compress their modules.
    file=$(find "$modules" -regextype posix-extended -regex ".*/${name//[-_]/[-_]}\.ko(\.xz)?" | head -n 1)
    [ -n "$file" ] || continue # built into this kernel
    [ ! -e "$target/$(basename "${file%.xz}")" ] || continue
    case $file in *.xz) xz -dc "$file" >"$target/$(basename "${file%.xz}")" ;; *) cp "$file" "$target/" ;; esac
    file=$target/$(basename "${file%.xz}")
    mapfile -t -O "${#queue[@]}" queue < <(strings -a "$file" | sed -n 's/^depends=//p' | tr ',' '\n' | grep . || true)
  done
  "$busybox" depmod -b "${target%/lib/modules/*}" "$version"
}

# busybox_tree <root>: directories, busybox and its applets
busybox_tree() {
  mkdir -p "$1"/{bin,dev,etc,proc,sys,run,tmp,mnt,root,lib,var/log,usr/bin,usr/sbin}
  ln -s bin "$1/sbin"
  cp "$busybox" "$1/bin/busybox"
  local applet
  for applet in $("$busybox" --list | grep -vx busybox); do ln -sf busybox "$1/bin/$applet"; done
}

build_initrd() {
  local tree=$work/initrd
  mkdir -p "$tree"/{bin,dev,proc,sys,root}
  cp "$busybox" "$tree/bin/busybox"
  ln -s busybox "$tree/bin/sh"
  # shellcheck disable=SC2086 # a list of module names
  copy_modules "$tree" $boot_modules
  install -m 755 "$here/tiny-vm/initrd-init" "$tree/init"
  settle_times "$tree"
  (cd "$tree" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) | gzip -9n >"$work/initrd.img"
}

# build_kernel_image: the stub, the kernel, its command line and the initrd in one EFI program
build_kernel_image() {
  local stub kernel=$work/kernel/boot/vmlinuz-$version linux_at=0x2000000 initrd_at
  stub=$(find "$work/stub" -name linuxx64.efi.stub)
  echo -n 'console=ttyS0 quiet loglevel=3 tsc=reliable no_timer_check random.trust_cpu=on panic=-1' >"$work/cmdline"
  initrd_at=$(printf '0x%x' $((linux_at + ($(stat -c %s "$kernel") / 0x100000 + 2) * 0x100000)))
  objcopy --add-section .osrel="$here/tiny-vm/os-release" --change-section-vma .osrel=0x20000 \
    --add-section .cmdline="$work/cmdline" --change-section-vma .cmdline=0x30000 \
    --add-section .linux="$kernel" --change-section-vma .linux=$linux_at \
    --add-section .initrd="$work/initrd.img" --change-section-vma .initrd="$initrd_at" "$stub" "$work/BOOTX64.EFI"
  settle_program "$work/BOOTX64.EFI"
}

# settle_program <file>: clears the link time and the checksum over it in the header of an EFI program (PE format:
# the header's place is at 0x3c; the time is 8 bytes into it, the checksum, which firmware does not look at, 88)
settle_program() {
  local header field
  header=$(od -An -t u4 -j 60 -N 4 "$1")
  for field in 8 88; do printf '\0\0\0\0' | dd of="$1" bs=1 seek=$((header + field)) conv=notrunc status=none; done
}

build_esp() {
  local image=$work/esp.img
  mkdir -p "$work/esp/EFI/BOOT"
  mv "$work/BOOTX64.EFI" "$work/esp/EFI/BOOT/"
  settle_times "$work/esp"
  truncate -s "${esp_mib}M" "$image"
  mkfs.vfat --invariant -F 16 -n ESP "$image" >/dev/null
  TZ=UTC mcopy -m -s -Q -i "$image" "$work/esp/EFI" ::
}

build_root() {
  local tree=$work/root image=$work/root.img
  busybox_tree "$tree"
  # shellcheck disable=SC2086 # a list of module names
  copy_modules "$tree" $boot_modules $guest_modules
  install_programs "$tree" qemu-ga script
  cp -r "$here/tiny-vm/root/." "$tree/"
  install -m 644 "$here/tiny-vm/os-release" "$tree/etc/os-release"
  chmod -R u=rwX,go=rX "$tree/etc"
  chmod 755 "$tree/etc/rcS" "$tree/etc/guest-agent" "$tree/etc/acpi/PWRF/00000080" "$tree/etc/udhcpc.script"
  chmod 1777 "$tree/tmp"
  settle_times "$tree"
  truncate -s "${root_mib}M" "$image"
  E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mkfs.ext4 -q -F -L tiny-root -U $root_id -m 0 -E "hash_seed=$root_id,root_owner=0:0,lazy_itable_init=1" \
    -b 1024 -J size=1 -d "$tree" "$image"
  # The time of the last change of an inode cannot be set on the tree that it was copied from.
  { echo "sif / ctime @$SOURCE_DATE_EPOCH" && find "$tree" -mindepth 1 -printf "sif \"/%P\" ctime @$SOURCE_DATE_EPOCH\n" | LC_ALL=C sort; } >"$work/times"
  E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH debugfs -w -f "$work/times" "$image" >/dev/null 2>"$work/times.log"
}

# install_programs <root> <name...>: programs with the libraries that they really load.
# qemu-ga is the guest agent; script gives commands that it runs a terminal.
install_programs() {
  local root=$1 file name seen=' '
  shift
  local wanted=("$@")
  # The loader has a fixed place; libraries go where Debian's loader looks for them.
  mkdir -p "$root/lib64" "$root/lib/x86_64-linux-gnu"
  while [ "${#wanted[@]}" -gt 0 ]; do
    name=${wanted[0]} wanted=("${wanted[@]:1}")
    case $seen in *" $name "*) continue ;; esac
    seen="$seen$name "
    file=$(find "$work/agent" -name "$name" -not -type d -not -path '*/share/*' | head -n 1)
    [ -n "$file" ] || { echo "tiny-vm: nothing holds $name, which a program of the guest wants" >&2; exit 1; }
    case $name in
    qemu-ga | script) install -m 755 "$file" "$root/usr/bin/$name" ;;
    ld-linux*) install -m 755 "$(readlink -f "$file")" "$root/lib64/$name" ;;
    *) install -m 644 "$(readlink -f "$file")" "$root/lib/x86_64-linux-gnu/$name" ;;
    esac
    mapfile -t -O "${#wanted[@]}" wanted < <(objdump -p "$file" | awk '$1 == "NEEDED" { print $2 }')
  done
}

build_disk() {
  local disk=$work/disk.raw root_at=$((1 + esp_mib))
  truncate -s "$((root_at + root_mib + 1))M" "$disk"
  sfdisk -q "$disk" <<TABLE
label: gpt
label-id: $disk_id
start=1MiB, size=${esp_mib}MiB, type=U, uuid=6f0a7c52-5d0c-4a55-9d0f-2b6f3f1f8f22, name=esp
start=${root_at}MiB, size=${root_mib}MiB, type=L, uuid=6f0a7c52-5d0c-4a55-9d0f-2b6f3f1f8f23, name=tiny-root
TABLE
  dd if="$work/esp.img" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none
  dd if="$work/root.img" of="$disk" bs=1M seek="$root_at" conv=notrunc,sparse status=none
  qemu-img convert -c -f raw -O qcow2 "$disk" "$work/tiny-vm.qcow2"
}

build_metadata() {
  sed "s/@CREATION_DATE@/$SOURCE_DATE_EPOCH/; s/@KERNEL@/$version/" "$here/tiny-vm/metadata.yaml" >"$work/metadata.yaml"
  tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - metadata.yaml | xz -6 >"$work/tiny-vm.tar.xz"
}

umask 022
fetch_packages
say "building for Linux $version"
build_initrd
build_kernel_image
build_esp
build_root
build_disk
build_metadata
mv "$work/tiny-vm.qcow2" "$work/tiny-vm.tar.xz" "$out/"
say "$out/tiny-vm.qcow2 ($(($(stat -c %s "$out/tiny-vm.qcow2") / 1048576)) MiB)"
