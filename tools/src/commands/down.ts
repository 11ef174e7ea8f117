import { endProcess, readPidFile } from '@weft/embedded';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeLeftovers } from '../guests/leftovers';
import { stopGuests } from '../guests/stop-guests';
import { endSwitches } from '../network/member-switch';
import { removeNetwork } from '../network/network';
import { places, type Places } from '../places';
import { createProgress, terminalSink, type Progress } from '../progress';
import type { Settings } from '../settings';

/** Longer than the supervisor needs to stop every service in order. */
const STOP_TIMEOUT_MS = 60_000;
const GUESTS_TIMEOUT_MS = 60_000;

/** Stops guests and services, and whatever a killed launcher or agent left behind. Safe to repeat. */
export const down = async (settings: Settings): Promise<void> => {
  const at = places(settings.dir);
  const progress = createProgress(terminalSink(process.stdout));
  if (!existsSync(at.marker)) return progress.line(`Nothing runs in ${at.dir}.`);
  const supervisor = readPidFile(at.supervisorPid);
  if (supervisor && existsSync(at.supervisorReady)) await stopGuestsPolitely(at, progress);
  if (supervisor) await progress.during('stop services', () => endProcess(supervisor, 'SIGTERM', STOP_TIMEOUT_MS));
  await endServices(at);
  await endSwitches(at);
  const left = await removeLeftovers(at.dir);
  await removeNetwork(at).catch((error: Error) => progress.line(`  the network could not be removed: ${error.message}`));
  if (left.processes + left.mounts) progress.line(`  removed ${left.processes} processes and ${left.mounts} mounts that were left`);
  rmSync(at.run, { recursive: true, force: true });
  rmSync(at.unixSocket, { force: true });
  progress.line('Weft is down.');
};

const stopGuestsPolitely = async (at: Places, progress: Progress): Promise<void> => {
  const timeLimit = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('they take too long')), GUESTS_TIMEOUT_MS).unref());
  try {
    await progress.during('stop guests', () => Promise.race([stopGuests(at.unixSocket), timeLimit]));
  } catch (error) {
    progress.line(`  guests could not be stopped through the API (${(error as Error).message}); they are killed below`);
  }
};

/** Services end with their supervisor, even with a killed one; this waits for it. */
const endServices = async (at: Places): Promise<void> => {
  if (!existsSync(at.run)) return;
  const alive = readdirSync(at.run).flatMap((name) => (name.endsWith('.pid') ? (readPidFile(join(at.run, name)) ?? []) : []));
  await Promise.all(alive.map((service) => endProcess(service, 'SIGTERM', 15_000)));
};
