/**
 * What state a VM is in, from what can be seen: its process, its monitor, its exit code. Pure.
 *
 *   process there  monitor says running        running
 *                  paused, suspended            frozen
 *                  prelaunch                    stopped (a start that was cut off; the next one begins anew)
 *                  inmigrate, postmigrate       stopped (its memory is not here yet, or has gone on from here)
 *                  internal-error, panicked     crashed (the process is still there)
 *                  nothing                      running: "unknown" is never "failed"
 *   process gone   and nobody stopped it        exit code 0: the guest halted; anything else: crashed
 */
import type { RunState } from '@weft/qmp';
import type { Inspection } from '../driver';
import type { VmRecord } from './vm-record';

type State = Pick<Inspection, 'status' | 'reason'>;

export function stateOfRunning(state: RunState | undefined): State {
  switch (state) {
    case undefined:
      return { status: 'running', reason: 'QEMU does not answer' };
    case 'prelaunch':
    case 'inmigrate':
    case 'postmigrate':
    case 'shutdown':
      return { status: 'stopped' };
    case 'paused':
    case 'suspended':
      return { status: 'frozen' };
    case 'io-error':
      return { status: 'frozen', reason: 'QEMU stopped the guest: its disk cannot be written' };
    case 'internal-error':
    case 'guest-panicked':
      return { status: 'crashed', reason: `QEMU reports ${state}` };
    default:
      return { status: 'running' };
  }
}

export interface Ending {
  exitCode: number | undefined;
  /** Last lines of QEMU's output. */
  lastWords: string;
  sameHostBoot: boolean;
}

/** The phase is `running` only when nobody asked the run to end. */
export function stateOfGone(record: Pick<VmRecord, 'phase'>, ending: Ending): State {
  if (record.phase !== 'running') return { status: 'stopped' };
  if (!ending.sameHostBoot) return { status: 'crashed', reason: 'The host was restarted' };
  const signal = /terminating on signal \d+.*/.exec(ending.lastWords)?.[0];
  if (ending.exitCode === 0 && !signal) return { status: 'stopped', reason: 'guest' };
  if (signal) return { status: 'crashed', reason: `QEMU was ended from outside: ${signal}` };
  if (ending.exitCode === undefined || ending.exitCode > 128) {
    const number = ending.exitCode === undefined ? 'a signal' : `signal ${ending.exitCode - 128}`;
    return { status: 'crashed', reason: `QEMU was killed by ${number}` };
  }
  return { status: 'crashed', reason: `QEMU ended with ${ending.exitCode}: ${ending.lastWords}` };
}
