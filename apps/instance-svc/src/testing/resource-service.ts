/** The command edge over a real database, without hosts: for specs of what needs none. */
import { newId, type CommandReply, type InstanceCommandBody, type InstanceCommandName, type Meta } from '@weft/contracts';
import { createEventStore, type EventStore } from '@weft/event-store';
import { createLogger, createPgPool } from '@weft/platform';
import { sagaMigrations } from '@weft/saga';
import type { Pool } from 'pg';
import { instanceRouter } from '../api/instance-router';
import { bootstrap } from '../commands/bootstrap';
import type { Deps } from '../instance.deps';
import { migrations } from '../projections/migrations';
import { PlacedCounts } from '../queries/placed-counts';
import { projections } from '../projections/projections';

/** No project has networks or zones, no NIC is refused. */
const nobody: Deps['networks'] & Deps['zones'] = { call: () => Promise.resolve({ usedBy: [], ports: {} }) as never };

export const UNRESTRICTED: Meta['actor'] = { protocol: 'unix', username: 'root', address: '@', projects: null };

export interface ResourceService {
  store: EventStore;
  pool: Pool;
  deps: Deps;
  /** Sends a command as the gateway would; `meta` overrides the actor, the project, the command id... */
  send<N extends InstanceCommandName>(name: N, body: InstanceCommandBody<N>, meta?: Partial<Meta>): Promise<CommandReply>;
  /** The document that the gateway would serve, or undefined. */
  doc(view: string, where: Record<string, string>): Promise<Record<string, unknown> | undefined>;
  close(): Promise<void>;
}

/** `parts` stand in for what a spec needs beside the database. */
export async function startResourceService(url: string, parts: Partial<Deps> = {}): Promise<ResourceService> {
  const schema = 'instance';
  const log = createLogger('test', 'silent');
  const pool = createPgPool(url, { schema, name: 'test', logger: log });
  const store = createEventStore({ pool, schema, context: 'instance', projections, migrations: [...sagaMigrations, ...migrations] });
  await store.migrate();
  const nothing = {} as never;
  const sagas: Deps['sagas'] = { insert: async () => undefined, wake: () => undefined, cancel: async () => false };
  const placed = new PlacedCounts(pool);
  const deps: Deps = {
    store,
    pool,
    log,
    nats: nothing,
    sagas,
    tasks: nothing,
    agents: nothing,
    networks: nobody,
    zones: nobody,
    members: nothing,
    placed,
    enrolment: { open: true, tokens: {} },
    ...parts,
  };
  await bootstrap(deps, '/var/lib/weft/members');
  const router = instanceRouter(deps);
  return {
    store,
    pool,
    deps,
    send: (name, body, meta = {}) => router.route(name, { meta: { ...newMeta(), ...meta }, body }),
    async doc(view, where) {
      const keys = Object.keys(where);
      const { rows } = await pool.query<{ doc: string; etag?: string }>(
        `SELECT * FROM ${view} WHERE ${keys.map((key, at) => `${key} = $${at + 1}`).join(' AND ')}`,
        Object.values(where),
      );
      return rows[0] ? (JSON.parse(rows[0].doc) as Record<string, unknown>) : undefined;
    },
    close: () => pool.end(),
  };
}

function newMeta(): Meta {
  return { actor: UNRESTRICTED, project: 'default', requestId: newId(), correlationId: newId(), commandId: newId() };
}
