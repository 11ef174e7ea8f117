/** For tests: a process that works with a driver and is killed in the middle of it. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const HOOK = resolve(__dirname, '../../../../libs/testing/source-hook.cjs');

/** Milliseconds after the victim began, or what has to be true before it is killed. */
export type Moment = number | (() => Promise<unknown>);

/**
 * Runs `script` (TypeScript, prints "ready" when its driver begins) and kills it at a moment after that.
 * @returns whether there was something left to kill
 * @throws Error when it ends before it is ready
 */
export async function killedAfter(moment: Moment, script: string, args: readonly string[]): Promise<boolean> {
  const victim = spawn(process.execPath, ['-r', HOOK, script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  // Listened for from the beginning: a victim that has done its work may end by itself at any time, and is not told of again.
  const ended = new Promise<'ended'>((resolve, reject) => victim.once('exit', () => resolve('ended')).once('error', reject));
  const ready = new Promise<'ready'>((resolve) => victim.stdout.once('data', () => resolve('ready')));
  if ((await Promise.race([ready, ended])) === 'ended') throw new Error(`${script} ended with ${victim.exitCode ?? victim.signalCode} before it was ready`);
  victim.stdout.resume();
  await (typeof moment === 'number' ? delay(moment) : moment());
  const isThere = victim.kill('SIGKILL');
  await ended;
  return isThere;
}

/** `count` whole delays from 0 to `mostMs` (milliseconds); the same `seed` gives the same ones (a linear congruential generator). */
export function randomDelays(seed: number, count: number, mostMs: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * (mostMs + 1));
  });
}
