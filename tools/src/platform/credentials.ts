import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import type { NatsUser } from '@weft/embedded';
import type { ServiceRole } from './database';
import { agentUser, dnsServiceUser, gatewayUser, instanceServiceUser, migrationServiceUser, networkServiceUser } from './nats-users';
import { keptSecret } from './secrets';

/** Who there is: the same name in Postgres and in NATS, a password each. */
export const INSTANCE = 'weft_instance';
export const NETWORK = 'weft_network';
export const DNS = 'weft_dns';
export const MIGRATION = 'weft_migration';
export const GATEWAY = 'weft_gateway';
export const agentName = (member: string): string => `weft_agent_${member}`;

/** host1 to hostN. */
export const memberNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `host${index + 1}`);

const AGENT_PASSWORD = /^weft_agent_(.+)\.password$/;

/** Hosts whose agents have credentials: the launcher's own since their first start, and those that somebody made some for. */
export const knownHosts = (secretsDir: string): string[] => readdirSync(secretsDir).flatMap((name) => AGENT_PASSWORD.exec(name)?.[1] ?? []);

/** With which the launcher's own members join; made at its first use. */
export const joinTokenIn = (secretsDir: string, member: string): string => keptSecret(secretsDir, `${agentName(member)}.join-token`);

/** How the instance service knows them: a hash for each member. */
export const memberTokens = (secretsDir: string, members: readonly string[]): string =>
  JSON.stringify(Object.fromEntries(members.map((member) => [member, createHash('sha256').update(joinTokenIn(secretsDir, member)).digest('hex')])));

type Passwords = (user: string) => string;

/** Makes a password at its first use. */
export const passwordsIn =
  (secretsDir: string): Passwords =>
  (user) =>
    keptSecret(secretsDir, `${user}.password`);

/** Each service owns a schema; what the gateway shows is in views of all of them. */
const SCHEMAS = { [INSTANCE]: 'instance', [NETWORK]: 'network', [DNS]: 'dns', [MIGRATION]: 'migration' };

export const databaseRoles = (password: Passwords): ServiceRole[] => [
  ...Object.entries(SCHEMAS).map(([role, schema]) => ({ role, password: password(role), schema, reads: [] })),
  { role: GATEWAY, password: password(GATEWAY), reads: Object.values(SCHEMAS) },
];

export const natsUsers = (members: readonly string[], password: Passwords): NatsUser[] => [
  instanceServiceUser(INSTANCE, password(INSTANCE)),
  networkServiceUser(NETWORK, password(NETWORK)),
  dnsServiceUser(DNS, password(DNS)),
  migrationServiceUser(MIGRATION, password(MIGRATION)),
  gatewayUser(GATEWAY, password(GATEWAY)),
  ...members.map((member) => agentUser(agentName(member), password(agentName(member)), member)),
];
