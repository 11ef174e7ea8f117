import { readPidFile } from '@weft/embedded';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { places } from '../places';
import type { Settings } from '../settings';

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8').trim() : '');

/** One line per process; exit code 3 (as init scripts have it) when the platform does not run. */
export const status = (settings: Settings): void => {
  const at = places(settings.dir);
  const supervisor = readPidFile(at.supervisorPid);
  if (!supervisor) {
    process.stdout.write(`Weft in ${at.dir} does not run.\n`);
    process.exitCode = 3;
    return;
  }
  process.stdout.write(
    `Weft in ${at.dir} ${existsSync(at.supervisorReady) ? 'is ready' : 'is starting'}; REST API https://${settings.httpsAddress} and ${at.unixSocket}\n`,
  );
  for (const file of readdirSync(at.run).filter((name) => name.endsWith('.pid'))) {
    const name = file.slice(0, -'.pid'.length);
    const process_ = readPidFile(join(at.run, file));
    const metrics = textOf(at.metricsFile(name));
    process.stdout.write(`  ${name.padEnd(16)} ${process_ ? `process ${process_.pid}` : 'down'}${metrics ? `, metrics http://${metrics}/metrics` : ''}\n`);
  }
};
