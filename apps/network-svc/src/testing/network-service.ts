/** The command edge over a real database, without OVN and NATS: for specs of what needs neither. */
import { newId, unwrap, type Meta, type NetworkCommandBody, type NetworkCommandName } from '@weft/contracts';
import { createEventStore, type EventStore } from '@weft/event-store';
import { createLogger, createPgPool } from '@weft/platform';
import { sagaMigrations } from '@weft/saga';
import type { Pool } from 'pg';
import { networkRouter } from '../api/network-router';
import type { Changed } from '../clients/data-plane.client';
import type { ZoneUse } from '../clients/zone.client';
import type { Deps } from '../network.deps';
import { migrations } from '../projections/migrations';
import { projections } from '../projections/projections';

const ROOT: Meta['actor'] = { protocol: 'unix', username: 'root', address: '@', projects: null };
export const SERVICE_ACTOR: Meta['actor'] = { protocol: 'service', username: 'instance-svc', address: '', projects: null };

export const UPLINK_CONFIG = {
  parent: 'up0',
  'ipv4.gateway': '192.0.2.1/24',
  'ipv4.ovn.ranges': '192.0.2.100-192.0.2.199',
  'ipv4.routes': '198.51.100.0/24',
  'dns.nameservers': '192.0.2.53',
};

export interface NetworkService {
  store: EventStore;
  pool: Pool;
  deps: Deps;
  /** What commands had settled in OVN, in order. */
  settled: Changed[];
  /** Those of them that nobody waited for. */
  begun: Changed[];
  zones: ZoneUse[];
  /** Sends a command as the gateway would; throws what it refuses with. */
  send<N extends NetworkCommandName>(name: N, body: NetworkCommandBody<N>, meta?: Partial<Meta>): Promise<unknown>;
  /** As the instance service would. */
  port<N extends NetworkCommandName>(name: N, body: NetworkCommandBody<N>, meta?: Partial<Meta>): Promise<unknown>;
  project(name: string, config: Record<string, string>): Promise<void>;
  doc(view: string, where: Record<string, string>): Promise<Record<string, unknown> | undefined>;
  docs(view: string, where: Record<string, string>): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export const ovn = (name: string, config: Record<string, string> = {}): NetworkCommandBody<'network.create'> => ({
  name,
  type: 'ovn',
  description: '',
  config: { network: 'UPLINK', ...config },
});
export const uplink = (config: Record<string, string> = {}): NetworkCommandBody<'network.create'> => ({
  name: 'UPLINK',
  type: 'physical',
  description: '',
  config: { ...UPLINK_CONFIG, ...config },
});

export async function startNetworkService(url: string, parts: Partial<Deps> = {}, schema = 'network'): Promise<NetworkService> {
  const log = createLogger('test', process.env.WEFT_TEST_LOG ?? 'silent');
  const pool = createPgPool(url, { schema, name: 'test', logger: log });
  const store = createEventStore({ pool, schema, context: 'network', projections, migrations: [...sagaMigrations, ...migrations] });
  await store.migrate();
  const settled: Changed[] = [];
  const begun: Changed[] = [];
  const zones: ZoneUse[] = [];
  const deps: Deps = {
    store,
    pool,
    log,
    dataPlane: {
      require: async () => undefined,
      settle: async (changed) => void settled.push(changed),
      begin(changed) {
        settled.push(changed);
        begun.push(changed);
      },
      idle: async () => undefined,
      gatewayChassis: async () => undefined,
    },
    hosts: { configureUplinks: async () => true, onStart: () => undefined },
    zones: { check: async (asked) => void zones.push(...asked) },
    projects: { upToDate: async () => undefined },
    ...parts,
  };
  const router = networkRouter(deps);
  const send = async (actor: Meta['actor'], name: string, body: unknown, meta: Partial<Meta>): Promise<unknown> =>
    unwrap(await router.route(name, { meta: { actor, project: 'default', requestId: newId(), correlationId: newId(), commandId: newId(), ...meta }, body }));
  const docs = async (view: string, where: Record<string, string>): Promise<Record<string, unknown>[]> => {
    const keys = Object.keys(where);
    const { rows } = await pool.query<{ doc: string }>(
      `SELECT doc FROM ${view} WHERE ${keys.map((key, at) => `${key} = $${at + 1}`).join(' AND ')} ORDER BY doc`,
      Object.values(where),
    );
    return rows.map(({ doc }) => JSON.parse(doc) as Record<string, unknown>);
  };
  return {
    store,
    pool,
    deps,
    settled,
    begun,
    zones,
    send: (name, body, meta = {}) => send(ROOT, name, body, meta),
    port: (name, body, meta = {}) => send(SERVICE_ACTOR, name, body, meta),
    async project(name, config) {
      const owner = config['features.networks'] === 'true' ? name : 'default';
      await pool.query(`INSERT INTO project (name, id, config, networks_project) VALUES ($1, $1, $2, $3)`, [name, JSON.stringify(config), owner]);
    },
    docs,
    doc: async (view, where) => (await docs(view, where))[0],
    close: () => pool.end(),
  };
}
