/**
 * Limits of a project under concurrency. The check before the append is what a user reads; two creations at once could
 * both pass it. So the append counts again under a lock on the project's row, when its own rows are written already.
 */
import type { ClientBase } from 'pg';
import type { InstanceType } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { checkInstanceLimits, checkLimitsAgainstUsage, type ProjectUsage } from '../domain/project.limits';

/** For a unit of work that adds an instance. Costs nothing where the project has no limits. */
export function enforceInstanceLimits(uow: UnitOfWork, project: { name: string; config: Record<string, string> }, type: InstanceType): void {
  if (!hasLimits(project.config)) return;
  uow.inTransaction(async (client) => {
    const { config, usage } = await lockAndCount(client, project.name);
    const before = type === 'container' ? { ...usage, containers: usage.containers - 1 } : { ...usage, virtualMachines: usage.virtualMachines - 1 };
    checkInstanceLimits(project.name, config, before, type);
  });
}

/** For a unit of work that sets limits: nobody may have used up in the meantime what they take away. */
export function enforceNewLimits(uow: UnitOfWork, project: string, config: Record<string, string>): void {
  if (!hasLimits(config)) return;
  uow.inTransaction(async (client) => {
    const { usage } = await lockAndCount(client, project);
    checkLimitsAgainstUsage(project, config, usage);
  });
}

const hasLimits = (config: Record<string, string>): boolean => Object.keys(config).some((key) => key.startsWith('limits.'));

async function lockAndCount(client: ClientBase, project: string): Promise<{ config: Record<string, string>; usage: ProjectUsage }> {
  const { rows: projects } = await client.query<{ config: Record<string, string> }>('SELECT config FROM project WHERE name = $1 FOR NO KEY UPDATE', [project]);
  const { rows: counts } = await client.query<ProjectUsage>(
    `SELECT count(*) FILTER (WHERE type = 'container')::int AS containers, count(*) FILTER (WHERE type = 'virtual-machine')::int AS "virtualMachines"
       FROM instance WHERE project = $1`,
    [project],
  );
  return { config: projects[0]?.config ?? {}, usage: counts[0]! };
}
