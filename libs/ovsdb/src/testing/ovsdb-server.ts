import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  return port;
}

export const run = promisify(execFile);

/** Copies of the schemas that Open vSwitch and OVN ship. */
export const SCHEMAS = join(__dirname, '../../schemas');

/** A real ovsdb-server of its own, in a directory of its own; it dies with the test process. */
export class TestServer {
  private child: ChildProcess | undefined;

  constructor(
    readonly dir: string,
    private readonly databases: readonly string[],
    readonly name = 'db',
    private readonly extra: readonly string[] = [],
  ) {}

  /** @param schema file name under schemas/ */
  static async create(schema = 'ovn-nb.ovsschema', extra: readonly string[] = []): Promise<TestServer> {
    const dir = await mkdtemp(join(tmpdir(), 'weft-ovsdb-'));
    await run('ovsdb-tool', ['create', join(dir, 'db.db'), join(SCHEMAS, schema)]);
    const server = new TestServer(dir, [join(dir, 'db.db')], 'db', extra);
    await server.start();
    return server;
  }

  get socket(): string {
    return join(this.dir, `${this.name}.sock`);
  }

  get endpoint(): string {
    return `unix:${this.socket}`;
  }

  async start(): Promise<void> {
    await rm(this.socket, { force: true });
    // setpriv: the server must not outlive a killed test run.
    const server = ['ovsdb-server', ...this.databases, `--remote=punix:${this.socket}`, `--unixctl=${this.control}`, '-vconsole:off', ...this.extra];
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', ...server], { stdio: 'ignore' });
    await until(() => answers(this.socket), `ovsdb-server ${this.name} listens`);
  }

  /** As a crash would. */
  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Starts with an empty database in the place of the old one. */
  async recreate(schema = 'ovn-nb.ovsschema'): Promise<void> {
    const [database] = this.databases as [string];
    await rm(database);
    await run('ovsdb-tool', ['create', database, join(SCHEMAS, schema)]);
    await this.start();
  }

  /** A command to the running server (ovs-appctl). */
  async appctl(...command: string[]): Promise<string> {
    const { stdout } = await run('ovs-appctl', ['-t', this.control, ...command]);
    return stdout.trim();
  }

  /** Stops and continues the process, as a hang would. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal);
  }

  private get control(): string {
    return join(this.dir, `${this.name}.ctl`);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
}

/** Waits for a condition of the outside world. @throws when it does not come true within the limit for what hangs */
export async function until(condition: () => boolean | Promise<boolean>, what: string, limitMs = 30_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`In vain: ${what}`);
    await sleep(20);
  }
}

function answers(path: string): Promise<boolean> {
  if (!existsSync(path)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
