/** What is to be known of NICs before it is decided on them, in one question: each costs the user a wait. */
import { WeftError } from '@weft/contracts';
import type { LivePort } from '../domain/port.state';
import type { Queryable } from './database';
import { NETWORK_COLUMNS, type NetworkRow } from './find-networks';
import { livePort, PORT_SELECT, type PortRow } from './find-ports';
import type { ProjectFacts } from './find-project';

export interface NicFacts {
  project: ProjectFacts;
  /** The instance's present ports. */
  ports: LivePort[];
  /** Of those that the NICs name. */
  networks: NetworkRow[];
  /** Those of the named ACLs that there are. */
  acls: string[];
}

const TEXT = `
  WITH place AS (SELECT name, config, networks_project AS owner FROM project WHERE name = $1)
  SELECT (SELECT json_build_object('name', name, 'config', config, 'owner', owner) FROM place) AS project,
         coalesce((SELECT json_agg(p ORDER BY p.device) FROM (${PORT_SELECT} WHERE p.instance_id = $2) p), '[]') AS ports,
         coalesce((SELECT json_agg(n) FROM (SELECT ${NETWORK_COLUMNS} FROM network WHERE project = (SELECT owner FROM place) AND name = ANY ($3)) n), '[]') AS networks,
         ARRAY(SELECT name FROM acl WHERE project = (SELECT owner FROM place) AND name = ANY ($4)) AS acls`;

/** @param project of the request. @throws WeftError `project.not-found` */
export async function findNicFacts(
  db: Queryable,
  project: string,
  instanceId: string,
  named: { networks: readonly string[]; acls: readonly string[] },
): Promise<NicFacts> {
  const { rows } = await db.query<Omit<NicFacts, 'project' | 'ports'> & { project: ProjectFacts | null; ports: PortRow[] }>({
    name: 'nic_facts',
    text: TEXT,
    values: [project, instanceId, named.networks, named.acls],
  });
  const facts = rows[0]!;
  if (!facts.project) throw new WeftError('project.not-found', 'Project not found');
  return { ...facts, project: facts.project, ports: facts.ports.map(livePort) };
}
