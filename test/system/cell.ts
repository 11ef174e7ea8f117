/**
 * What docker-compose.yml describes, without a container engine: its services by their own commands, environments and replicas,
 * through the images' entry point, with a NATS cluster of three and one Postgres, all on loopback addresses.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, natsVersion, startTied, type TiedProcess } from '@weft/embedded';
import { scratchDir, startPostgres } from '@weft/testing';
import { EVENTS_STREAM } from '@weft/contracts';
import { execa } from 'execa';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = join(__dirname, '..', '..');
const NODES = ['nats-1', 'nats-2', 'nats-3'] as const;

/** What a broker tells of its streams (NATS monitoring, `/jsz`). */
const account = z.object({ stream_detail: z.array(z.object({ name: z.string(), cluster: z.object({ leader: z.string() }) })) });

interface Service {
  command: string[];
  environment?: Record<string, string>;
  deploy?: { replicas: number };
}

export interface Cell {
  /** Directories of the gateways: each has a `unix.socket`. */
  gateways: { dir: string; httpsAddress: string }[];
  /** Processes of a service, or of a node of the NATS cluster. */
  processes(name: string): TiedProcess[];
  kill9(process: TiedProcess): Promise<void>;
  /** The broker that takes the events in, as the brokers say. */
  leader(): Promise<string>;
  stop(): Promise<void>;
}

/** The service has several replicas where the file says so; `host1` is a simulated host. */
export async function startCell(): Promise<Cell> {
  const scratch = await scratchDir();
  const postgres = await startPostgres();
  const secrets = join(scratch.path, 'secrets');
  mkdirSync(secrets);
  const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as { services: Record<string, Service> };
  const running = new Map<string, TiedProcess[]>();
  const started = (name: string, process: TiedProcess) => running.set(name, [...(running.get(name) ?? []), process]);

  const admin = new URL(postgres.url);
  const [shell = '', flags = '', script = ''] = services['credentials']!.command;
  await execa(shell, [flags, script.replaceAll('/run/weft/secrets', secrets)], {
    cwd: ROOT,
    env: { WEFT_SECRETS_DIR: secrets, WEFT_POSTGRES_ADMIN_URL: admin.href },
  });

  const ports = await Promise.all(NODES.map(async () => ({ client: await freePort(), http: await freePort(), route: await freePort() })));
  const template = readFileSync(join(ROOT, 'deploy', 'nats', 'cluster.conf'), 'utf8');
  const knowsSync = (await natsVersion()).minor >= 10;
  NODES.forEach((node, index) => {
    const dir = join(scratch.path, node);
    mkdirSync(dir);
    const { client, http, route } = ports[index]!;
    const config = template
      .replace(/^ *sync_interval.*$/m, knowsSync ? '$&' : '')
      .replace('0.0.0.0:4222', `127.0.0.1:${client}`)
      .replace('0.0.0.0:8222', `127.0.0.1:${http}`)
      .replace('0.0.0.0:6222', `127.0.0.1:${route}`)
      .replace(/nats-(\d):6222/g, (_, number: string) => `127.0.0.1:${ports[Number(number) - 1]!.route}`)
      .replace('"/data"', `"${dir}/data"`)
      .replace('./secrets', '../secrets');
    writeFileSync(join(dir, 'cluster.conf'), config);
    const env = { ...process.env, NATS_NAME: node };
    started(node, startTied({ command: 'nats-server', args: ['--config', join(dir, 'cluster.conf')], logFile: join(dir, 'log'), deathSignal: 'SIGKILL', env }));
  });

  const own = {
    WEFT_SECRETS_DIR: secrets,
    WEFT_NATS_SERVERS: ports.map(({ client }) => `127.0.0.1:${client}`).join(','),
    WEFT_POSTGRES_HOST: admin.host,
    WEFT_METRICS_ADDRESS: '',
    OTEL_EXPORTER_OTLP_ENDPOINT: '',
    WEFT_DRIVERS: 'sim',
  };
  const gateways: Cell['gateways'] = [];
  for (const [name, { command, environment, deploy }] of Object.entries(services)) {
    if (!environment?.['WEFT_SERVICE']) continue;
    for (let replica = 1; replica <= (deploy?.replicas ?? 1); replica += 1) {
      const dir = join(scratch.path, `${name}-${replica}`);
      mkdirSync(join(dir, 'lxc-client'), { recursive: true });
      const httpsAddress = `127.0.0.1:${await freePort()}`;
      if (name === 'gateway') gateways.push({ dir, httpsAddress });
      const plain = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, value.replace(/^\$\{[^:]*:-(.*)\}$/, '$1')]));
      const places = { WEFT_DIR: dir, WEFT_HTTPS_ADDRESS: httpsAddress, WEFT_DNS_ADDRESS: `127.0.0.1:${await freePort()}` };
      const env = { ...process.env, ...plain, ...own, ...places };
      const args = command ?? ['node', 'apps/host-agent/bundle/main.js'];
      const place = { logFile: join(dir, 'log'), deathSignal: 'SIGKILL', cwd: ROOT, env } as const;
      started(name, startTied({ command: join(ROOT, 'deploy/docker/entrypoint.sh'), args, ...place }));
    }
  }
  const cell: Cell = {
    gateways,
    processes: (name) => running.get(name) ?? [],
    async kill9(victim) {
      process.kill(victim.identity.pid, 'SIGKILL');
      await victim.exited;
    },
    async leader() {
      const response = await fetch(`http://127.0.0.1:${ports[0]!.http}/jsz?streams=true`);
      const { account_details: accounts } = z.object({ account_details: z.array(account) }).parse(await response.json());
      return accounts.flatMap(({ stream_detail: streams }) => streams).find(({ name }) => name === EVENTS_STREAM)!.cluster.leader;
    },
    async stop() {
      await Promise.all([...running.values()].flat().map((one) => cell.kill9(one).catch(() => undefined)));
      await postgres.stop();
      await scratch.remove();
    },
  };
  return cell;
}
