/** The Prometheus numbers that every service has, beside those of the process (docs/telemetry.md). */
import type { RecordedEvent, Relay } from '@weft/event-store';
import { counter, durations, lookedUp } from '@weft/platform';

export interface ServiceMetrics {
  countCommand(command: string, outcome: string, seconds: number): void;
  timeAppend<T>(append: () => Promise<T>): Promise<T>;
  countEvents(appended: readonly RecordedEvent[]): void;
  countSaga(saga: string, outcome: 'done' | 'failed'): void;
  /** A step of a saga that can only go on has failed and is tried again. */
  countPostponed(saga: string): void;
  /** Shown by the replica whose relay has the lease, and by no other. */
  watchRelay(relay: Relay): void;
}

const known = new Map<string, ServiceMetrics>();

/** `weft_<context>_...`; one set for each context in a process. */
export function serviceMetrics(context: string): ServiceMetrics {
  const metrics = known.get(context) ?? create(`weft_${context}`);
  known.set(context, metrics);
  return metrics;
}

function create(prefix: string): ServiceMetrics {
  const commands = counter({ name: `${prefix}_commands_total`, help: 'Commands answered; outcome is ok or an error code', labels: ['command', 'outcome'] });
  const commandSeconds = durations({ name: `${prefix}_command_seconds`, help: 'Time to the reply to a command', labels: ['command'] });
  const appendSeconds = durations({ name: `${prefix}_append_seconds`, help: 'Time to decide and make durable one unit of work' });
  const events = counter({ name: `${prefix}_events_total`, help: 'Events appended', labels: ['type'] });
  const sagas = counter({ name: `${prefix}_sagas_total`, help: 'Sagas that ended; failed ones are undone', labels: ['saga', 'outcome'] });
  const postponed = counter({ name: `${prefix}_saga_postponed_total`, help: 'Failures of what can only go on and is tried again', labels: ['saga'] });
  return {
    countCommand(command, outcome, seconds) {
      commands.inc({ command, outcome });
      commandSeconds.observe({ command }, seconds);
    },
    async timeAppend(append) {
      const end = appendSeconds.startTimer();
      try {
        return await append();
      } finally {
        end();
      }
    },
    countEvents(appended) {
      for (const { type } of appended) events.inc({ type });
    },
    countSaga: (saga, outcome) => sagas.inc({ saga, outcome }),
    countPostponed: (saga) => postponed.inc({ saga }),
    watchRelay: (relay) => watchRelay(prefix, relay),
  };
}

function watchRelay(prefix: string, relay: Relay): void {
  lookedUp({ name: `${prefix}_relay_backlog_events`, help: 'Events not yet in the stream, at most 1000' }, async (gauge) => {
    const backlog = await relay.backlog();
    if (backlog) gauge.set(backlog.events);
    else gauge.remove();
  });
  lookedUp({ name: `${prefix}_relay_lag_seconds`, help: 'Age of the oldest event that is not yet in the stream' }, async (gauge) => {
    const backlog = await relay.backlog();
    if (backlog) gauge.set(backlog.oldestMs / 1000);
    else gauge.remove();
  });
}
