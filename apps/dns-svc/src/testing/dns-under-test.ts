/** The whole service in this process over real Postgres and NATS; commands go over NATS as the gateway sends them. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  commandSubject,
  INSTANCE_CONTEXT,
  NETWORK_CONTEXT,
  newId,
  unwrap,
  type CommandReply,
  type DnsCommandBody,
  type DnsCommandName,
  type Meta,
  type NetworkEvent,
  type PortEvent,
} from '@weft/contracts';
import { connectNats, createLogger } from '@weft/platform';
import { serveCommands } from '@weft/service';
import { startNats, startPostgres, type TestNats, type TestPostgres } from '@weft/testing';
import { compose, SERVICE, type Running } from '../composition';
import { ForeignLog } from './foreign-log';

const WEEK_MS = 7 * 24 * 3_600_000;
const QUIET = createLogger('test', process.env.WEFT_TEST_LOG ?? 'silent');

/** Stores, and the logs of the services that zones are made from. The project `default` exists. */
export class Surroundings {
  private constructor(
    readonly postgres: TestPostgres,
    readonly broker: TestNats,
    readonly client: NatsConnection,
    readonly instances: ForeignLog,
    readonly networks: ForeignLog,
  ) {}

  static async start(): Promise<Surroundings> {
    const [postgres, broker] = await Promise.all([startPostgres(), startNats()]);
    const client = await connect({ servers: broker.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    const instances = await ForeignLog.open(postgres.url, client, INSTANCE_CONTEXT);
    const networks = await ForeignLog.open(postgres.url, client, NETWORK_CONTEXT);
    const around = new Surroundings(postgres, broker, client, instances, networks);
    await around.project('default', { 'features.networks': 'true' });
    return around;
  }

  project(name: string, config: Record<string, string>): Promise<void> {
    return this.instances.append(`project-${name}`, { type: 'ProjectCreated', data: { id: name, name, description: '', config } });
  }

  /** `name` is the network's id too. */
  network(name: string, config: Record<string, string>, type: 'NetworkCreated' | 'NetworkUpdated' = 'NetworkCreated'): Promise<void> {
    const data = { networkId: name, project: 'default', name, type: 'ovn' as const, description: '', config, uplinkId: null };
    return this.networks.append(
      `network-${name}`,
      (type === 'NetworkCreated' ? { type, data: { ...data, number: 1 } } : { type, data }) satisfies NetworkEvent,
    );
  }

  /** The instance `name` on `network`, whose id is its name too. */
  port(type: 'PortActivated' | 'PortDeactivated', name: string, network: string, ipv4: string[], ipv6: string[] = []): Promise<void> {
    const place = { portId: name, instanceId: name, instanceName: name, project: 'default', device: 'eth0' };
    const on = { networkId: network, networkName: network, networkProject: 'default', hwaddr: '00:16:3e:00:00:01', addresses: { ipv4, ipv6 } };
    const event: PortEvent = type === 'PortActivated' ? { type, data: { ...place, ...on, member: 'host1' } } : { type, data: { ...place, ...on } };
    return this.networks.append(`network-port-${name}`, event);
  }

  async send<T = unknown, N extends DnsCommandName = DnsCommandName>(name: N, body: DnsCommandBody<N>, meta: Partial<Meta> = {}): Promise<T> {
    const whole: Meta = {
      actor: { protocol: 'unix', username: 'root', address: '@', projects: null },
      project: 'default',
      requestId: newId(),
      correlationId: newId(),
      commandId: newId(),
      ...meta,
    };
    const reply = await this.client.request(commandSubject('dns', name), JSON.stringify({ meta: whole, body }), { timeout: 20_000 });
    return unwrap(reply.json<CommandReply<T>>());
  }

  async stop(): Promise<void> {
    await this.instances.close();
    await this.networks.close();
    await this.client.close();
    await this.postgres.stop();
    await this.broker.stop();
  }
}

/** One replica. */
export async function startReplica({ postgres, broker }: Surroundings, dnsAddress = ''): Promise<Running> {
  const keep = { commandLogMs: WEEK_MS, sagaMs: WEEK_MS };
  const running = await compose({ postgresUrl: postgres.url, schema: 'dns', poolSize: 8, natsUrl: broker.url, keep, dnsAddress }, QUIET);
  const app = await serveCommands(SERVICE, running.commands, await connectNats(broker.url, 'commands', QUIET), QUIET);
  return {
    ...running,
    async close() {
      await app.close();
      await running.close();
    },
  };
}
