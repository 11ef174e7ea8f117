import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from '../places';
import type { Settings } from '../settings';
import { nodeService } from '../supervise/node-service';
import type { Service } from '../supervise/supervisor';
import { agentName, databaseRoles, DNS, GATEWAY, INSTANCE, memberNames, MIGRATION, natsUsers, NETWORK, passwordsIn } from './credentials';
import { natsPort, natsService, postgresService, socketUrl } from './embedded-services';

/** Services with a schema of their own. */
const SERVICES = [
  { name: 'instance-svc', user: INSTANCE },
  { name: 'network-svc', user: NETWORK },
  { name: 'dns-svc', user: DNS },
  { name: 'migration-svc', user: MIGRATION },
] as const;

/**
 * Everything that runs, with what it needs and what it may do.
 *
 *   postgres, nats  <--  instance-svc, network-svc, dns-svc, migration-svc, gateway        nats  <--  agent-host1 ... agent-hostN
 */
export const serviceTable = async (settings: Settings, at: Places, memberCount: number, root: string): Promise<Service[]> => {
  const members = memberNames(memberCount);
  const password = passwordsIn(at.secrets);
  const port = settings.natsUrl ? 0 : await natsPort(at);
  const natsUrl = (user: string) => settings.natsUrl ?? `nats://${user}:${password(user)}@127.0.0.1:${port}`;
  const postgresUrl = (role: string) => settings.postgresUrl ?? socketUrl(at, 'weft', role, password(role));
  const stores = [settings.postgresUrl ? [] : ['postgres'], settings.natsUrl ? [] : ['nats']].flat();
  const common = { WEFT_DIR: at.dir, WEFT_SECRETS_DIR: at.secrets };
  const main = (app: string) => join(root, 'apps', app, 'dist', 'main.js');
  return [
    ...(settings.postgresUrl ? [] : [postgresService(at, databaseRoles(password))]),
    ...(settings.natsUrl ? [] : [natsService(at, port, natsUsers(members, password))]),
    ...SERVICES.filter(({ name }) => existsSync(main(name))).map(({ name, user }) =>
      nodeService(at, {
        name,
        after: stores,
        main: main(name),
        env: { ...common, WEFT_POSTGRES_URL: postgresUrl(user), WEFT_NATS_URL: natsUrl(user) },
      }),
    ),
    nodeService(at, {
      name: 'gateway',
      after: stores,
      main: main('gateway'),
      env: {
        ...common,
        WEFT_POSTGRES_URL: postgresUrl(GATEWAY),
        WEFT_NATS_URL: natsUrl(GATEWAY),
        WEFT_HTTPS_ADDRESS: settings.httpsAddress,
        WEFT_UNIX_SOCKET: at.unixSocket,
      },
    }),
    ...members.map((member) => agentService(at, main('host-agent'), member, { ...common, WEFT_NATS_URL: natsUrl(agentName(member)) }, stores)),
  ];
};

/** Threads that wait for the disk: with libuv's four, flushes of a few tasks keep all others waiting. */
const AGENT_THREADS = '16';

const agentService = (at: Places, main: string, member: string, env: Record<string, string>, stores: readonly string[]): Service => {
  const stateDir = at.member(member);
  if (!existsSync(stateDir)) mkdirSync(stateDir, { mode: 0o711 });
  const after = stores.filter((store) => store === 'nats');
  return nodeService(at, { name: `agent-${member}`, after, main, env: { ...env, WEFT_MEMBER: member, UV_THREADPOOL_SIZE: AGENT_THREADS } });
};
