import { setTimeout as after } from 'node:timers/promises';
import { HandoverFailed } from './handover-failed';

export type Verdict = Promise<{ success: boolean; message: string }>;

/** The two channels are connections of their own: what the other side says of a failure may arrive after it. */
const LAST_WORD_MS = 2_000;

/** Why the stream has broken: what the other side says about it, if it still says something, else `error`. */
export async function inTheirWords(error: unknown, verdict: Verdict): Promise<unknown> {
  const said = await Promise.race([verdict.catch(() => undefined), after(LAST_WORD_MS, undefined, { ref: false })]);
  return said && !said.success && said.message !== '' ? new HandoverFailed(said.message, { cause: error }) : error;
}
