/**
 * The live feed: domain events and progress from NATS, rendered once as LXD events and handed to every listener of
 * this replica. One subscription serves them all; while nobody listens, messages are not even read.
 *
 *   weft.event.>     -> lifecycle events, operation events (Created, CancelRequested, Completed)
 *   weft.progress.>  -> operation events while the work goes on
 *
 * Messages that passed while the broker was away are made up for: after a reconnect every operation that changed
 * meanwhile is read from Postgres and sent, so that no client waits for an event that went by.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { lxdOperationSchema, type LxdOperation } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { concernsTrust, toLifecycle, type DomainEvent } from '../domain/lifecycle';
import { decodeDomainEvent, eventType } from './domain-event';
import type { ReadClient } from './read.client';

export interface LiveEvent {
  type: 'operation' | 'lifecycle' | 'logging';
  /** undefined: belongs to no project (logging, server). */
  project: string | undefined;
  /** The whole LXD event, rendered. */
  json: string;
  operation?: LxdOperation;
}

export type Listener = (event: LiveEvent) => void;

export interface EventHub {
  listen(listener: Listener): () => void;
  /** Calls back whenever the operation is told to have ended; much cheaper than listening to everything. */
  onEnd(operationId: string, wake: () => void): () => void;
  publish(event: LiveEvent): void;
  listeners(): number;
  close(): void;
}

/** Status codes from here on are final. */
const FINAL = 200;
const CHANGED_SINCE = {
  name: 'operations-changed-since',
  sql: 'select project, doc from instance.operation_v1 where updated_at >= $1 order by updated_at limit 10000',
};
/** Clocks of two machines may differ, and the disconnect is noticed late. */
const MARGIN_MS = 30_000;

export function createEventHub(nc: NatsConnection, reads: ReadClient, onTrustChanged: () => void, logger: Logger): EventHub {
  const listeners = new Set<Listener>();
  const waiting = new WaitingForEnds();
  const publish = (event: LiveEvent): void => {
    for (const listener of listeners) listener(event);
    if (event.operation) waiting.told(event.operation);
  };
  const onEvent = (event: DomainEvent): void => {
    if (concernsTrust(event.type)) onTrustChanged();
    const lifecycle = listeners.size > 0 ? toLifecycle(event) : undefined;
    if (lifecycle) publish(render('lifecycle', lifecycle, event.project === '' ? undefined : event.project, event.time));
    const operation = lxdOperationSchema.safeParse(event.data.operation);
    if (!operation.success) return;
    if (listeners.size > 0) publish(operationEvent(operation.data, event.project));
    else waiting.told(operation.data);
  };
  const isWanted = (type: string): boolean => listeners.size > 0 || concernsTrust(type) || (waiting.size > 0 && type.startsWith('Operation'));
  const events = nc.subscribe('weft.event.>', {
    callback: (error, message) => {
      const event = !error && isWanted(eventType(message)) ? decodeDomainEvent(message) : undefined;
      if (event) onEvent(event);
    },
  });
  const progress = nc.subscribe('weft.progress.>', {
    callback: (error, message) => {
      if (error || listeners.size === 0) return;
      const operation = lxdOperationSchema.safeParse(safeJson(message.string()));
      if (operation.success) publish(operationEvent(operation.data, projectOfSubject(message.subject)));
    },
  });
  void repairAfterReconnect(nc, reads, onTrustChanged, publish, logger);
  return {
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onEnd: (operationId, wake) => waiting.add(operationId, wake),
    publish,
    listeners: () => listeners.size,
    close: () => {
      events.unsubscribe();
      progress.unsubscribe();
    },
  };
}

class WaitingForEnds {
  private readonly byId = new Map<string, Set<() => void>>();

  get size(): number {
    return this.byId.size;
  }

  add(id: string, wake: () => void): () => void {
    const wakes = this.byId.get(id) ?? new Set();
    this.byId.set(id, wakes.add(wake));
    return () => {
      wakes.delete(wake);
      if (wakes.size === 0 && this.byId.get(id) === wakes) this.byId.delete(id);
    };
  }

  told(operation: LxdOperation): void {
    if (operation.status_code >= FINAL) for (const wake of this.byId.get(operation.id) ?? []) wake();
  }
}

export const operationEvent = (operation: LxdOperation, project: string): LiveEvent => ({
  ...render('operation', operation, project === '' ? 'default' : project, new Date().toISOString(), operation.location),
  operation,
});

/** Logging events go to unrestricted clients only and belong to no project. All context values are strings: the stock client fails on others. */
export const loggingEvent = (level: string, message: string, context: Record<string, string>): LiveEvent =>
  render('logging', { message, level, context }, undefined, new Date().toISOString());

function render(type: LiveEvent['type'], metadata: unknown, project: string | undefined, time: string, location = 'none'): LiveEvent {
  return { type, project, json: JSON.stringify({ type, timestamp: time, metadata, location, ...(project === undefined ? {} : { project }) }) };
}

/** `weft.progress.<project token>.<id>`: the token writes odd characters as `=hex=` (contracts/subjects.ts). */
const projectOfSubject = (subject: string): string =>
  (subject.split('.')[2] ?? '').replace(/=([0-9a-f]+)=/g, (_match, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function repairAfterReconnect(
  nc: NatsConnection,
  reads: ReadClient,
  onTrustChanged: () => void,
  publish: (event: LiveEvent) => void,
  logger: Logger,
): Promise<void> {
  let lostAt: number | undefined;
  for await (const status of nc.status()) {
    if (status.type === 'disconnect') lostAt ??= Date.now();
    if (status.type !== 'reconnect' || lostAt === undefined) continue;
    const since = new Date(lostAt - MARGIN_MS).toISOString();
    lostAt = undefined;
    onTrustChanged();
    try {
      for (const [project, doc] of await reads.rows(CHANGED_SINCE, [since], 'list')) {
        publish(operationEvent(JSON.parse(doc ?? '{}') as LxdOperation, project ?? 'default'));
      }
    } catch (error) {
      logger.warn({ err: error }, 'operations that changed during the interruption could not be read');
    }
  }
}
