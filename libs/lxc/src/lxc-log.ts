/**
 * What liblxc's log file says (written with priority INFO, newest last):
 *
 *   lxc-start <name> <time> <LEVEL> <module> - <file>:<function>:<line> - <text>
 *
 * The monitor's exit code is not available to anybody but its parent, so the log is where the end of a container's
 * init can be read: liblxc logs "Child <pid> ended on signal <Name>(n)" or "... ended on error (n)", and nothing when
 * init ended with 0. The kernel kills init with SIGINT for a power off and SIGHUP for a reboot (reboot(2), "Behavior
 * inside PID namespaces").
 */
export type InitExit = { kind: 'halt' } | { kind: 'signal'; signal: number } | { kind: 'error'; code: number };

const SIGINT = 2;
const ENDED = /Child <\d+> ended on (?:signal [^(\n]*\((\d+)\)|error \((\d+)\))/g;

/** How the init of the last run ended, as far as this run's log tells. */
export function lastInitExit(log: string): InitExit {
  const last = [...log.matchAll(ENDED)].at(-1);
  if (!last) return { kind: 'halt' };
  if (last[2] !== undefined) return { kind: 'error', code: Number(last[2]) };
  const signal = Number(last[1]);
  return signal === SIGINT ? { kind: 'halt' } : { kind: 'signal', signal };
}

/**
 * The first error texts, without liblxc's own source positions: what follows the first error is what came of it, and
 * lxc-start's own advice.
 */
export function firstErrors(log: string, count = 2): string[] {
  const texts = log
    .split('\n')
    .filter((text) => / ERROR +(?!lxc_start )/.test(text))
    .map((text) => text.replace(/^.*? - \S+:\w+:\d+ - /, '').trim());
  return [...new Set(texts)].slice(0, count);
}
