/** What runs inside the guest for `exec`; see guest-exec.ts. Plain POSIX shell, for busybox and coreutils alike. Pure. */
import type { ExecRequest } from '../driver';

/** Makes the meeting place; prints its name. `go` and `in` are FIFOs, `out` and `err` files. */
export const PREPARE = 'd=$(mktemp -d /tmp/weft-exec-XXXXXX) && chmod 700 "$d" && mkfifo "$d/go" "$d/in" && : >"$d/out" && : >"$d/err" && echo "$d"';

/**
 * $1 directory, $2 working directory, $3 user:group ("" for root), $4 width, $5 height, $6 "tty" or "", then
 * NAME=value... -- command...; replaces itself by the command, so that its process id is the command's. Input comes in
 * files whose names are read from `go`, and is passed on through `in` by a process of its own.
 */
export const RUN = `
d=$1 cwd=$2 as=$3 width=$4 height=$5 tty=$6
shift 6
( { : >"$d/open"; while read -r part; do cat "$d/$part"; rm -f "$d/$part"; done; } <"$d/go" >"$d/in" 2>/dev/null & )
exec <"$d/in" >"$d/out" 2>"$d/err"
: "\${PATH:=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" "\${HOME:=/root}" "\${USER:=root}" "\${TERM:=vt100}"
export PATH HOME USER TERM LANG=C.UTF-8
while [ "$1" != -- ]; do export "$1"; shift; done
shift
cd "$cwd" || exit 1
if [ -n "$as" ]; then
  if command -v setpriv >/dev/null 2>&1; then set -- setpriv --reuid "\${as%:*}" --regid "\${as#*:}" --clear-groups -- "$@"
  else set -- chroot --userspec="$as" / "$@"; fi
fi
if [ -n "$tty" ] && command -v script >/dev/null 2>&1; then
  line=
  for word in "$@"; do line="$line '$(printf %s "$word" | sed "s/'/'\\\\\\\\''/g")'"; done
  exec script -q -e -c "tty >$d/tty; stty cols $width rows $height; exec $line" /dev/null
fi
exec "$@"`;

/** The arguments of `sh` for a request. Names that no shell can export are left out. */
export function runArguments(dir: string, request: ExecRequest): string[] {
  const environment = Object.entries(request.environment).filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  const as = request.user === 0 && request.group === 0 ? '' : `${request.user}:${request.group}`;
  const size = [request.width || 80, request.height || 24].map(String);
  const pairs = environment.map(([name, value]) => `${name}=${value}`);
  return ['-c', RUN, 'weft-exec', dir, request.cwd || '/', as, ...size, request.interactive ? 'tty' : '', ...pairs, '--', ...request.command];
}
