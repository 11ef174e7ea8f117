import { serverPut } from '@weft/contracts';
import { isTrusted } from '../domain/policy';
import { trustedServer, trustedServerTail, untrustedServer } from '../domain/server-document';
import type { Deps } from '../gateway.deps';
import { localAddresses } from '../http/server-certificate';
import { empty, sync } from '../http/reply';
import { route, type Call, type Route } from '../http/route';

const GET = { name: 'server', sql: `select config_doc, etag, (select count(*) from instance.member_v1) from instance.server_v1` };
const UNTRUSTED = untrustedServer();
/** Addresses of the machine and fresh heartbeats may change without notice; nothing else may. */
const TAIL_KEEP_MS = 5_000;
const MAX_TAILS = 256;

export function serverRoutes(deps: Deps): Route[] {
  const tails = createTails(deps);
  const update = async (call: Call<{ config: Record<string, string> }>, mode: 'replace' | 'merge') => {
    await deps.commands.send('server.update', { mode, ifMatch: call.ifMatch, config: call.body.config }, call.meta());
    return empty;
  };
  return [
    route({ method: 'GET', path: '/', summary: 'API versions', access: 'public', handle: () => sync('["/1.0"]') }),
    route({
      method: 'GET',
      path: '/1.0',
      summary: 'Server information',
      access: 'public',
      handle: async (call) => {
        if (!isTrusted(call.actor)) return sync(UNTRUSTED);
        const row = await deps.reads.row(GET);
        // A restricted client learns nothing of the configuration, as in LXD.
        const config = call.actor.kind === 'unrestricted' ? (row?.[0] ?? '{}') : '{}';
        return sync(trustedServer(config, tails(call.project, Number(row?.[2] ?? 1) > 1)), row?.[1] ?? undefined);
      },
    }),
    route({
      method: 'PUT',
      path: '/1.0',
      summary: 'Replace the server configuration',
      access: 'admin',
      body: serverPut,
      handle: (call) => update(call, 'replace'),
    }),
    route({
      method: 'PATCH',
      path: '/1.0',
      summary: 'Change parts of the server configuration',
      access: 'admin',
      body: serverPut,
      handle: (call) => update(call, 'merge'),
    }),
  ];
}

/** `core.https_address` as clients can dial it: every address of the machine when we listen on all of them. */
export function serverAddresses({ config }: Deps): string[] {
  if (!config.https) return [];
  const { host, port } = config.https;
  const bracket = (address: string): string => `${address.includes(':') ? `[${address}]` : address}:${port}`;
  if (host !== '' && host !== '::' && host !== '0.0.0.0') return [bracket(host)];
  const loopback = (address: string): boolean => address === '::1' || address.startsWith('127.');
  const all = localAddresses().filter((address) => host !== '0.0.0.0' || !address.includes(':'));
  return [...all.filter((address) => !loopback(address)), ...all.filter(loopback)].map(bracket);
}

function createTails(deps: Deps): (project: string, clustered: boolean) => string {
  const kept = new Map<string, { tail: string; until: number; generation: number }>();
  return (project, clustered) => {
    const key = `${clustered ? 1 : 0}${project}`;
    const found = kept.get(key);
    const now = Date.now();
    if (found && found.until > now && found.generation === deps.members.generation()) return found.tail;
    const tail = trustedServerTail({
      addresses: serverAddresses(deps),
      certificatePem: deps.certificate.certPem,
      certificateFingerprint: deps.certificate.fingerprint,
      serverName: deps.config.serverName,
      clustered,
      members: deps.members.members(),
      project,
      pid: process.pid,
    });
    if (kept.size >= MAX_TAILS) kept.clear();
    kept.set(key, { tail, until: now + TAIL_KEEP_MS, generation: deps.members.generation() });
    return tail;
  };
}
