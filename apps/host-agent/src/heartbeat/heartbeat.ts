import { heartbeatSubject, newId, type Heartbeat } from '@weft/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@weft/platform';
import type { DriverRegistry } from '../drivers/driver-registry';
import { hostBootId } from '../drivers/host-boot';
import type { CoreSchedulingSupport } from '../core-scheduling/core-scheduling';
import { hostResources } from './host-resources';
import type { HostView } from './host-view';

const INTERVAL_MS = 1_000;
/** A stream of changes is told in steps of this. */
const PAUSE_MS = 100;
/** What a NATS server takes when it does not say otherwise. */
const DEFAULT_MAX_PAYLOAD_BYTES = 1024 * 1024;

export interface HeartbeatDeps {
  nc: NatsConnection;
  member: string;
  version: string;
  dir: string;
  drivers: DriverRegistry;
  view: HostView;
  coreScheduling: CoreSchedulingSupport;
  images(): Promise<string[]>;
  clock: () => number;
  logger: Logger;
}

/** On a host with thousands of instances, what runs matters more than how much it uses. */
export function fitting(beat: Heartbeat, maxBytes: number): string {
  const whole = JSON.stringify(beat);
  if (Buffer.byteLength(whole) < maxBytes) return whole;
  return JSON.stringify({ ...beat, instances: beat.instances.map(({ id, epoch, status, reason }) => ({ id, epoch, status, reason })) });
}

/** Tells everybody each second, and at once after a change, what this host runs and has. */
export class HeartbeatSender {
  private readonly bootId = newId();
  private timer: NodeJS.Timeout | undefined;
  private sending = false;
  private sentAt = -Infinity;
  private again = false;
  private stopped = false;

  constructor(private readonly deps: HeartbeatDeps) {}

  start(): void {
    this.poke();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** Something changed: look and tell now. While a look is under way, another one follows it. */
  poke(): void {
    if (this.sending) this.again = true;
    else this.beginIn(Math.max(0, this.sentAt + PAUSE_MS - performance.now()));
  }

  private beginIn(delayMs: number): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.begin(), delayMs);
  }

  private begin(): void {
    this.sending = true;
    this.again = false;
    void this.send()
      .catch((error: unknown) => this.deps.logger.warn({ err: error }, 'heartbeat failed'))
      .finally(() => {
        this.sending = false;
        this.sentAt = performance.now();
        this.beginIn(this.again ? PAUSE_MS : INTERVAL_MS);
      });
  }

  private async send(): Promise<void> {
    const { nc, member, version, dir, drivers, view, images, coreScheduling, clock } = this.deps;
    const [instances, resources, fingerprints, hostBoot] = await Promise.all([view.look(), hostResources(dir, coreScheduling), images(), hostBootId()]);
    const beat: Heartbeat = {
      member,
      bootId: this.bootId,
      hostBootId: hostBoot,
      version,
      at: clock(),
      drivers: [...drivers.announced],
      missingDrivers: [...drivers.unusable],
      resources,
      images: fingerprints,
      instances,
    };
    if (!nc.isClosed()) nc.publish(heartbeatSubject(member), fitting(beat, nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD_BYTES));
  }
}
