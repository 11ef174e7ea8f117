/**
 * Limits of a project under concurrency. The check before the append is what a user reads; two creations at once could
 * both pass it. So the append counts again under a lock on the project's row, when its own rows are written already.
 */
import type { ClientBase } from 'pg';
import type { InstanceSpec, InstanceType } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { checkAggregateLimits, hasAggregateLimits, type SizedInstance } from '../domain/project.aggregates';
import { checkInstanceLimits, checkLimitsAgainstUsage, type ProjectUsage } from '../domain/project.limits';

/** For a unit of work that adds an instance. Costs nothing where the project has no limits. */
export function enforceInstanceLimits(uow: UnitOfWork, project: { name: string; config: Record<string, string> }, type: InstanceType): void {
  if (!hasLimits(project.config)) return;
  uow.inTransaction(async (client) => {
    const { config, usage } = await lockAndCount(client, project.name);
    const before = type === 'container' ? { ...usage, containers: usage.containers - 1 } : { ...usage, virtualMachines: usage.virtualMachines - 1 };
    checkInstanceLimits(project.name, config, before, type);
    await checkSums(client, { name: project.name, config });
  });
}

type Limited = { name: string; config: Record<string, string> };

/**
 * For a unit of work that changes what an instance may use.
 * @param later what the instance becomes when the work is done, where its row does not show it yet
 */
export function enforceAggregateLimits(uow: UnitOfWork, project: Limited, later?: InstanceSpec): void {
  if (!hasAggregateLimits(project.config)) return;
  uow.inTransaction(async (client) => {
    const { config } = await lockAndCount(client, project.name);
    await checkSums(client, { name: project.name, config }, later);
  });
}

/** For a unit of work that changes a profile: in every project that has instances with it. */
export function enforceAggregateLimitsOfUsers(uow: UnitOfWork, profileId: string): void {
  uow.inTransaction(async (client) => {
    const { rows } = await client.query<Limited>({
      name: 'limited-projects-of-profile',
      text: `SELECT name, config FROM project
        WHERE config ?| ARRAY['limits.cpu', 'limits.disk', 'limits.memory', 'limits.processes']
          AND name IN (SELECT i.project FROM instance i JOIN instance_profile u ON u.instance_id = i.id WHERE u.profile_id = $1)
        ORDER BY name FOR NO KEY UPDATE`,
      values: [profileId],
    });
    for (const project of rows) await checkSums(client, project);
  });
}

async function checkSums(client: ClientBase, project: Limited, later?: InstanceSpec): Promise<void> {
  if (!hasAggregateLimits(project.config)) return;
  const { rows } = await client.query<{ id: string; spec: string }>('SELECT id, spec FROM instance WHERE project = $1 ORDER BY name', [project.name]);
  const instances = rows.map(({ id, spec }): SizedInstance => (id === later?.id ? later : (JSON.parse(spec) as InstanceSpec)));
  checkAggregateLimits(project, instances);
}

/** For a unit of work that sets limits: nobody may have used up in the meantime what they take away. */
export function enforceNewLimits(uow: UnitOfWork, project: string, config: Record<string, string>): void {
  if (!hasLimits(config)) return;
  uow.inTransaction(async (client) => {
    const { usage } = await lockAndCount(client, project);
    checkLimitsAgainstUsage(project, config, usage);
    await checkSums(client, { name: project, config });
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
