import type { NatsUser } from '@weft/embedded';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from '../places';
import type { Settings } from '../settings';
import { nodeService } from '../supervise/node-service';
import type { Service } from '../supervise/supervisor';
import type { ServiceRole } from './database';
import { natsPort, natsService, postgresService, socketUrl } from './embedded-services';
import { agentUser, gatewayUser, instanceServiceUser } from './nats-users';
import { keptSecret } from './secrets';

const INSTANCE = 'weft_instance';
const GATEWAY = 'weft_gateway';
const agentName = (member: string): string => `weft_agent_${member}`;

/** host1 to hostN. */
export const memberNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `host${index + 1}`);

/**
 * Everything that runs, with what it needs and what it may do.
 *
 *   postgres, nats  <--  instance-svc, gateway        nats  <--  agent-host1 ... agent-hostN
 */
export const serviceTable = async (settings: Settings, at: Places, memberCount: number, root: string): Promise<Service[]> => {
  const members = memberNames(memberCount);
  const password = (user: string) => keptSecret(at.secrets, `${user}.password`);
  keptSecret(at.secrets, 'session-secret');
  const port = settings.natsUrl ? 0 : await natsPort(at);
  const natsUrl = (user: string) => settings.natsUrl ?? `nats://${user}:${password(user)}@127.0.0.1:${port}`;
  const postgresUrl = (role: string) => settings.postgresUrl ?? socketUrl(at, 'weft', role, password(role));
  const stores = [settings.postgresUrl ? [] : ['postgres'], settings.natsUrl ? [] : ['nats']].flat();
  const common = { WEFT_DIR: at.dir, WEFT_SECRETS_DIR: at.secrets };
  const main = (app: string) => join(root, 'apps', app, 'dist', 'main.js');
  return [
    ...(settings.postgresUrl ? [] : [postgresService(at, databaseRoles(password))]),
    ...(settings.natsUrl ? [] : [natsService(at, port, natsUsers(members, password))]),
    nodeService(at, {
      name: 'instance-svc',
      after: stores,
      main: main('instance-svc'),
      env: { ...common, WEFT_POSTGRES_URL: postgresUrl(INSTANCE), WEFT_NATS_URL: natsUrl(INSTANCE) },
    }),
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

const agentService = (at: Places, main: string, member: string, env: Record<string, string>, stores: readonly string[]): Service => {
  const stateDir = at.member(member);
  if (!existsSync(stateDir)) mkdirSync(stateDir, { mode: 0o711 });
  return nodeService(at, { name: `agent-${member}`, after: stores.filter((store) => store === 'nats'), main, env: { ...env, WEFT_MEMBER: member } });
};

const databaseRoles = (password: (user: string) => string): ServiceRole[] => [
  { role: INSTANCE, password: password(INSTANCE), schema: 'instance', reads: [] },
  { role: GATEWAY, password: password(GATEWAY), reads: ['instance'] },
];

const natsUsers = (members: readonly string[], password: (user: string) => string): NatsUser[] => [
  instanceServiceUser(INSTANCE, password(INSTANCE)),
  gatewayUser(GATEWAY, password(GATEWAY)),
  ...members.map((member) => agentUser(agentName(member), password(agentName(member)), member)),
];
