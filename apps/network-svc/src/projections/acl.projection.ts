import type { ClientBase, QueryConfig } from 'pg';
import { canonicalJson, sortedMap, type AclRule, type NetworkAclEvent } from '@weft/contracts';
import { allOrNone, type InlineProjection, type ProjectedEvent } from '@weft/event-store';
import { readSubject, splitSubjects } from '../domain/acl.rules';
import { aclEtag, ruleDocument, type ActiveAcl } from '../domain/acl.state';

export const aclProjection: InlineProjection = {
  name: 'acl',
  tables: ['acl'],
  handles: ['NetworkAclCreated', 'NetworkAclUpdated', 'NetworkAclRenamed', 'NetworkAclDeleted'],
  statements: (events) => allOrNone((events as readonly Event[]).map(statement)),
  async project(events, client) {
    for (const event of events as readonly Event[]) await client.query(statement(event) ?? (await renamed(event.data, client)));
  },
};

type Content = Pick<ActiveAcl, 'name' | 'description' | 'config' | 'ingress' | 'egress'>;

type Event = ProjectedEvent & NetworkAclEvent;

/** Undefined when the row that is there must be seen first. */
function statement(event: NetworkAclEvent): QueryConfig | undefined {
  const { aclId, project, name } = event.data;
  switch (event.type) {
    case 'NetworkAclCreated':
      return {
        name: 'acl_insert',
        text: `INSERT INTO acl (acl_id, project, name, number, description, config, ingress, egress, mentions, head, etag)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        values: [aclId, project, name, event.data.number, ...content(event.data)],
      };
    case 'NetworkAclUpdated':
      return {
        name: 'acl_update',
        text: `UPDATE acl SET description = $2, config = $3, ingress = $4, egress = $5, mentions = $6, head = $7, etag = $8 WHERE acl_id = $1`,
        values: [aclId, ...content(event.data)],
      };
    case 'NetworkAclRenamed':
      return undefined;
    case 'NetworkAclDeleted':
      return { text: 'DELETE FROM acl WHERE acl_id = $1', values: [aclId] };
    default:
      return event satisfies never;
  }
}

async function renamed({ aclId, name }: { aclId: string; name: string }, client: ClientBase): Promise<QueryConfig> {
  const { rows } = await client.query<Content>('SELECT description, config, ingress, egress FROM acl WHERE acl_id = $1', [aclId]);
  return { text: 'UPDATE acl SET name = $2, etag = $3 WHERE acl_id = $1', values: [aclId, name, rows[0] && aclEtag({ ...rows[0], name })] };
}

const content = (acl: Content): unknown[] => [
  acl.description,
  canonicalJson(acl.config),
  JSON.stringify(acl.ingress),
  JSON.stringify(acl.egress),
  mentions([...acl.ingress, ...acl.egress]),
  head(acl),
  aclEtag(acl),
];

/** LXD: name, description, egress, ingress, config, used_by. The name comes from its own column. */
const head = ({ description, egress, ingress, config }: Content): string =>
  `,"description":${JSON.stringify(description)},"egress":${JSON.stringify(egress.map(ruleDocument))},"ingress":${JSON.stringify(ingress.map(ruleDocument))},"config":${JSON.stringify(sortedMap(config))}`;

/** Other ACLs by name, peers as `@network/peer`, in either direction. */
function mentions(rules: readonly AclRule[]): string[] {
  const subjects = rules.flatMap(({ source, destination }) => [...splitSubjects(source), ...splitSubjects(destination)]).map(readSubject);
  const names = subjects.flatMap((one) => (one.kind === 'acl' ? [one.text] : one.kind === 'peer' ? [`@${one.text}`] : []));
  return [...new Set(names)].sort();
}
