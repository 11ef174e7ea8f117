import { fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readPidFile } from '@weft/embedded';
import { places, type Places } from '../places';
import { runPlatform, type RunningPlatform } from '../platform/run-platform';
import { createProgress, terminalSink, type Progress } from '../progress';
import { UserError, type Settings } from '../settings';

/** What a detached supervisor tells the command that started it. */
type Message = { text: string; transient: boolean } | { ready: { members: number } } | { failed: string };

export const start = async (settings: Settings, options: { detach: boolean; members?: number }): Promise<void> => {
  const at = places(settings.dir);
  const holder = readPidFile(at.supervisorPid);
  if (holder) throw new UserError(`the platform in ${at.dir} runs already (process ${holder.pid}); \`npm run down\` stops it`);
  const show = terminalSink(process.stdout);
  show({ text: `Starting Weft in ${at.dir}`, transient: false });
  const since = performance.now();
  const announce = (members: number, detached: boolean) =>
    show({ text: `Ready in ${((performance.now() - since) / 1000).toFixed(1)} s.\n${usage(settings, at, members, detached)}`, transient: false });
  if (options.detach) {
    announce(await startDetached(at, options.members, show), true);
    return;
  }
  const platform = await runPlatform(settings, at, options.members, createProgress(show));
  announce(platform.memberCount, false);
  stopOnSignal(platform, createProgress(show));
};

const usage = (settings: Settings, at: Places, members: number, detached: boolean): string => `
  ${members === 1 ? 'One member, host1' : `${members} members, host1 to host${members}`}. REST API: https://${settings.httpsAddress} and ${at.unixSocket}. Logs: ${at.log}

      export LXD_DIR=${at.dir}
      lxc launch tiny c1                 # a container
      lxc launch tiny-vm v1 --vm         # a virtual machine
      lxc list

  ${detached ? '`npm run down` stops everything, guests included.' : 'Ctrl-C stops the platform and leaves guests running; `npm run down` stops guests too.'}
`;

/** Runs the supervisor in a session of its own and shows its progress until it is ready. */
const startDetached = (at: Places, members: number | undefined, show: (message: { text: string; transient: boolean }) => void): Promise<number> => {
  mkdirSync(at.log, { recursive: true, mode: 0o700 });
  const log = openSync(at.logFile('launcher'), 'a', 0o640);
  const memberArgs = members === undefined ? [] : ['--members', String(members)];
  const supervisor = fork(process.argv[1]!, ['supervise', ...memberArgs], { detached: true, cwd: '/', stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  return new Promise((resolve, reject) => {
    supervisor.on('message', (message: Message) => {
      if ('text' in message) show(message);
      else if ('failed' in message) reject(new UserError(message.failed));
      else {
        supervisor.disconnect();
        supervisor.unref();
        resolve(message.ready.members);
      }
    });
    supervisor.once('exit', (code, signal) => reject(new UserError(`the supervisor ended (${signal ?? code}); see ${at.logFile('launcher')}`)));
  });
};

/** The detached supervisor's own main. The command that started it may go away at any time. */
export const supervise = async (settings: Settings, members: number | undefined): Promise<void> => {
  const tell = (message: Message): Promise<void> => new Promise((resolve) => (process.connected ? process.send?.(message, () => resolve()) : resolve()));
  try {
    const progress = createProgress((message) => void tell(message));
    const platform = await runPlatform(settings, places(settings.dir), members, progress);
    stopOnSignal(
      platform,
      createProgress(() => undefined),
    );
    await tell({ ready: { members: platform.memberCount } });
  } catch (error) {
    await tell({ failed: error instanceof Error ? error.message : String(error) });
    throw error;
  }
};

/** npm passes on a Ctrl-C that the terminal has sent already: only a later one means "now". */
const SAME_CTRL_C_MS = 1500;

const stopOnSignal = (platform: RunningPlatform, progress: Progress): void => {
  let stoppingSince = 0;
  const stop = () => {
    const now = performance.now();
    if (stoppingSince) {
      if (now - stoppingSince > SAME_CTRL_C_MS) process.exit(130);
      return;
    }
    stoppingSince = now;
    progress.line('Stopping; guests keep running.');
    platform.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
};
