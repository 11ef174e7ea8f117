import type { CommandHandler } from '../api/command-handler';

export const projectUsage: CommandHandler<'zone.project-usage'> = async (deps, _meta, { project }) => {
  const { rows } = await deps.pool.query<{ url: string }>(
    `SELECT resource_url('/1.0/network-zones/', name, project)::jsonb #>> '{}' AS url FROM zone WHERE project = $1 ORDER BY name`,
    [project],
  );
  return { result: { usedBy: rows.map(({ url }) => url) } };
};
