import type { CommandHandler } from '../api/command-handler';

/** What lives in a project here: URLs as LXD's used_by has them. */
export const readProjectUsage: CommandHandler<'network.project-usage'> = async ({ pool }, _meta, { project }) => {
  const { rows } = await pool.query<{ url: string }>(
    `SELECT resource_url(path, name, project)::json #>> '{}' AS url FROM (
       SELECT 1 AS place, '/1.0/networks/'::text AS path, name, project FROM network WHERE project = $1
       UNION ALL SELECT 2, '/1.0/network-acls/', name, project FROM acl WHERE project = $1
       UNION ALL SELECT 3, '/1.0/network-peer-groups/', name, project FROM peer_group WHERE project = $1) AS used ORDER BY place, name`,
    [project],
  );
  return { result: { usedBy: rows.map(({ url }) => url) } };
};
