import { endProcess, readPidFile } from '@weft/embedded';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { ensureImages } from '../guests/images';
import { prepareNetwork } from '../network/network';
import type { Network } from '../network/network-plan';
import { makePlaces, type Places } from '../places';
import type { Progress } from '../progress';
import { UserError, type Settings } from '../settings';
import { takePidFile } from '../supervise/single';
import { Supervisor } from '../supervise/supervisor';
import { requireFree } from './can-listen';
import { memberNames } from './credentials';
import { limitLogs } from './log-files';
import { untilMembersReport } from './members-report';
import { requireNatsServer } from './nats-server';
import { serviceTable } from './service-table';

/** The checkout: this file runs as tools/dist/platform/run-platform.js. */
const ROOT = join(__dirname, '..', '..', '..');

export interface RunningPlatform {
  memberCount: number;
  stop(): Promise<void>;
}

/** Starts everything inside this process's supervision; resolves when the API serves and the local images are there. */
export const runPlatform = async (settings: Settings, at: Places, members: number | undefined, progress: Progress): Promise<RunningPlatform> => {
  makePlaces(at);
  const holder = takePidFile(at.supervisorPid);
  if (holder) throw new UserError(`the platform in ${at.dir} runs already (process ${holder.pid})`);
  const log = pino({ name: 'supervisor' }, pino.destination({ dest: at.logFile('supervisor'), sync: true }));
  const memberCount = chooseMembers(at, members);
  const supervisor = await prepareSupervisor(settings, at, memberCount, progress, log).catch((error: unknown) => {
    rmSync(at.supervisorPid, { force: true });
    throw error;
  });
  const logLimiter = setInterval(() => limitLogs(at.log), 60_000).unref();
  const stop = async () => {
    clearInterval(logLimiter);
    rmSync(at.supervisorReady, { force: true });
    await supervisor.stop();
    log.info('stopped');
    rmSync(at.supervisorPid, { force: true });
  };
  try {
    await supervisor.start();
    await untilMembersReport(at.unixSocket, memberCount).catch((error: Error) => {
      log.error({ err: error }, 'a member has not reported in');
      progress.line(`  ${error.message}; see the logs in ${at.log}`);
    });
    await ensureImages(at, ROOT, progress).catch((error: Error) => {
      log.error({ err: error }, 'local images are missing');
      progress.line(`  the local images could not be made: ${error.message}`);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  writeFileSync(at.supervisorReady, `${process.pid}\n`);
  log.info({ members: memberCount }, 'platform ready');
  return { memberCount, stop };
};

const prepareSupervisor = async (settings: Settings, at: Places, memberCount: number, progress: Progress, log: Logger): Promise<Supervisor> => {
  await endFormerServices(at);
  await requireFree(settings.httpsAddress);
  if (settings.natsUrl) await requireNatsServer(settings.natsUrl);
  const network = await networkIfPossible(settings, at, memberCount, progress, log);
  return new Supervisor(await serviceTable(settings, at, memberCount, ROOT, network), progress, log);
};

/** Without networks the platform is worth less, but not nothing: guests run, and whoever starts it reads why. */
const networkIfPossible = async (settings: Settings, at: Places, memberCount: number, progress: Progress, log: Logger): Promise<Network | undefined> => {
  if (!settings.networks) return undefined;
  try {
    if (isLoopback(settings.natsUrl)) throw new Error('members have a network of their own each and do not reach WEFT_NATS_URL on 127.0.0.1');
    return await progress.during('network', () => prepareNetwork(at, memberNames(memberCount)));
  } catch (error) {
    log.error({ err: error }, 'no networks');
    progress.line(`  no networks: ${(error as Error).message}`);
    return undefined;
  }
};

const isLoopback = (urls: string | undefined): boolean =>
  urls !== undefined && urls.split(',').some((url) => /^(127\.|localhost$|\[::1\]$)/.test(new URL(url.trim()).hostname));

/** Services of a supervisor that was killed end by themselves; wait for it, and help where one does not. */
const endFormerServices = async (at: Places): Promise<void> => {
  const former = readdirSync(at.run).filter((name) => name.endsWith('.pid') && join(at.run, name) !== at.supervisorPid);
  await Promise.all(
    former.map(async (name) => {
      const alive = readPidFile(join(at.run, name));
      if (alive) await endProcess(alive, name === 'postgres.pid' ? 'SIGINT' : 'SIGTERM', 15_000);
      rmSync(join(at.run, name), { force: true });
    }),
  );
  rmSync(at.ready, { recursive: true, force: true });
  mkdirSync(at.ready, { mode: 0o700 });
};

/** The number asked for now, else the number of last time, else one. */
const chooseMembers = (at: Places, asked: number | undefined): number => {
  const last = existsSync(at.choices) ? (JSON.parse(readFileSync(at.choices, 'utf8')) as { members: number }).members : 1;
  const members = asked ?? last;
  writeFileSync(at.choices, `${JSON.stringify({ members })}\n`);
  return members;
};
