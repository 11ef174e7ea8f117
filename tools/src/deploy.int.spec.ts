/**
 * No container engine is needed (or used) here: the files are read as Compose would read them, and what they name must exist.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsVersion, renderNatsUsers } from '@weft/embedded';
import { scratchDir } from '@weft/testing';
import { parse } from 'yaml';
import { z } from 'zod';
import { memberNames, natsUsers } from './platform/credentials';

const ROOT = join(__dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The part of the Compose specification that we use; what is misspelt is refused. */
const service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.literal('.'), dockerfile: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  restart: z.enum(['unless-stopped']).optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']) })).optional(),
  deploy: z.strictObject({ replicas: z.number().int().positive() }).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  profiles: z.array(z.string()).optional(),
  privileged: z.boolean().optional(),
  cgroup: z.enum(['host', 'private']).optional(),
  healthcheck: z.strictObject({ test: z.array(z.string()), interval: z.string(), timeout: z.string(), retries: z.number() }).optional(),
});
const composeFile = z.strictObject({ name: z.string(), services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) });

describe('docker-compose.yml', () => {
  const parsed = parse(read('docker-compose.yml'), { merge: true }) as Record<string, unknown>;
  const { services, volumes } = composeFile.parse(Object.fromEntries(Object.entries(parsed).filter(([key]) => !key.startsWith('x-'))));

  it('has a cluster of three, and two replicas of each service and of the gateway', () => {
    expect(Object.keys(services).filter((name) => name.startsWith('nats-'))).toHaveLength(3);
    for (const name of ['instance-svc', 'network-svc', 'dns-svc', 'gateway']) expect(services[name]?.deploy?.replicas).toBe(2);
  });

  it.each(Object.entries(services))('%s names only what exists', (_, { build, depends_on, volumes: mounts = [], command = [] }) => {
    if (build) expect(existsSync(join(ROOT, build.dockerfile))).toBe(true);
    for (const dependency of Object.keys(depends_on ?? {})) expect(services).toHaveProperty(dependency);
    for (const mount of mounts) {
      const [source = ''] = mount.split(':');
      if (source.startsWith('./')) expect(existsSync(join(ROOT, source))).toBe(true);
      else expect(volumes).toHaveProperty(source);
    }
    const script = command.find((word) => word.endsWith('.js'));
    if (script) expect(existsSync(join(ROOT, script.replace(/\/(dist|bundle)\//, '/src/').replace(/\.js$/, '.ts')))).toBe(true);
  });
});

it('each file that an image copies exists', () => {
  for (const file of ['service', 'host-agent']) {
    const copies = [...read(`deploy/docker/${file}.Dockerfile`).matchAll(/^COPY (?!--from)(.*)$/gm)].flatMap(([, words = '']) => words.split(' ').slice(0, -1));
    expect(copies.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  }
});

it('nats-server accepts the configuration of the cluster', async () => {
  const scratch = await scratchDir();
  try {
    // Ours may be older than the one in the image, and refuse the one word that it does not know.
    const knowsSync = (await natsVersion()).minor >= 10;
    const config = read('deploy/nats/cluster.conf').replace(/^ *sync_interval.*$/m, knowsSync ? '$&' : '');
    mkdirSync(join(scratch.path, 'secrets'));
    writeFileSync(join(scratch.path, 'cluster.conf'), config);
    writeFileSync(join(scratch.path, 'secrets', 'nats-users.conf'), renderNatsUsers(natsUsers(memberNames(2), () => 'secret')));
    execFileSync('nats-server', ['-t', '--config', join(scratch.path, 'cluster.conf')], { env: { ...process.env, NATS_NAME: 'nats-1' }, stdio: 'pipe' });
  } finally {
    await scratch.remove();
  }
});

it('the entry point puts passwords into URLs', async () => {
  const scratch = await scratchDir();
  try {
    writeFileSync(join(scratch.path, 'weft_gateway.password'), 'pw\n');
    const env = {
      PATH: process.env.PATH,
      WEFT_SECRETS_DIR: scratch.path,
      WEFT_USER: 'weft_gateway',
      WEFT_NATS_SERVERS: 'a:1,b:2',
      WEFT_POSTGRES_HOST: 'p:5432',
    };
    const output = execFileSync(join(ROOT, 'deploy', 'docker', 'entrypoint.sh'), ['env'], { env, encoding: 'utf8' });
    expect(output).toContain('WEFT_NATS_URL=nats://weft_gateway:pw@a:1,nats://weft_gateway:pw@b:2\n');
    expect(output).toContain('WEFT_POSTGRES_URL=postgres://weft_gateway:pw@p:5432/weft\n');
  } finally {
    await scratch.remove();
  }
});
