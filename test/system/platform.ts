/**
 * A platform as a user starts it, in a directory of its own, and the stock `lxc` client pointed at it. Everything is
 * taken down afterwards; what an earlier, killed run left behind is taken down first.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';

const ROOT = join(__dirname, '..', '..');
const PREFIX = 'weft-system-';
const PLACE = '/var/tmp';

export interface Result {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface LxcOptions {
  input?: string | Buffer;
  env?: Record<string, string>;
  timeoutMs?: number;
}

export interface Platform {
  dir: string;
  httpsAddress: string;
  /** Runs the stock client; never throws. */
  lxc(args: readonly string[], options?: LxcOptions): Promise<Result>;
  /** Runs the stock client, which must succeed; its standard output. */
  ok(args: readonly string[], options?: LxcOptions): Promise<string>;
  /** Runs the stock client, which must fail; its message. */
  refused(args: readonly string[], options?: LxcOptions): Promise<string>;
  /** `lxc query`, parsed. */
  query<T>(path: string, options?: { method?: string; data?: unknown }): Promise<T>;
  /** The environment in which `lxc` talks to this platform. */
  env: Record<string, string>;
  /** Process id of a part by its name in `run/`: postgres, nats, instance-svc, gateway, agent-host1... */
  pid(part: string): number;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const weft = (command: readonly string[], dir: string, httpsAddress: string) =>
  execa('bash', [join(ROOT, 'tools/bin/weft'), ...command], {
    env: { WEFT_DIR: dir, WEFT_HTTPS_ADDRESS: httpsAddress },
    stdin: 'ignore',
    all: true,
    reject: false,
  });

const ownerIsAlive = (dir: string): boolean => {
  try {
    process.kill(Number(readFileSync(join(dir, 'test-owner'), 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
};

/** Has an owner from the moment on that it can be seen: other workers may sweep at any time. */
function makeDirectory(): string {
  const unseen = mkdtempSync(join(PLACE, 'weft-new-'));
  mkdirSync(join(unseen, 'lxc-client'));
  writeFileSync(join(unseen, 'test-owner'), String(process.pid));
  const dir = unseen.replace('weft-new-', PREFIX);
  renameSync(unseen, dir);
  return dir;
}

/** Mount points at or below `dir`, in the order in which they were mounted. */
export const mountsBelow = (dir: string): string[] =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path === dir || path.startsWith(`${dir}/`));

async function unmountBelow(dir: string): Promise<void> {
  for (const path of mountsBelow(dir).reverse()) await execa('umount', [path]);
}

/** Platforms of test runs that were killed. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(PLACE).filter((entry) => entry.startsWith(PREFIX))) {
    const dir = join(PLACE, name);
    if (ownerIsAlive(dir)) continue;
    await weft(['down'], dir, '127.0.0.1:1');
    await unmountBelow(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

export interface PlatformOptions {
  members?: number;
  env?: Record<string, string>;
  /** Called with the platform's directory before it is started; what is mounted below is taken down with it. */
  prepare?(dir: string): Promise<void>;
}

export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  await sweep();
  const dir = makeDirectory();
  await options.prepare?.(dir);
  const httpsAddress = `127.0.0.1:${await freePort()}`;
  const started = await execa('bash', [join(ROOT, 'tools/bin/weft'), 'start', '--detach', ...(options.members ? ['--members', String(options.members)] : [])], {
    env: { WEFT_DIR: dir, WEFT_HTTPS_ADDRESS: httpsAddress, ...options.env },
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  if (started.exitCode !== 0) throw new Error(`weft start failed:\n${started.all}`);
  const env = { LXD_DIR: dir, LXD_CONF: join(dir, 'lxc-client') };

  const lxc: Platform['lxc'] = async (args, given = {}) => {
    const run = await execa('lxc', args, {
      env: { ...env, ...given.env },
      timeout: given.timeoutMs ?? 120_000,
      reject: false,
      stripFinalNewline: false,
      ...(given.input === undefined ? { stdin: 'ignore' as const } : { input: given.input }),
    });
    return { exitCode: run.exitCode ?? -1, stdout: run.stdout, stderr: run.stderr };
  };
  const ok: Platform['ok'] = async (args, given) => {
    const run = await lxc(args, given);
    if (run.exitCode !== 0) throw new Error(`lxc ${args.join(' ')} ended with ${run.exitCode}: ${run.stderr}${run.stdout}`);
    return run.stdout;
  };
  return {
    dir,
    httpsAddress,
    env,
    lxc,
    ok,
    async refused(args, given) {
      const run = await lxc(args, given);
      if (run.exitCode === 0) throw new Error(`lxc ${args.join(' ')} was not refused: ${run.stdout}`);
      return run.stderr;
    },
    async query<T>(path: string, { method = 'GET', data }: { method?: string; data?: unknown } = {}) {
      const text = await ok(['query', '-X', method, ...(data === undefined ? [] : ['-d', JSON.stringify(data)]), path]);
      return (text.trim() === '' ? undefined : JSON.parse(text)) as T;
    },
    pid: (part) =>
      Number(
        readFileSync(join(dir, 'run', `${part}.pid`), 'utf8')
          .trim()
          .split(/\s/)[0],
      ),
    async stop() {
      const down = await weft(['down'], dir, httpsAddress);
      if (down.exitCode !== 0) throw new Error(`weft down failed:\n${down.all}`);
      await unmountBelow(dir);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
