/** Every Prometheus number of the service, beside those of the process (docs/telemetry.md). */
import type { RecordedEvent, Relay } from '@weft/event-store';
import { counter, durations, lookedUp } from '@weft/platform';

const commands = counter({ name: 'weft_instance_commands_total', help: 'Commands answered; outcome is ok or an error code', labels: ['command', 'outcome'] });
const commandSeconds = durations({ name: 'weft_instance_command_seconds', help: 'Time to the reply to a command', labels: ['command'] });
const appendSeconds = durations({ name: 'weft_instance_append_seconds', help: 'Time to decide and make durable one unit of work' });
const events = counter({ name: 'weft_instance_events_total', help: 'Events appended', labels: ['type'] });
const sagas = counter({ name: 'weft_instance_sagas_total', help: 'Sagas that ended; failed ones are undone', labels: ['saga', 'outcome'] });
const postponed = counter({ name: 'weft_instance_saga_postponed_total', help: 'Failures of what can only go on and is tried again', labels: ['saga'] });

export function countCommand(command: string, outcome: string, seconds: number): void {
  commands.inc({ command, outcome });
  commandSeconds.observe({ command }, seconds);
}

export async function timeAppend<T>(append: () => Promise<T>): Promise<T> {
  const end = appendSeconds.startTimer();
  try {
    return await append();
  } finally {
    end();
  }
}

export function countEvents(appended: readonly RecordedEvent[]): void {
  for (const { type } of appended) events.inc({ type });
}

export const countSaga = (saga: string, outcome: 'done' | 'failed'): void => sagas.inc({ saga, outcome });
export const countPostponed = ({ type }: { type: string }): void => postponed.inc({ saga: type });

/** Shown by the replica whose relay has the lease, and by no other. */
export function watchRelay(relay: Relay): void {
  lookedUp({ name: 'weft_instance_relay_backlog_events', help: 'Events not yet in the stream, at most 1000' }, async (gauge) => {
    const backlog = await relay.backlog();
    if (backlog) gauge.set(backlog.events);
    else gauge.remove();
  });
  lookedUp({ name: 'weft_instance_relay_lag_seconds', help: 'Age of the oldest event that is not yet in the stream' }, async (gauge) => {
    const backlog = await relay.backlog();
    if (backlog) gauge.set(backlog.oldestMs / 1000);
    else gauge.remove();
  });
}
