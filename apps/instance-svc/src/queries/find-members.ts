/** What commands ask about members and their groups. */
import type { MemberPolicy } from '../domain/placement';
import { SCHEDULER_KEY } from '../domain/member.decider';
import type { Queryable } from './find-resources';

/** Who may be placed where, by member name; a member that has just been heard of for the first time is not there yet. */
export async function findMemberPolicies(db: Queryable): Promise<Map<string, MemberPolicy>> {
  const { rows } = await db.query<{ name: string; status: MemberPolicy['status']; scheduler: MemberPolicy['scheduler'] | null; groups: string[] }>({
    name: 'find_member_policies',
    text: `SELECT name, status, config ->> '${SCHEDULER_KEY}' AS scheduler, groups FROM member`,
  });
  return new Map(rows.map(({ name, status, scheduler, groups }) => [name, { status, scheduler: scheduler ?? 'all', groups }]));
}

export interface ClusterGroupFacts {
  id: string;
  name: string;
  /** Sorted. */
  members: string[];
}

export async function findClusterGroups(db: Queryable): Promise<ClusterGroupFacts[]> {
  const { rows } = await db.query<{ id: string; name: string; members: string }>(
    'SELECT g.id, g.name, v.members FROM cluster_group g JOIN cluster_group_v1 v USING (name) ORDER BY g.name',
  );
  return rows.map((row) => ({ ...row, members: JSON.parse(row.members) as string[] }));
}

/** Names of the instances that are on a member, with their project unless that is `default`. */
export async function findInstancesOn(db: Queryable, member: string): Promise<string[]> {
  const { rows } = await db.query<{ label: string }>(
    `SELECT CASE project WHEN 'default' THEN name ELSE project || '/' || name END AS label FROM instance WHERE member = $1 ORDER BY project, name`,
    [member],
  );
  return rows.map(({ label }) => label);
}
