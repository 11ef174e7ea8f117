/**
 * Weft as a user starts it, in a directory of its own.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { atEnd } from '../run-bench';
import type { Target } from './target';

const HTTPS_PORT = 18444;
const ROOT = join(__dirname, '..', '..');

/** The supervisor and everything below it. */
function tree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      parents.set(
        Number(entry),
        Number(
          readFileSync(`/proc/${entry}/stat`, 'utf8')
            .replace(/^.*\) /s, '')
            .split(' ')[1],
        ),
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  const below = (pid: number): number[] => [pid, ...[...parents].filter(([, parent]) => parent === pid).flatMap(([child]) => below(child))];
  return below(root);
}

export async function startWeft({ httpsPort = HTTPS_PORT, networks = true } = {}): Promise<Target> {
  const dir = mkdtempSync('/var/tmp/weft-bench-');
  const env = { ...process.env, WEFT_DIR: dir, WEFT_HTTPS_ADDRESS: `127.0.0.1:${httpsPort}`, ...(networks ? {} : { WEFT_NETWORKS: 'off' }) };
  const stop = atEnd(async () => {
    await execa('bash', [join(ROOT, 'tools/bin/weft'), 'down'], { env, stdio: 'inherit' });
    rmSync(dir, { recursive: true, force: true });
  });
  await execa('bash', [join(ROOT, 'tools/bin/weft'), 'start', '--detach'], { env, stdio: 'inherit' });
  const endpoint = { socketPath: join(dir, 'unix.socket'), httpsPort, certFile: join(dir, 'bench.crt'), keyFile: join(dir, 'bench.key') };
  await execa('openssl', [
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -days 30 -subj /CN=bench'.split(' '),
    '-keyout',
    endpoint.keyFile,
    '-out',
    endpoint.certFile,
  ]);
  await execa('lxc', ['config', 'trust', 'add', endpoint.certFile, '--name', 'bench'], { env: { ...env, LXD_DIR: dir, LXD_CONF: join(dir, 'lxc-conf') } });
  const supervisor = Number(
    readFileSync(join(dir, 'run', 'supervisor.pid'), 'utf8')
      .trim()
      .split(/\s/)[0],
  );
  return {
    name: 'Weft',
    endpoint,
    processes: () => tree(supervisor),
    stop,
  };
}
