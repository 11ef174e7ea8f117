/** Connections to OVN's databases. They come to be in the background: a service starts, and can be read from, without OVN. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Northbound } from '@weft/ovn';
import { operationsOn, OvnSouthbound, OvsdbClient, type Replica } from '@weft/ovsdb';
import type { Logger } from '@weft/platform';
import type { Ovn } from '../clients/northbound.client';
import type { OvnConfig } from '../network.config';

const { OVN_SOUTHBOUND } = OvnSouthbound;
const sb = operationsOn(OVN_SOUTHBOUND);
const CHASSIS_COPY = { Chassis: { columns: ['name'] } } as const;
type ChassisCopy = Replica<OvnSouthbound.OvnSouthboundTables, typeof CHASSIS_COPY>;
const ATTEMPT_MS = 5_000;
const LOOKUP_MS = 3_000;

export class OvnConnections implements Ovn {
  private readonly southbound: OvsdbClient<OvnSouthbound.OvnSouthboundTables>;
  private readonly listeners: (() => void)[] = [];
  private readonly stopping = new AbortController();
  private connected: Northbound | undefined;
  private copy: ChassisCopy | undefined;
  private reason = 'OVN has not been reached yet';
  private readonly done: Promise<void>;

  constructor(
    private readonly config: OvnConfig,
    private readonly log: Logger,
  ) {
    this.southbound = new OvsdbClient(OVN_SOUTHBOUND, { endpoints: config.southbound });
    this.southbound.onState(({ status }) => {
      if (status === 'ready') this.tell();
    });
    this.done = this.connect();
  }

  northbound(): Northbound | undefined {
    return this.connected;
  }

  problem(): string | undefined {
    if (!this.connected || !this.copy) return this.reason;
    return this.southbound.state.status === 'ready' ? undefined : 'the connection to OVN is lost';
  }

  chassis(): readonly string[] {
    return [...(this.copy?.table('Chassis').values() ?? [])].map(({ name }) => name);
  }

  onNews(listener: () => void): void {
    this.listeners.push(listener);
  }

  async chassisOf(logicalPort: string): Promise<string | undefined> {
    const select = sb.select('Port_Binding', [['logical_port', '==', logicalPort]], ['chassis']);
    const [{ rows }] = await this.southbound.transact([select], { timeoutMs: LOOKUP_MS });
    const [chassis] = rows.flatMap((row) => row.chassis ?? []);
    return chassis === undefined ? undefined : this.copy?.table('Chassis').get(chassis)?.name;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.southbound.close();
    await this.done;
    await this.connected?.close();
  }

  private async connect(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted && !(this.connected && this.copy)) {
      try {
        await this.attempt();
      } catch (error) {
        if (signal.aborted) return;
        this.reason = 'OVN cannot be reached';
        this.log.warn({ err: error }, 'OVN not reached, trying again');
        await sleep(1_000, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async attempt(): Promise<void> {
    const { northbound, southbound } = this.config;
    this.copy ??= await this.southbound.monitor(CHASSIS_COPY, { timeoutMs: ATTEMPT_MS });
    this.copy.onChange(() => this.tell());
    this.connected = await Northbound.connect({
      northbound: { endpoints: northbound, requestTimeoutMs: ATTEMPT_MS },
      southbound: { endpoints: southbound, requestTimeoutMs: ATTEMPT_MS },
    });
    this.log.info('OVN reached');
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
