import type { Devices } from '@weft/contracts';
import { isTrue } from '../domain/config-values';
import { checkRestrictions } from '../domain/project.restrictions';
import type { Queryable } from '../queries/find-resources';

/** Forbids everything that any project could: what passes this passes everywhere, without a query. */
const STRICTEST = { name: '', config: { restricted: 'true', 'restricted.devices.disk': 'block', 'restricted.devices.nic': 'block' } };

interface Content {
  config: Record<string, string>;
  devices: Devices;
}

/**
 * A profile must not give an instance what its project forbids: neither in the project that the profile lives in, nor
 * in those that share it and have instances with it.
 * @param id undefined for a new profile
 * @throws WeftError `project.restricted`
 */
export async function checkProfileRestrictions(db: Queryable, project: string, id: string | undefined, content: Content): Promise<void> {
  if (passes(content)) return;
  const { rows } = await db.query<{ name: string; config: Record<string, string> }>(
    `SELECT name, config FROM project
      WHERE name = $1 OR name IN (SELECT i.project FROM instance i JOIN instance_profile u ON u.instance_id = i.id WHERE u.profile_id = $2)
      ORDER BY name`,
    [project, id ?? ''],
  );
  for (const row of rows) checkRestrictions(row, content);
}

function passes(content: Content): boolean {
  try {
    checkRestrictions(STRICTEST, content);
    return true;
  } catch {
    return false;
  }
}

/**
 * Before a project becomes more restricted: everything in it must comply already.
 * @throws WeftError `project.restricted`
 */
export async function checkProjectContents(db: Queryable, project: { name: string; config: Record<string, string> }): Promise<void> {
  if (!isTrue(project.config['restricted'])) return;
  const { rows: profiles } = await db.query<Content>('SELECT config, devices FROM profile WHERE project = $1', [project.name]);
  for (const profile of profiles) checkRestrictions(project, profile);
  const { rows: instances } = await db.query<{ spec: string }>('SELECT spec FROM instance WHERE project = $1', [project.name]);
  for (const { spec } of instances) checkRestrictions(project, JSON.parse(spec) as Parameters<typeof checkRestrictions>[1]);
}
