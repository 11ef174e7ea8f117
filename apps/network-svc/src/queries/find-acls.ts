import type { AclNames } from '../domain/acl.rules';
import type { Queryable } from './database';

export async function aclId(db: Queryable, project: string, name: string): Promise<string | undefined> {
  const text = 'SELECT acl_id AS id FROM acl WHERE project = $1 AND name = $2';
  const { rows } = await db.query<{ id: string }>({ name: 'acl_id', text, values: [project, name] });
  return rows[0]?.id;
}

/** What rules of the ACL `self` may name: ACLs of the project, itself included, and peers of the project's networks. */
export async function aclNames(db: Queryable, project: string, self: string): Promise<AclNames> {
  const { rows } = await db.query<{ acls: string[]; peers: string[] }>({
    name: 'acl_names',
    text: `SELECT ARRAY(SELECT name FROM acl WHERE project = $1) AS acls,
                  ARRAY(SELECT n.name || '/' || p.name FROM peer p JOIN network n USING (network_id) WHERE n.project = $1) AS peers`,
    values: [project],
  });
  return { acls: new Set([self, ...rows[0]!.acls]), peers: new Set(rows[0]!.peers) };
}

export async function isAclInUse(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM acl_usage WHERE acl_id = $1 LIMIT 1', [id]);
  return (rowCount ?? 0) > 0;
}

export async function aclIds(db: Queryable, project: string, names: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>('SELECT acl_id AS id FROM acl WHERE project = $1 AND name = ANY ($2)', [project, names]);
  return rows.map(({ id }) => id);
}
