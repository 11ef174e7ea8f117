/**
 * Invariant 8: what a restricted client may not see, no path shows. Every GET route that exists is asked in every way
 * that reaches data; whatever names something of another project is marked, and no answer may contain the mark.
 */
import Fastify, { type FastifyInstance } from 'fastify';
import { newId, WeftError } from '@weft/contracts';
import { createLogger } from '@weft/platform';
import { startPostgres } from '@weft/testing';
import { operationEvent, type EventHub, type LiveEvent } from './clients/event.hub';
import { createReadClient, type ReadClient } from './clients/read.client';
import { actorOfCertificate, unixActor, type Actor } from './domain/policy';
import type { Deps } from './gateway.deps';
import { registerRoutes } from './http/router';
import type { Route } from './http/route';
import { allRoutes } from './routes';
import { eventSelection } from './sockets/event.socket';
import { createStubDatabase, stubOperation, type StubDatabase } from './testing/stub-instance-svc';

jest.setTimeout(60_000);

/** Everything in the project `other`, and the certificates, have it in their names. */
const MARK = 'hidden';
const MINE = 'mine';
const OTHER = 'other';
const FINGERPRINT = 'ab'.repeat(32);
const TOKEN = newId();
const FOREIGN_OPERATION = newId();

const restricted = (...projects: string[]): Actor => actorOfCertificate({ type: 'client', restricted: true, projects }, 'f00', '10.0.0.1:5', false);
const unavailable = (): Promise<never> => Promise.reject(new WeftError('member.unavailable', 'No member here'));
const log = createLogger('gateway', 'silent');
const silentHub: EventHub = {
  listen: () => () => undefined,
  onEnd: () => () => undefined,
  publish: () => undefined,
  listeners: () => 0,
  close: () => undefined,
};

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let db: StubDatabase;
let reads: ReadClient;
let routes: Route[];
const apps: FastifyInstance[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  db = await createStubDatabase(postgres.url);
  await fill(db);
  reads = createReadClient(postgres.url, { point: 1, list: 1 }, log);
  const nothing = {} as never;
  const deps: Deps = {
    config: { serverName: 'test' } as Deps['config'],
    nc: nothing,
    reads,
    commands: { send: unavailable, network: unavailable, dns: unavailable, start: unavailable, ask: unavailable },
    trust: nothing,
    hub: silentHub,
    members: { members: () => [], generation: () => 0, close: () => undefined } as Deps['members'],
    certificate: { certPem: '', keyPem: '', fingerprint: '' },
    sessionKey: Buffer.alloc(32),
    logger: log,
  };
  routes = allRoutes(deps);
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await reads.close();
  await db.close();
  await postgres.stop();
});

async function fill({ client, addInstance, addOperation, addCertificate }: StubDatabase): Promise<void> {
  for (const project of ['default', MINE, OTHER]) {
    const mark = project === OTHER ? `${MARK}-` : '';
    const usedBy = [`/1.0/instances/own-${project}?project=${project}`, `/1.0/instances/${MARK}-c?project=${OTHER}`];
    const shared = project === 'default' ? [usedBy[0]!.replace('?project=default', ''), usedBy[1]!] : usedBy;
    const put = (sql: string, ...values: unknown[]) => client.query(`insert into instance.${sql} on conflict do nothing`, values);
    await put(
      'project_v1 values ($1, $2, $3)',
      project,
      JSON.stringify({ name: project, config: project === OTHER ? { 'features.networks': 'true' } : {}, description: mark, used_by: usedBy.slice(0, 1) }),
      'e',
    );
    await put('profile_v1 values ($1, $2, $3, $4)', project, `${mark}web`, JSON.stringify({ name: `${mark}web`, config: {}, used_by: shared }), 'e');
    await put(
      'image_v1 values ($1, $2, false, $3, $4)',
      project,
      FINGERPRINT,
      JSON.stringify({ fingerprint: FINGERPRINT, properties: { os: `${mark}os` } }),
      'e',
    );
    await put('image_alias_v1 values ($1, $2, $3, $4, $5, $6)', project, `${mark}tiny`, 'container', FINGERPRINT, JSON.stringify({ name: `${mark}tiny` }), 'e');
    await put('storage_volume_v1 values ($1, $2, $3, $4, $5)', project, 'default', 'container', `${mark}c`, JSON.stringify({ name: `${mark}c` }));
    await put('snapshot_v1 values ($1, $2, $3, $4, $5)', project, `${mark}c`, `${mark}s0`, JSON.stringify({ name: `${mark}s0`, created_at: '' }), 'e');
    const object = { config: {}, description: mark, used_by: shared };
    const network = (table: string, ...values: unknown[]) =>
      client.query(`insert into network.${table} values (${values.map((_value, at) => `$${at + 1}`).join(', ')}) on conflict do nothing`, values);
    await network('network_v1', project, `${mark}net`, 'ovn', JSON.stringify({ ...object, name: `${mark}net` }), 'e');
    await network('network_acl_v1', project, `${mark}acl`, JSON.stringify({ ...object, name: `${mark}acl` }), 'e');
    await network('network_forward_v1', project, `${mark}net`, '192.0.2.9', JSON.stringify({ ...object, listen_address: '192.0.2.9' }), 'e');
    await network('network_peer_v1', project, `${mark}net`, `${mark}p`, JSON.stringify({ ...object, name: `${mark}p` }), 'e');
    await network(
      'network_peer_group_v1',
      project,
      `${mark}mesh`,
      JSON.stringify({ name: `${mark}mesh`, networks: ['default/net', `${OTHER}/${MARK}-net`] }),
      'e',
    );
    await network('network_lease_v1', project, `${mark}net`, 2, `${mark}c`, '', JSON.stringify({ hostname: `${mark}c` }));
    await fillZone(client, project, mark, { ...object, used_by: [`/1.0/networks/${mark}net?project=${project}`] });
    await addInstance(project, `${mark}c`, { status: 'Running' });
    await addOperation(project, stubOperation(project === OTHER ? FOREIGN_OPERATION : newId(), { description: `${mark}work` }));
  }
  await addOperation(MINE, stubOperation(TOKEN, { class: 'token', metadata: { request: { name: `${MARK}-laptop` } } }));
  await addCertificate('cd'.repeat(32), { projects: [`${MARK}-project`] });
  const usedBy = [`/1.0/instances/c?project=${MINE}`, '/1.0/instances/plain', `/1.0/profiles/${MARK}-web?project=${OTHER}`];
  await client.query(`update instance.storage_pool_v1 set doc = jsonb_set(doc::jsonb, '{used_by}', $1)::text`, [JSON.stringify(usedBy)]);
  await client.query(`update instance.profile_v1 set doc = jsonb_set(doc::jsonb, '{used_by}', $1)::text where project = 'default' and name = 'default'`, [
    JSON.stringify([`/1.0/instances/${MARK}-c?project=${OTHER}`]),
  ]);
}

/** A zone with a record, a change and a refusal; those of the other project carry its mark everywhere. */
async function fillZone(client: StubDatabase['client'], project: string, mark: string, object: object): Promise<void> {
  const put = (table: string, ...values: unknown[]) =>
    client.query(`insert into dns.${table} values (${values.map((_value, at) => `$${at + 1}`).join(', ')}) on conflict do nothing`, values);
  const zone = mark ? `${MARK}.example` : 'lab.example';
  const doc = JSON.stringify({ ...object, name: zone });
  const secret = `${mark}secret`;
  await put('network_zone_v1', project, zone, project, doc, JSON.stringify({ ...object, name: zone, secret }), 'e');
  await put('network_zone_record_v1', project, zone, 'web', JSON.stringify({ name: 'web', description: mark }), 'e');
  const records = JSON.stringify([{ name: `${mark}web`, ttl: 300, type: 'A', value: '192.0.2.1' }]);
  await put('network_zone_change_v1', project, zone, 1, 1, '2026-01-01T00:00:00Z', 'e', mark, zone, zone, '[]', records);
  await put('network_zone_refusal_v1', project, zone, 'AXFR', mark, '192.0.2.7', '', mark, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
}

function serverFor(actor: Actor): FastifyInstance {
  const app = Fastify();
  registerRoutes(app, routes, { identify: () => actor, observe: () => undefined, logger: log });
  apps.push(app);
  return app;
}

/** Values that reach something, in every place of a path. */
const PARAMS: Readonly<Record<string, readonly string[]>> = {
  name: ['c', `${MARK}-c`, 'web', `${MARK}-web`, 'default', OTHER, 'host1'],
  network: ['net', `${MARK}-net`],
  acl: ['acl', `${MARK}-acl`],
  zone: ['lab.example', `${MARK}.example`],
  group: ['mesh', `${MARK}-mesh`],
  address: ['192.0.2.9'],
  peer: ['p', `${MARK}-p`],
  snapshot: ['s0', `${MARK}-s0`],
  fingerprint: [FINGERPRINT, FINGERPRINT.slice(0, 12), 'cd'.repeat(32)],
  id: [FOREIGN_OPERATION, TOKEN],
  type: ['container'],
  volume: ['c', `${MARK}-c`],
  file: ['lxc.log'],
  '*': ['tiny', `${MARK}-tiny`],
};
const SCOPES = ['', `project=${MINE}`, `project=${OTHER}`, 'all-projects=true', 'project=default'];
const QUERIES = ['', 'recursion=1', 'recursion=2', `recursion=1&filter=${encodeURIComponent(`used_by.0 eq .*${MARK}.*`)}`, 'timeout=0', 'path=/etc', 'public'];

const fillIn = (path: string): string[] =>
  path
    .split('/')
    .reduce<string[]>(
      (begun, part) =>
        begun.flatMap((text) => {
          const name = part === '*' ? '*' : part.startsWith(':') ? part.slice(1) : undefined;
          const values = name === undefined ? [part] : (PARAMS[name] ?? []);
          if (values.length === 0) throw new Error(`no values for ${part}: add some to PARAMS`);
          return values.map((value) => `${text}/${value}`);
        }),
      [''],
    )
    .map((text) => text.slice(1) || '/');

function urls(): string[] {
  const paths = routes.filter(({ method }) => method === 'GET').flatMap(({ path }) => fillIn(path));
  return paths.flatMap((path) => SCOPES.flatMap((scope) => QUERIES.map((query) => `${path}?${[scope, query].filter(Boolean).join('&')}`)));
}

async function shown(app: FastifyInstance): Promise<string[]> {
  const leaks: string[] = [];
  for (const url of urls()) {
    const { body, headers, statusCode } = await app.inject({ method: 'GET', url });
    if (statusCode === 500) leaks.push(`500 ${url} ${body}`);
    const text = `${body}${JSON.stringify(headers)}`;
    if (text.includes(MARK)) leaks.push(`${url} ${text}`);
  }
  return leaks;
}

describe('what a restricted client may not see', () => {
  it.each([
    ['of one project', restricted(MINE)],
    ['of the project that others share profiles and images with', restricted('default')],
    ['of no project', restricted()],
    ['of a metrics certificate', actorOfCertificate({ type: 'metrics', restricted: true, projects: [MINE] }, 'f00', 'a', false)],
    ['of nobody', actorOfCertificate(undefined, '', 'a', false)],
  ])('is on no GET route: %s', async (_who, actor) => {
    expect(await shown(serverFor(actor))).toEqual([]);
  });

  it.each([
    '/1.0/storage-pools?recursion=1',
    '/1.0/storage-pools/default',
    '/1.0/profiles?recursion=1',
    '/1.0/profiles/default',
    '/1.0/instances?all-projects=true',
    `/1.0/operations?project=${MINE}&recursion=1`,
    `/1.0/operations/${TOKEN}`,
    `/1.0/images/${FINGERPRINT}?project=${OTHER}`,
    '/1.0/metrics',
    '/1.0/certificates?recursion=1',
    '/1.0/networks/net',
    '/1.0/networks?recursion=1',
    `/1.0/networks/${MARK}-net/peers?project=${OTHER}&recursion=1`,
    `/1.0/networks/${MARK}-net/forwards?project=${OTHER}&recursion=1`,
    `/1.0/network-acls?project=${OTHER}`,
    `/1.0/network-peer-groups?project=${OTHER}`,
    `/1.0/networks/${MARK}-net/leases?project=${OTHER}`,
    '/1.0/network-peer-groups/mesh',
    `/1.0/network-zones/${MARK}.example/content?project=other`,
    `/1.0/network-zones/${MARK}.example/refusals?project=other`,
  ])('is there for unrestricted clients, so that the test looks where it could be: %s', async (url) => {
    expect((await serverFor(unixActor).inject({ method: 'GET', url })).body).toContain(MARK);
  });

  it('does not take its own away', async () => {
    const app = serverFor(restricted(MINE, 'default'));
    const usedBy = async (url: string) => (await app.inject({ method: 'GET', url })).json<{ metadata: { used_by: string[] } }>().metadata.used_by;
    expect(await usedBy('/1.0/storage-pools/default')).toEqual([`/1.0/instances/c?project=${MINE}`, '/1.0/instances/plain']);
    expect(await usedBy('/1.0/profiles/web')).toEqual(['/1.0/instances/own-default']);
    const pools = (await app.inject({ method: 'GET', url: '/1.0/storage-pools?recursion=1' })).json<{ metadata: { used_by: string[] }[] }>().metadata;
    expect(pools.map(({ used_by }) => used_by.length)).toEqual([2]);
  });

  it('does not even tell whether a project exists', async () => {
    const app = serverFor(restricted(MINE));
    for (const path of ['/1.0/images', '/1.0/instances', '/1.0/profiles', '/1.0/operations', '/1.0/images/aliases']) {
      const answers = await Promise.all(
        [OTHER, 'nothing-there'].map(async (project) => (await app.inject({ method: 'GET', url: `${path}?project=${project}` })).body),
      );
      expect([path, answers[1]]).toEqual([path, answers[0]]);
    }
  });
});

describe('events', () => {
  const hears = (actor: Actor, query: string, event: LiveEvent): boolean => {
    try {
      return eventSelection(actor, new URLSearchParams(query))(event);
    } catch {
      return false;
    }
  };

  it.each(['', `project=${MINE}`, `project=${OTHER}`, 'all-projects=true', 'type=operation', 'type=lifecycle,operation,logging'])(
    'say nothing of other projects, tokens and the server with ?%s',
    (query) => {
      const foreign: LiveEvent[] = [
        operationEvent(stubOperation(newId()), OTHER),
        operationEvent(stubOperation(newId(), { class: 'token' }), MINE),
        { type: 'lifecycle', project: OTHER, json: '' },
        { type: 'lifecycle', project: undefined, json: '' },
        { type: 'logging', project: undefined, json: '' },
      ];
      expect(foreign.filter((event) => hears(restricted(MINE), query, event))).toEqual([]);
    },
  );

  it('tell of its own', () => {
    expect(hears(restricted(MINE), 'all-projects=true', operationEvent(stubOperation(newId()), MINE))).toBe(true);
  });
});
