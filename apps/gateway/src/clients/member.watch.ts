/** What the hosts report about themselves, newest first: for server information, image downloads and resources. */
import type { NatsConnection } from '@nats-io/transport-node';
import { heartbeatSchema, type Heartbeat } from '@weft/contracts';

/** A member that was silent for longer is treated as gone. */
const STALE_MS = 30_000;

export interface MemberWatch {
  /** Fresh heartbeats, by member name. */
  members(): Heartbeat[];
  /** Changes when drivers or members change: for caches of rendered text. */
  generation(): number;
  close(): void;
}

export function createMemberWatch(nc: NatsConnection, now: () => number = Date.now): MemberWatch {
  const seen = new Map<string, { heartbeat: Heartbeat; at: number; summary: string }>();
  let generation = 0;
  const subscription = nc.subscribe('weft.heartbeat.>', {
    callback: (error, message) => {
      if (error) return;
      const parsed = heartbeatSchema.safeParse(safely(() => message.json()));
      if (!parsed.success) return;
      const { member, drivers, resources } = parsed.data;
      const summary = JSON.stringify([drivers, resources.kernelVersion, resources.architecture]);
      if (seen.get(member)?.summary !== summary) generation += 1;
      seen.set(member, { heartbeat: parsed.data, at: now(), summary });
    },
  });
  return {
    members: () =>
      [...seen.values()]
        .filter((entry) => now() - entry.at < STALE_MS)
        .map((entry) => entry.heartbeat)
        .sort((a, b) => a.member.localeCompare(b.member)),
    generation: () => generation,
    close: () => subscription.unsubscribe(),
  };
}

function safely<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
