#!/usr/bin/env bash
# Installs QEMU, the QEMU tools and UEFI firmware, and leaves a runnable `$WEFT_CACHE/qemu/bin/qemu-system-x86_64`.
#
# Live migration needs QEMU 8.2 or newer: Debian 12's 7.2 loses guest memory when it migrates under TCG. Where the
# release is older, QEMU 10 comes from the release's backports through a private view of apt: the mirror is the one that
# this machine already uses, the system's own apt lists and packages stay as they are, and the newer QEMU is unpacked
# below the cache instead of being installed.
#
# Usage: tools/setup/qemu.sh          idempotent, root; a repeat takes milliseconds
# Environment: WEFT_CACHE (default /var/cache/weft)
set -euo pipefail

cache=${WEFT_CACHE:-/var/cache/weft}
root=$cache/qemu
wanted=8.2
packages=(qemu-system-x86 qemu-utils ovmf seabios ipxe-qemu)
export DEBIAN_FRONTEND=noninteractive

say() { echo "qemu: $*"; }

# at_least <version> <minimum>
at_least() { dpkg --compare-versions "$1" ge "$2"; }

# version_of <binary>: 10.0.2, or 0 when it does not run
version_of() {
  local line
  line=$("$1" --version 2>/dev/null | head -n 1) || true
  sed -n 's/.*version \([0-9.]*\).*/\1/p' <<<"$line" | grep . || echo 0
}

missing_packages() {
  local name
  for name in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || echo "$name"
  done
}

install_release_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "installing ${missing[*]}"
  apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" >"$cache/qemu-apt.log" 2>&1 ||
    { apt-get -q -o DPkg::Lock::Timeout=600 update >>"$cache/qemu-apt.log" 2>&1 &&
      apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" >>"$cache/qemu-apt.log" 2>&1; } ||
    { tail -n 20 "$cache/qemu-apt.log" >&2; echo "qemu: apt-get could not install ${missing[*]}" >&2; return 1; }
}

# backports_source: a sources.list line for the backports of this release, on the mirror that apt already uses
backports_source() {
  local codename uri signed_by
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
  IFS='|' read -r uri signed_by < <(
    apt-get indextargets --format '$(REPO_URI)|$(SIGNED_BY)|$(CODENAME)|$(ORIGIN)' 'Created-By: Packages' |
      grep -i "|$codename|Debian" | cut -d '|' -f 1,2 | head -n 1
  ) || return 1
  [ -f "$signed_by" ] || signed_by=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb [signed-by=$signed_by] $uri $codename-backports main"
}

# private_apt <work> <args>: apt-get on the private source list only
private_apt() {
  local work=$1
  shift
  apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null -o Dir::State::lists="$work/lists" \
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root "$@"
}

write_wrapper() {
  mkdir -p "$root/bin"
  cat >"$root/bin/.new" <<WRAPPER
#!/bin/sh
# Written by tools/setup/qemu.sh
tree=$1
exec "\$tree/bin/qemu-system-x86_64" -L "\$tree/share/qemu" -L /usr/share/seabios -L /usr/lib/ipxe/qemu "\$@"
WRAPPER
  chmod 755 "$root/bin/.new"
  mv "$root/bin/.new" "$root/bin/qemu-system-x86_64"
}

unpack_backport() {
  local work source
  work=$(mktemp -d "$cache/.qemu-XXXXXX")
  trap "rm -rf '$work'; trap - RETURN" RETURN
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/tree"
  source=$(backports_source) || { say "no Debian mirror among the apt sources of this machine"; return 1; }
  echo "$source" >"$work/sources.list"
  say "downloading QEMU from the backports of this release"
  private_apt "$work" update >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; return 1; }
  (cd "$work" && private_apt "$work" download qemu-system-x86 qemu-system-common qemu-system-data >>log 2>&1) ||
    { tail -n 5 "$work/log" >&2; return 1; }
  local deb
  for deb in "$work"/*.deb; do dpkg-deb -x "$deb" "$work/tree"; done
  # Unpacked beside and renamed: a kill in the middle leaves no half a QEMU.
  rm -rf "$root/tree"
  mkdir -p "$root"
  mv "$work/tree" "$root/tree"
  write_wrapper "$root/tree/usr"
}

main() {
  local have
  mkdir -p "$cache"
  if at_least "$(version_of "$root/bin/qemu-system-x86_64")" "$wanted" && [ -z "$(missing_packages)" ]; then
    echo "$root/bin/qemu-system-x86_64" >"$root/path"
    return 0
  fi
  install_release_packages
  if at_least "$(version_of /usr/bin/qemu-system-x86_64)" "$wanted"; then
    write_wrapper /usr
  elif ! unpack_backport || ! at_least "$(version_of "$root/bin/qemu-system-x86_64")" "$wanted"; then
    say "warning: no QEMU $wanted or newer for this release; virtual machines run, but cannot migrate live"
    write_wrapper /usr
  fi
  have=$(version_of "$root/bin/qemu-system-x86_64")
  [ "$have" != 0 ] || { echo "qemu: $root/bin/qemu-system-x86_64 does not run:" >&2; "$root/bin/qemu-system-x86_64" --version >&2 || true; return 1; }
  echo "$root/bin/qemu-system-x86_64" >"$root/path"
  say "QEMU $have in $root"
}

main "$@"
