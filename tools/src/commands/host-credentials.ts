import { readPidFile, renderNatsUsers, signalProcess } from '@weft/embedded';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { places } from '../places';
import { agentName, knownHosts, natsUsers, passwordsIn } from '../platform/credentials';
import { UserError, type Settings } from '../settings';

const USERS = 'authorization {';

/**
 * For a host that the launcher does not start, on a platform that runs with a NATS server of its own: makes a NATS user for the host's agent,
 * which the server knows from then on, and prints what the agent needs. That it may join is said by `lxc cluster add <host>`.
 */
export const hostCredentials = ({ dir, natsUrl }: Settings, host: string): void => {
  const at = places(dir);
  const server = readPidFile(at.pidFile('nats'));
  if (natsUrl || !server || !existsSync(at.natsConfig)) throw new UserError(`the platform in ${dir} does not run, or has no NATS server of its own`);
  const password = passwordsIn(at.secrets);
  password(agentName(host));
  const config = readFileSync(at.natsConfig, 'utf8');
  // The users come last (renderNatsConfig); the file keeps its owner.
  writeFileSync(at.natsConfig, config.slice(0, config.indexOf(USERS)) + renderNatsUsers(natsUsers(knownHosts(at.secrets), password)));
  signalProcess(server, 'SIGHUP');
  const [, address] = /^listen: "(.*)"$/m.exec(config) ?? [];
  process.stdout.write(`WEFT_MEMBER=${host}\nWEFT_NATS_URL=nats://${agentName(host)}:${password(agentName(host))}@${address}\n`);
};
