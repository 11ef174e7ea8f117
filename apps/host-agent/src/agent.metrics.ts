/** Every Prometheus number of the agent, beside those of the process (docs/telemetry.md). */
import type { CoreSchedulingState, Heartbeat, RunStatus, TaskKind } from '@weft/contracts';
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

/**
 * @param support what the host can, once and for all
 * @param guests how each running guest is isolated, as last looked up
 */
export function watchCoreScheduling(support: NonNullable<Heartbeat['resources']['coreScheduling']>, guests: () => Iterable<CoreSchedulingState>): void {
  lookedUp({ name: 'weft_agent_core_scheduling_available', help: "1: the kernel keeps guests off each other's processor cores", labels: ['reason'] }, (gauge) =>
    gauge.set({ reason: support.reason ?? '' }, support.available ? 1 : 0),
  );
  lookedUp(
    { name: 'weft_agent_core_scheduling_guests', help: 'Running instances by how they are isolated: yes, partly, no', labels: ['isolated'] },
    (gauge) => {
      for (const isolated of ['yes', 'partly', 'no']) gauge.set({ isolated }, 0);
      for (const { active, isolated } of guests()) gauge.inc({ isolated: active ? 'yes' : isolated > 0 ? 'partly' : 'no' });
    },
  );
}
