import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from '../places';
import type { Settings } from '../settings';
import { switchName, switchServices } from '../network/member-switch';
import type { Network } from '../network/network-plan';
import { centralServices } from '../network/ovn-central';
import { agentEnvironment, networkServiceEnvironment } from '../network/service-environment';
import { nodeService } from '../supervise/node-service';
import type { Service } from '../supervise/supervisor';
import {
  agentName,
  databaseRoles,
  DNS,
  GATEWAY,
  INSTANCE,
  joinTokenIn,
  knownHosts,
  memberNames,
  memberTokens,
  MIGRATION,
  natsUsers,
  NETWORK,
  passwordsIn,
} from './credentials';
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
 *   ovn-nb, ovn-sb  <--  ovn-northd, network-svc        ovs-host1 (in the member's namespace)  <--  agent-host1
 */
export const serviceTable = async (settings: Settings, at: Places, memberCount: number, root: string, network: Network | undefined): Promise<Service[]> => {
  const members = memberNames(memberCount);
  const password = passwordsIn(at.secrets);
  // Members reach it over the fabric, others not at all.
  const natsHost = network?.plan.machineAddress ?? '127.0.0.1';
  const port = settings.natsUrl ? 0 : await natsPort(at, natsHost);
  const natsUrl = (user: string) => settings.natsUrl ?? `nats://${user}:${password(user)}@${natsHost}:${port}`;
  const postgresUrl = (role: string) => settings.postgresUrl ?? socketUrl(at, 'weft', role, password(role));
  const stores = [settings.postgresUrl ? [] : ['postgres'], settings.natsUrl ? [] : ['nats']].flat();
  const common = { WEFT_DIR: at.dir, WEFT_SECRETS_DIR: at.secrets };
  const identity = (member: string) => ({ WEFT_NATS_URL: natsUrl(agentName(member)), WEFT_JOIN_TOKEN: joinTokenIn(at.secrets, member) });
  // One file each (tools/setup/bundle.js): it starts in half the time.
  const main = (app: string) => join(root, 'apps', app, 'bundle', 'main.js');
  const service = ({ name, user }: (typeof SERVICES)[number]): Service => {
    const ovn = network ? networkEnvironment(at, network, name) : {};
    const after = network && name === 'network-svc' ? [...stores, 'ovn-nb', 'ovn-sb'] : stores;
    const known: Record<string, string> = name === 'instance-svc' ? { WEFT_MEMBER_TOKENS: memberTokens(at.secrets, members) } : {};
    return nodeService(at, {
      name,
      after,
      main: main(name),
      env: { ...common, ...ovn, ...known, WEFT_POSTGRES_URL: postgresUrl(user), WEFT_NATS_URL: natsUrl(user) },
    });
  };
  return [
    ...(settings.postgresUrl ? [] : [postgresService(at, databaseRoles(password))]),
    ...(settings.natsUrl ? [] : [natsService(at, natsHost, port, natsUsers([...new Set([...members, ...knownHosts(at.secrets)])], password))]),
    ...(network ? [...centralServices(at), ...network.plan.members.flatMap((member) => switchServices(at, network, member))] : []),
    ...SERVICES.filter(({ name }) => existsSync(main(name))).map(service),
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
    ...members.map((member) => agentService(at, main('host-agent'), member, { ...common, ...identity(member) }, stores, network)),
  ];
};

/** `default` is the network that the network service makes for it, behind its bootstrap uplink. */
const networkEnvironment = (at: Places, network: Network, service: string): Record<string, string> => {
  if (service === 'instance-svc') return { WEFT_BOOTSTRAP_NETWORK: 'default' };
  return service === 'network-svc' ? networkServiceEnvironment(at, network) : {};
};

/** Threads that wait for the disk: with libuv's four, flushes of a few tasks keep all others waiting. */
const AGENT_THREADS = '16';

const agentService = (
  at: Places,
  main: string,
  member: string,
  env: Record<string, string>,
  stores: readonly string[],
  network: Network | undefined,
): Service => {
  const stateDir = at.member(member);
  if (!existsSync(stateDir)) mkdirSync(stateDir, { mode: 0o711 });
  const plan = network?.plan.members.find(({ name }) => name === member);
  return nodeService(at, {
    name: `agent-${member}`,
    after: [...stores.filter((store) => store === 'nats'), ...(plan ? [switchName(member)] : [])],
    main,
    env: { ...env, WEFT_MEMBER: member, UV_THREADPOOL_SIZE: AGENT_THREADS, ...(plan ? agentEnvironment(at, plan) : {}) },
    place: plan,
  });
};
