/**
 * Stands in for the instance service in the gateway's own tests: tables with the columns of its published views, and
 * a responder for commands. What the real service answers is proved by the system tests.
 */
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { Client } from 'pg';
import { newId, type CommandEnvelope, type CommandReply, type LxdOperation } from '@weft/contracts';

const TABLES = `
create schema instance;
create table instance.project_v1 (name text primary key, doc text, etag text);
create table instance.profile_v1 (project text, name text, doc text, etag text, primary key (project, name));
create table instance.image_v1 (project text, fingerprint text, public boolean, doc text, etag text, primary key (project, fingerprint));
create table instance.image_alias_v1 (project text, name text, type text, target text, doc text, etag text, primary key (project, name));
create table instance.storage_pool_v1 (name text primary key, doc text, etag text);
create table instance.storage_volume_v1 (project text, pool text, type text, name text, doc text);
create table instance.certificate_v1 (fingerprint text primary key, name text, type text, restricted boolean, projects text[], doc text, etag text);
create table instance.server_v1 (config_doc text, etag text);
create table instance.member_v1 (name text primary key, online boolean, doc text, resources_doc text, etag text);
create table instance.cluster_group_v1 (name text primary key, doc text, description text, members text);
create table instance.operation_v1 (id text primary key, project text, class text, status_code int, doc text, member text, updated_at timestamptz default now());
create table instance.snapshot_v1 (project text, instance text, name text, doc text, etag text, primary key (project, instance, name));
create table instance.instance_v1 (project text, name text, id text, type text, member text, status text, doc text, full_doc text, state_doc text, etag text, primary key (project, name));
create schema network;
create table network.network_v1 (project text, name text, type text, doc text, etag text, primary key (project, name));
create table network.network_member_v1 (project text, name text, member text, doc text, etag text, primary key (project, name, member));
create table network.network_acl_v1 (project text, name text, doc text, etag text, primary key (project, name));
create table network.network_forward_v1 (project text, network text, listen_address text, doc text, etag text, primary key (project, network, listen_address));
create table network.network_peer_v1 (project text, network text, name text, doc text, etag text, primary key (project, network, name));
create table network.network_peer_group_v1 (project text, name text, doc text, etag text, primary key (project, name));
create table network.network_lease_v1 (project text, network text, place int, hostname text, address text, doc text);
create schema dns;
create table dns.network_zone_v1 (project text, name text, owner text, doc text, full_doc text, etag text, primary key (project, name));
create table dns.network_zone_record_v1 (project text, zone text, name text, doc text, etag text, primary key (project, zone, name));
create table dns.network_zone_change_v1 (project text, zone text, change bigint, serial bigint, at timestamptz, event_id text, cause text, primary_name text, contact text, removed jsonb, added jsonb);
create table dns.network_zone_refusal_v1 (project text, zone text, what text, reason text, address text, key_name text, explanation text, count int, first_at timestamptz, last_at timestamptz);
`;

export interface StubDatabase {
  client: Client;
  addInstance(project: string, name: string, options?: { status?: string; type?: string; config?: Record<string, string> }): Promise<void>;
  addOperation(project: string, operation: LxdOperation): Promise<void>;
  addCertificate(fingerprint: string, options?: { type?: string; restricted?: boolean; projects?: string[] }): Promise<void>;
  close(): Promise<void>;
}

export async function createStubDatabase(url: string): Promise<StubDatabase> {
  const client = new Client({ connectionString: url });
  // Tests kill Postgres; what they then still do with this client fails on its own.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(TABLES);
  const put = (table: string, values: Record<string, unknown>) => {
    const keys = Object.keys(values);
    return client.query(
      `insert into instance.${table} (${keys.join(',')}) values (${keys.map((_key, at) => `$${at + 1}`).join(',')}) on conflict do nothing`,
      Object.values(values),
    );
  };
  await put('server_v1', { config_doc: '{"core.https_address":":8443"}', etag: 'server-etag' });
  await put('member_v1', { name: 'host1', online: true, doc: '{"server_name":"host1"}', resources_doc: '{}', etag: 'member-etag' });
  await put('cluster_group_v1', { name: 'default', doc: '{"description":"","members":["host1"],"name":"default"}', description: '', members: '["host1"]' });
  for (const name of ['default', 'p1']) {
    await put('project_v1', {
      name,
      doc: JSON.stringify({ config: { 'features.profiles': 'true' }, description: '', name, used_by: [] }),
      etag: `project-${name}`,
    });
    await put('profile_v1', {
      project: name,
      name: 'default',
      doc: JSON.stringify({ config: {}, description: 'Default', devices: {}, name: 'default', used_by: [] }),
      etag: 'profile-etag',
    });
  }
  await put('storage_pool_v1', {
    name: 'default',
    doc: '{"config":{},"description":"","name":"default","driver":"dir","used_by":[],"status":"Created","locations":["none"]}',
    etag: 'pool-etag',
  });
  return {
    client,
    addInstance: async (project, name, { status = 'Stopped', type = 'container', config = {} } = {}) => {
      const doc = instanceDocument(project, name, status, type, config);
      const state = {
        status,
        status_code: status === 'Running' ? 103 : 102,
        disk: {},
        memory: { usage: 0, usage_peak: 0, swap_usage: 0, swap_usage_peak: 0 },
        network: null,
        pid: 0,
        processes: 0,
        cpu: { usage: 0 },
      };
      const full = { ...doc, backups: null, state, snapshots: null };
      await put('instance_v1', {
        project,
        name,
        id: newId(),
        type,
        member: 'host1',
        status,
        doc: JSON.stringify(doc),
        full_doc: JSON.stringify(full),
        state_doc: JSON.stringify(state),
        etag: `etag-${name}`,
      });
    },
    addOperation: async (project, operation) => {
      await client.query(
        `insert into instance.operation_v1 (id, project, class, status_code, doc, member) values ($1, $2, $3, $4, $5, 'host1')
         on conflict (id) do update set status_code = excluded.status_code, doc = excluded.doc, updated_at = now()`,
        [operation.id, project, operation.class, operation.status_code, JSON.stringify(operation)],
      );
    },
    addCertificate: async (fingerprint, { type = 'client', restricted = false, projects = [] } = {}) => {
      await put('certificate_v1', {
        fingerprint,
        name: 'test',
        type,
        restricted,
        projects,
        doc: JSON.stringify({ name: 'test', type, restricted, projects, certificate: '', fingerprint }),
        etag: 'certificate-etag',
      });
    },
    close: () => client.end().catch(() => undefined),
  };
}

function instanceDocument(project: string, name: string, status: string, type: string, config: Record<string, string>) {
  const volatile = {
    'image.os': 'busybox',
    'volatile.uuid': newId(),
    'volatile.base_image': 'd9fd71e33d1ec02c691ee32bf0459bec535ae86474b942bd82bc8ed59a39abfa',
  };
  return {
    architecture: 'x86_64',
    config: { ...volatile, ...config },
    devices: {},
    ephemeral: false,
    profiles: ['default'],
    stateful: false,
    description: '',
    created_at: '2026-01-01T00:00:00Z',
    expanded_config: { ...volatile, ...config },
    expanded_devices: { root: { path: '/', pool: 'default', type: 'disk' } },
    name,
    status,
    status_code: status === 'Running' ? 103 : 102,
    last_used_at: '1970-01-01T00:00:00Z',
    location: 'none',
    type,
    project,
  };
}

export const stubOperation = (id: string, changes: Partial<LxdOperation> = {}): LxdOperation => ({
  id,
  class: 'task',
  description: 'Testing',
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  status: 'Running',
  status_code: 103,
  resources: null,
  metadata: null,
  may_cancel: false,
  err: '',
  location: 'none',
  ...changes,
});

export type StubHandler = (envelope: CommandEnvelope<Record<string, unknown>>, name: string) => CommandReply | Promise<CommandReply>;

export interface StubService {
  /** Every command that came, in order. */
  received: { name: string; envelope: CommandEnvelope<Record<string, unknown>> }[];
  on(name: string, handler: StubHandler): void;
  /** Forgets what came and every handler. */
  reset(): void;
  stop(): void;
}

/** Answers commands like the service does: raw JSON envelopes on plain subjects, in the service's queue group. */
export function startStubService(nc: NatsConnection): StubService {
  const handlers = new Map<string, StubHandler>();
  const received: StubService['received'] = [];
  const answer = async (subject: string, envelope: CommandEnvelope<Record<string, unknown>>): Promise<CommandReply> => {
    const name = subject.split('.').slice(3).join('.');
    received.push({ name, envelope });
    const handler = handlers.get(name);
    return handler ? handler(envelope, name) : { ok: true, result: {} };
  };
  const subscription = nc.subscribe('weft.cmd.*.>', {
    queue: 'stub',
    callback: (error, message) => {
      if (!error) void answer(message.subject, message.json()).then((reply) => message.respond(JSON.stringify(reply)));
    },
  });
  return {
    received,
    on: (name, handler) => void handlers.set(name, handler),
    reset: () => {
      received.splice(0);
      handlers.clear();
    },
    stop: () => subscription.unsubscribe(),
  };
}

/** An event as the event store's relay writes it. */
export function publishEvent(nc: NatsConnection, type: string, data: Record<string, unknown>, project = 'default'): void {
  const head = headers();
  head.set('ce-type', type);
  const meta = { project, time: '2026-01-01T00:00:00.000Z', actor: { protocol: 'tls', username: 'f00', address: '10.0.0.1:5' } };
  nc.publish(`weft.event.instance.${project}.instance.x`, JSON.stringify({ stream: 'x', version: 1, schemaVersion: 1, data, meta }), { headers: head });
}
