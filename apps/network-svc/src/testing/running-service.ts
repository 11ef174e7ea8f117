/** The whole service in this process, on real Postgres, NATS and OVN; commands come as other services send them. */
import { newId, unwrap, type Meta, type NetworkCommandBody, type NetworkCommandName } from '@weft/contracts';
import { OvnCentral } from '@weft/ovn/testing/ovn-central';
import { createLogger } from '@weft/platform';
import { eventually, startNats, startPostgres, type TestNats, type TestPostgres } from '@weft/testing';
import { compose, type Running } from '../composition';
import { SERVICE_ACTOR, UPLINK_CONFIG } from './network-service';

const QUIET = createLogger('test', process.env.WEFT_TEST_LOG ?? 'silent');

export class RunningService {
  private constructor(
    readonly postgres: TestPostgres,
    readonly broker: TestNats,
    readonly central: OvnCentral,
    public running: Running,
  ) {}

  static async start(): Promise<RunningService> {
    const [postgres, broker, central] = await Promise.all([startPostgres(), startNats(), OvnCentral.start()]);
    const service = new RunningService(postgres, broker, central, await composed(postgres, broker, central));
    await service.reachable();
    return service;
  }

  /** Ends in order and begins again, with `between` in the meantime. */
  async restart(between: () => Promise<void>): Promise<void> {
    await this.running.close();
    await between();
    this.running = await composed(this.postgres, this.broker, this.central);
    await this.reachable();
  }

  /** One more replica on the same databases; stop it with `running.close()`. */
  async replica(): Promise<RunningService> {
    const other = new RunningService(this.postgres, this.broker, this.central, await composed(this.postgres, this.broker, this.central));
    await other.reachable();
    return other;
  }

  reachable(): Promise<true> {
    return eventually(() => this.running.deps.dataPlane.require().then(() => true as const), { timeoutMs: 30_000, what: 'OVN to be reached' });
  }

  /** And what it has begun is done. Throws what the service refuses with. */
  async send<N extends NetworkCommandName>(name: N, body: NetworkCommandBody<N>, meta: Partial<Meta> = {}): Promise<unknown> {
    const ids = { requestId: newId(), correlationId: newId(), commandId: newId() };
    const reply = await this.running.commands.route(name, { meta: { actor: SERVICE_ACTOR, project: 'default', ...ids, ...meta }, body });
    await this.running.deps.dataPlane.idle();
    return unwrap(reply);
  }

  /** Data of all events of a type, oldest first. */
  async events(type: string): Promise<Record<string, unknown>[]> {
    const { rows } = await this.running.deps.pool.query<{ data: Record<string, unknown> }>('SELECT data FROM event WHERE type = $1 ORDER BY position', [type]);
    return rows.map(({ data }) => data);
  }

  async stop(): Promise<void> {
    await this.running.close();
    await this.central.stop();
    await this.postgres.stop();
    await this.broker.stop();
  }
}

const composed = (postgres: TestPostgres, broker: TestNats, central: OvnCentral): Promise<Running> =>
  compose(
    {
      postgresUrl: postgres.url,
      schema: 'network',
      poolSize: 8,
      natsUrl: broker.url,
      keep: { commandLogMs: 1e9, sagaMs: 1e9 },
      ovn: { northbound: central.northbound.endpoint, southbound: central.southbound.endpoint, checkMs: 60_000, waitMs: 20_000 },
      bootstrapUplink: UPLINK_CONFIG,
    },
    QUIET,
  );

/** NIC number `n` of a network, with a MAC of its own. */
export const nicOf = (network: string, n: number, extra: object = {}): Record<string, string> => ({
  type: 'nic',
  network,
  hwaddr: `00:16:3e:00:00:${n.toString(16).padStart(2, '0')}`,
  ...extra,
});
