/**
 * LXD 5.0.2 from Debian as the peer: its own directory, network and mount namespace, a directory pool, no network. Nothing
 * of it outlives `stop`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { removeLeftovers } from '../../tools/src/guests/leftovers';
import { atEnd } from '../run-bench';
import type { Endpoint } from './http';
import type { Target } from './target';

const HTTPS_PORT = 18443;
/** The daemon gets a sysfs of its own network namespace, with the machine's cgroup mounts put back on it. */
const LAUNCH = `
ip link set lo up
mkdir -p "$LXD_DIR-cg"; mount --rbind /sys/fs/cgroup "$LXD_DIR-cg"
mount -t sysfs sysfs /sys; mount --rbind "$LXD_DIR-cg" /sys/fs/cgroup; umount -l "$LXD_DIR-cg"
exec lxd --group root --logfile "$LXD_DIR.log"`;

const preseed = (httpsPort: number): string => `
config: {core.https_address: "127.0.0.1:${httpsPort}", images.auto_update_interval: "0"}
storage_pools: [{name: default, driver: dir}]
profiles: [{name: default, devices: {root: {type: disk, path: /, pool: default}}}]
`;

export interface LxdOptions {
  httpsPort?: number;
  /** Put before PATH: programs that LXD is to find instead of the installed ones. */
  programs?: string;
  environment?: Record<string, string>;
}

export async function startLxd({ httpsPort = HTTPS_PORT, programs, environment }: LxdOptions = {}): Promise<Target> {
  const work = mkdtempSync('/var/tmp/weft-bench-lxd-');
  const dir = join(work, 'lxd');
  mkdirSync(dir);
  // Unprivileged containers have their file systems below it.
  chmodSync(work, 0o711);
  // Nothing may leave the machine: LXD would fetch image indexes at start.
  const closed = { http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' };
  const PATH = [programs, process.env.PATH].filter((one) => one !== undefined).join(':');
  const env = { ...process.env, ...closed, ...environment, PATH, LXD_DIR: dir, LXD_CONF: join(work, 'conf') };
  const log = openSync(`${dir}.out`, 'w');
  const daemon: ChildProcess = spawn('unshare', ['--net', '--mount', '--propagation', 'private', 'bash', '-c', LAUNCH], { env, stdio: ['ignore', log, log] });
  const stop = atEnd(async () => {
    await execa('lxd', ['shutdown', '-t', '20'], { env, reject: false });
    daemon.kill('SIGKILL');
    // Its containers are no children of the daemon: those that did not stop in time run on without it.
    await removeLeftovers(work);
    rmSync(work, { recursive: true, force: true });
  });
  await execa('lxd', ['waitready', '--timeout=60'], { env });
  await execa('lxd', ['init', '--preseed'], { env, input: preseed(httpsPort) });
  const endpoint: Endpoint = {
    socketPath: join(dir, 'unix.socket'),
    httpsPort,
    certFile: join(work, 'client.crt'),
    keyFile: join(work, 'client.key'),
  };
  await execa('openssl', [
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -days 30 -subj /CN=bench'.split(' '),
    '-keyout',
    endpoint.keyFile,
    '-out',
    endpoint.certFile,
  ]);
  await execa('lxc', ['config', 'trust', 'add', endpoint.certFile, '--name', 'bench'], { env });
  const pid = Number(daemon.pid);
  return {
    name: `LXD ${readFileSync('/var/lib/dpkg/status', 'utf8').match(/Package: lxd\n[^]*?\nVersion: (\S+)/)?.[1] ?? ''}`,
    endpoint,
    namespaceOf: pid,
    processes: () => [pid],
    stop,
  };
}
