import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '@weft/contracts';
import { type GuestAgentClient, type GuestExecStatus, QmpError } from '@weft/qmp';

const FIRST_POLL_MS = 5;
const LONGEST_POLL_MS = 200;
const LONGEST_RUN_MS = 60_000;

export interface GuestResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a short command in the guest and waits for its end. @throws WeftError instance.wrong-status when it cannot start */
export async function runInGuest(agent: GuestAgentClient, path: string, args: readonly string[]): Promise<GuestResult> {
  const pid = await startInGuest(agent, path, args, true);
  const deadline = Date.now() + LONGEST_RUN_MS;
  let wait = FIRST_POLL_MS;
  for (;;) {
    const status = await agent.execute('guest-exec-status', { pid });
    if (status.exited) return { code: exitCodeOf(status), stdout: decode(status['out-data']), stderr: decode(status['err-data']) };
    if (Date.now() > deadline) throw new WeftError('task.failed', `${path} did not end within ${LONGEST_RUN_MS / 1000} s in the guest`);
    await sleep(wait);
    wait = Math.min(wait * 2, LONGEST_POLL_MS);
  }
}

export async function startInGuest(agent: GuestAgentClient, path: string, args: readonly string[], capture: boolean): Promise<number> {
  try {
    return (await agent.execute('guest-exec', { path, arg: [...args], 'capture-output': capture })).pid;
  } catch (error) {
    if (error instanceof QmpError) throw new WeftError('instance.wrong-status', `The guest agent cannot run ${path}: ${error.description}`, { cause: error });
    throw error;
  }
}

export const exitCodeOf = (status: GuestExecStatus): number => status.exitcode ?? 128 + (status.signal ?? 0);

const decode = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString();
