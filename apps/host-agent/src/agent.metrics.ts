/** Every Prometheus number of the agent, beside those of the process (docs/telemetry.md). */
import type { RunStatus, TaskKind } from '@weft/contracts';
import { counter, durations, lookedUp } from '@weft/platform';

const tasks = counter({ name: 'weft_agent_tasks_total', help: 'Runs of tasks; outcome is ok, retried or an error code', labels: ['kind', 'outcome'] });
const taskSeconds = durations({ name: 'weft_agent_task_seconds', help: 'Time that a run of a task takes, without its wait', labels: ['kind'] });
const requests = counter({ name: 'weft_agent_requests_total', help: 'Interactive requests; outcome is ok or an error code', labels: ['verb', 'outcome'] });

export function countTask(kind: TaskKind, outcome: string, seconds: number): void {
  tasks.inc({ kind, outcome });
  taskSeconds.observe({ kind }, seconds);
}

export const countRequest = (verb: string, outcome: string): void => requests.inc({ verb, outcome });

const STATUSES: readonly RunStatus[] = ['running', 'frozen', 'stopped', 'crashed'];

/** @param seen the status of each instance of this host, as last looked up */
export function watchGuests(seen: () => Iterable<RunStatus>): void {
  lookedUp({ name: 'weft_agent_guests', help: 'Instances on this host by what they do', labels: ['status'] }, (gauge) => {
    for (const status of STATUSES) gauge.set({ status }, 0);
    for (const status of seen()) gauge.inc({ status });
  });
}
