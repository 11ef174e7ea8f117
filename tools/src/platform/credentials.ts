import type { NatsUser } from '@weft/embedded';
import type { ServiceRole } from './database';
import { agentUser, gatewayUser, instanceServiceUser } from './nats-users';
import { keptSecret } from './secrets';

/** Who there is: the same name in Postgres and in NATS, a password each. */
export const INSTANCE = 'weft_instance';
export const GATEWAY = 'weft_gateway';
export const agentName = (member: string): string => `weft_agent_${member}`;

/** host1 to hostN. */
export const memberNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `host${index + 1}`);

type Passwords = (user: string) => string;

/** Makes a password at its first use. */
export const passwordsIn =
  (secretsDir: string): Passwords =>
  (user) =>
    keptSecret(secretsDir, `${user}.password`);

export const databaseRoles = (password: Passwords): ServiceRole[] => [
  { role: INSTANCE, password: password(INSTANCE), schema: 'instance', reads: [] },
  { role: GATEWAY, password: password(GATEWAY), reads: ['instance'] },
];

export const natsUsers = (members: readonly string[], password: Passwords): NatsUser[] => [
  instanceServiceUser(INSTANCE, password(INSTANCE)),
  gatewayUser(GATEWAY, password(GATEWAY)),
  ...members.map((member) => agentUser(agentName(member), password(agentName(member)), member)),
];
